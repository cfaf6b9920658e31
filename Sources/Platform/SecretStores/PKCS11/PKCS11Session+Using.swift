internal import CPKCS11
internal import Secrets

/// What a session's keys are used for.
extension PKCS11Session {
    func sign(_ message: [UInt8], _ mechanism: Int, _ key: CK_OBJECT_HANDLE) throws -> [UInt8] {
        var mechanism = CK_MECHANISM(mechanism: CK_ULONG(mechanism), parameter: nil, parameter_length: 0)
        try PKCS11Failure.check("C_SignInit", functions.pointee.C_SignInit?(handle, &mechanism, key))
        return try message.withUnsafeBufferPointer { message in
            try Self.answer("C_Sign") { functions.pointee.C_Sign?(handle, message.baseAddress, CK_ULONG(message.count), $0, $1) }
        }
    }

    /// AES-GCM with a 16-byte tag at the end.
    func seal(_ plaintext: UnsafeRawBufferPointer, nonce: [UInt8], _ key: CK_OBJECT_HANDLE) throws -> [UInt8] {
        try withGCM(nonce) { mechanism in
            try PKCS11Failure.check("C_EncryptInit", functions.pointee.C_EncryptInit?(handle, mechanism, key))
        }
        let bytes = plaintext.bindMemory(to: UInt8.self)
        return try Self.answer("C_Encrypt") { functions.pointee.C_Encrypt?(handle, bytes.baseAddress, CK_ULONG(bytes.count), $0, $1) }
    }

    func open(_ sealed: [UInt8], nonce: [UInt8], _ key: CK_OBJECT_HANDLE) throws -> [UInt8] {
        try withGCM(nonce) { mechanism in
            try PKCS11Failure.check("C_DecryptInit", functions.pointee.C_DecryptInit?(handle, mechanism, key))
        }
        return try sealed.withUnsafeBufferPointer { sealed in
            try Self.answer("C_Decrypt") { functions.pointee.C_Decrypt?(handle, sealed.baseAddress, CK_ULONG(sealed.count), $0, $1) }
        }
    }

    private func withGCM(_ nonce: [UInt8], _ body: (UnsafePointer<CK_MECHANISM>) throws -> Void) throws {
        var nonce = nonce
        try nonce.withUnsafeMutableBufferPointer { nonce in
            var parameters = CK_GCM_PARAMS()
            parameters.iv = nonce.baseAddress
            parameters.iv_length = CK_ULONG(nonce.count)
            parameters.iv_bits = CK_ULONG(nonce.count * 8)
            parameters.tag_bits = 128
            try withUnsafeMutableBytes(of: &parameters) { parameters in
                var mechanism = CK_MECHANISM(
                    mechanism: CK_ULONG(CKM_AES_GCM), parameter: parameters.baseAddress, parameter_length: CK_ULONG(parameters.count))
                try body(&mechanism)
            }
        }
    }

    private static func answer(
        _ function: String, _ body: (UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<CK_ULONG>?) -> CK_RV?
    ) throws -> [UInt8] {
        var output = [UInt8](repeating: 0, count: maximumAnswer)
        var length = CK_ULONG(output.count)
        try PKCS11Failure.check(function, output.withUnsafeMutableBufferPointer { body($0.baseAddress, &length) })
        output.removeLast(output.count - min(Int(clamping: length), output.count))
        return output
    }
}
