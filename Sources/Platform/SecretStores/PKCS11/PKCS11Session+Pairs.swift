internal import CPKCS11
internal import Secrets

/// Key pairs that are made in the device and end there.
extension PKCS11Session {
    /// A DER PrintableString with the curve's name (PKCS #11 3.0, section 2.3.5), the form that modules agree on.
    private static let edwards25519: [UInt8] = [0x13, 0x0c] + Array("edwards25519".utf8)

    /// Makes an Ed25519 pair of which the device gives the private half to nobody.
    ///
    /// - Throws: `conflict` when the label is taken; `unusable` when the device does not say that the private half stays inside.
    func makeEdwardsPair(_ label: String) throws {
        guard try !has(label, .privateKey), try !has(label, .publicKey) else {
            throw SecretStoreError.Cause.conflict("there is a key of this label")
        }
        var mechanism = CK_MECHANISM(mechanism: CK_ULONG(CKM_EC_EDWARDS_KEY_PAIR_GEN), parameter: nil, parameter_length: 0)
        let name = Array(label.utf8)
        let (yes, no): ([UInt8], [UInt8]) = ([1], [0])
        var (publicKey, privateKey) = (CK_OBJECT_HANDLE(), CK_OBJECT_HANDLE())
        try Self.withAttributes([
            (CKA_TOKEN, yes), (CKA_VERIFY, yes), (CKA_EC_PARAMS, Self.edwards25519), (CKA_LABEL, name), (CKA_ID, name),
        ]) { publicHalf in
            try Self.withAttributes([
                (CKA_TOKEN, yes), (CKA_PRIVATE, yes), (CKA_SENSITIVE, yes), (CKA_EXTRACTABLE, no), (CKA_SIGN, yes), (CKA_LABEL, name), (CKA_ID, name),
            ]) { privateHalf in
                try PKCS11Failure.check(
                    "C_GenerateKeyPair",
                    functions.pointee.C_GenerateKeyPair?(
                        handle, &mechanism, publicHalf, CK_ULONG(publicHalf.count), privateHalf, CK_ULONG(privateHalf.count), &publicKey,
                        &privateKey))
            }
        }
        guard try attribute(CKA_SENSITIVE, of: privateKey) == yes, try attribute(CKA_EXTRACTABLE, of: privateKey) == no else {
            _ = try destroyPair(label)
            throw SecretStoreError.Cause.unusable("the device would give its private half away")
        }
    }

    /// Destroys both halves, the private one first. The same again changes nothing.
    ///
    /// - Returns: whether either was there.
    func destroyPair(_ label: String) throws -> Bool {
        var wasThere = false
        for half in [KeyClass.privateKey, .publicKey] {
            do {
                try PKCS11Failure.check("C_DestroyObject", functions.pointee.C_DestroyObject?(handle, try key(label, half)))
                wasThere = true
            } catch SecretStoreError.Cause.notFound {
                continue
            }
        }
        return wasThere
    }

    /// A label that two keys bear is taken, too.
    private func has(_ label: String, _ half: KeyClass) throws -> Bool {
        do {
            _ = try key(label, half)
            return true
        } catch SecretStoreError.Cause.notFound {
            return false
        } catch SecretStoreError.Cause.conflict {
            return true
        }
    }

    /// Attributes whose values lie in one buffer while `body` runs.
    private static func withAttributes<Result>(_ values: [(Int, [UInt8])], _ body: ([CK_ATTRIBUTE]) throws -> Result) throws -> Result {
        var bytes = values.flatMap(\.1)
        return try bytes.withUnsafeMutableBytes { buffer in
            var offset = 0
            let attributes = values.map { type, value in
                defer { offset += value.count }
                return CK_ATTRIBUTE(
                    type: CK_ULONG(type), value: buffer.baseAddress?.advanced(by: offset), length: CK_ULONG(value.count))
            }
            return try body(attributes)
        }
    }
}
