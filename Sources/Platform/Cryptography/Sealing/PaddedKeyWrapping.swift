internal import COpenSSL

/// AES-256 key wrap with padding (AES-KWP, RFC 5649; NIST SP 800-38F section 6.3), by libcrypto: wraps keys of any length, needs no
/// nonce, and refuses a wrapped key of which any bit has changed.
public enum PaddedKeyWrapping {
    public enum Failure: Error, Equatable {
        /// A wrapping key that is not 256 bits long, or nothing to wrap, or more than `maximumKeySize`.
        case unusable
        /// The wrong wrapping key, or changed bytes.
        case notAuthentic
    }

    /// Bytes of the longest key that is wrapped.
    public static let maximumKeySize = 4096
    private static let blockSize = 8

    /// - Parameter wrappingKey: 32 bytes.
    /// - Returns: the key's length rounded up to 8 bytes, and 8 more.
    public static func wrap(_ key: UnsafeRawBufferPointer, under wrappingKey: UnsafeRawBufferPointer) throws(Failure) -> [UInt8] {
        guard wrappingKey.count == 32, (1...maximumKeySize).contains(key.count) else { throw .unusable }
        guard let wrapped = run(key, under: wrappingKey, encrypting: true) else { throw .unusable }
        return wrapped
    }

    /// - Returns: the key. The caller wipes it.
    public static func unwrap(_ wrapped: UnsafeRawBufferPointer, under wrappingKey: UnsafeRawBufferPointer) throws(Failure) -> [UInt8] {
        guard wrappingKey.count == 32 else { throw .unusable }
        guard wrapped.count >= 2 * blockSize, wrapped.count <= maximumKeySize + 2 * blockSize, wrapped.count.isMultiple(of: blockSize),
            let key = run(wrapped, under: wrappingKey, encrypting: false)
        else { throw .notAuthentic }
        return key
    }

    private static func run(_ input: UnsafeRawBufferPointer, under key: UnsafeRawBufferPointer, encrypting: Bool) -> [UInt8]? {
        guard let context = EVP_CIPHER_CTX_new() else { return nil }
        defer { EVP_CIPHER_CTX_free(context) }
        // Wrapping modes are off unless asked for.
        EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW)
        let keyBytes = key.bindMemory(to: UInt8.self).baseAddress
        guard EVP_CipherInit_ex(context, EVP_aes_256_wrap_pad(), nil, keyBytes, nil, encrypting ? 1 : 0) == 1 else { return nil }
        var output = [UInt8](repeating: 0, count: input.count + 2 * blockSize)
        var (written, rest): (Int32, Int32) = (0, 0)
        let succeeded = output.withUnsafeMutableBufferPointer { out in
            EVP_CipherUpdate(context, out.baseAddress, &written, input.bindMemory(to: UInt8.self).baseAddress, Int32(clamping: input.count)) == 1
                && EVP_CipherFinal_ex(context, out.baseAddress?.advanced(by: Int(written)), &rest) == 1
        }
        // A failed unwrap leaves its reason in this thread's queue, where a TLS connection would take it for its own.
        ERR_clear_error()
        guard succeeded else { return nil }
        output.removeLast(output.count - Int(written) - Int(rest))
        return output
    }
}
