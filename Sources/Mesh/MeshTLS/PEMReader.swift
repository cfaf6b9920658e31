internal import COpenSSL

/// Certificates and keys out of PEM files. The caller owns what it gets.
enum PEMReader {
    /// Every certificate of the file, in order.
    static func certificates(_ path: String) throws(MeshTLSError) -> [OpaquePointer] {
        let bytes = try CredentialFile.read(path, secret: false)
        ERR_clear_error()
        let found =
            withMemoryBIO(bytes) { bio -> [OpaquePointer]? in
                var found: [OpaquePointer] = []
                while let certificate = PEM_read_bio_X509(bio, nil, refusePassphrase, nil) { found.append(certificate) }
                return found
            } ?? []
        // The last read always fails: at the end of the file with "no start line", at rubbish with something else.
        let last = OpenSSLError.take()
        if found.isEmpty { throw .configuration(file: path, cause: "no PEM certificate in the file") }
        guard let last, last.library == ERR_LIB_PEM, last.reason == PEM_R_NO_START_LINE else {
            for certificate in found { X509_free(certificate) }
            throw .configuration(file: path, cause: "not a valid PEM certificate: \(last?.text ?? "unknown error")")
        }
        return found
    }

    static func privateKey(_ path: String) throws(MeshTLSError) -> OpaquePointer {
        var bytes = try CredentialFile.read(path, secret: true)
        defer { CredentialFile.wipe(&bytes) }
        ERR_clear_error()
        let key = withMemoryBIO(bytes) { PEM_read_bio_PrivateKey($0, nil, refusePassphrase, nil) }
        guard let key else {
            ERR_clear_error()
            throw .configuration(file: path, cause: "no unencrypted PEM private key in the file")
        }
        return key
    }

    /// Without a callback OpenSSL would ask for a passphrase at the terminal.
    private static let refusePassphrase: @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = {
        _, _, _, _ in -1
    }

    /// `body` doesn't run when there is nothing to read.
    private static func withMemoryBIO<T>(_ bytes: [UInt8], _ body: (OpaquePointer) -> T?) -> T? {
        bytes.withUnsafeBytes { memory in
            guard let bio = BIO_new_mem_buf(memory.baseAddress, Int32(clamping: memory.count)) else { return nil }
            defer { BIO_free(bio) }
            return body(bio)
        }
    }
}
