internal import COpenSSL
internal import Glibc

/// Reads credential files so that an error names the file and the cause.
enum CredentialFile {
    static let maxBytes = 1024 * 1024

    /// - Parameter secret: the file must not be readable by group or others.
    static func read(_ path: String, secret: Bool) throws(MeshTLSError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .configuration(file: path, cause: systemError()) }
        defer { close(descriptor) }
        // The descriptor is what is looked at, so that the file cannot be swapped between the check and the read.
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .configuration(file: path, cause: systemError()) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .configuration(file: path, cause: "not a regular file") }
        guard status.st_size <= maxBytes else { throw .configuration(file: path, cause: "larger than \(maxBytes) bytes") }
        if secret, status.st_mode & 0o077 != 0 {
            let mode = String(status.st_mode & 0o777, radix: 8)
            throw .configuration(file: path, cause: "private key is open to group or others (mode \(mode)); set mode 600")
        }
        return try readAll(descriptor, path)
    }

    private static func readAll(_ descriptor: Int32, _ path: String) throws(MeshTLSError) -> [UInt8] {
        var bytes: [UInt8] = []
        // Full size from the start: growing would leave copies of a key behind.
        bytes.reserveCapacity(maxBytes)
        while true {
            var chunk = [UInt8](repeating: 0, count: 16 * 1024)
            defer { wipe(&chunk) }
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .configuration(file: path, cause: systemError()) }
            if count == 0 { return bytes }
            guard bytes.count + count <= maxBytes else { throw .configuration(file: path, cause: "larger than \(maxBytes) bytes") }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    static func wipe(_ bytes: inout [UInt8]) {
        bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
    }

    private static func systemError() -> String { String(cString: strerror(errno)) }
}
