internal import CPKCS11
internal import Cryptography
internal import FoundationEssentials
public import Secrets

/// A wrapping key that stays in a PKCS#11 device: it seals and opens data keys there with AES-256-GCM.
public struct PKCS11WrappingKey: WrappingKey {
    private static let nonceSize = 12

    private let device: PKCS11Device
    private let label: String

    public init(_ settings: PKCS11Settings) {
        device = PKCS11Device(settings)
        label = settings.wrappingKey
    }

    public func wrap(_ dataKey: SecretBytes) async throws -> WrappedKey {
        let label = label
        return try await onDevice { session in
            let key = try Self.key(label, session)
            let nonce = SecureRandom.bytes(Self.nonceSize)
            let sealed = try dataKey.withUnsafeBytes { try session.seal($0, nonce: nonce, key) }
            return WrappedKey(method: .device, keyID: try Self.id(key, label, session), bytes: Data(nonce + sealed))
        }
    }

    public func unwrap(_ wrapped: WrappedKey) async throws -> SecretBytes {
        let label = label
        return try await onDevice { session in
            let key = try Self.key(label, session)
            try wrapped.check(method: .device, keyID: try Self.id(key, label, session))
            guard wrapped.bytes.count > Self.nonceSize else { throw SecretStoreError.Cause.tampered("the wrapped data key is too short") }
            let bytes = Array(wrapped.bytes)
            do {
                var dataKey = try session.open(Array(bytes[Self.nonceSize...]), nonce: Array(bytes[..<Self.nonceSize]), key)
                return SecretBytes(taking: &dataKey)
            } catch let failure as PKCS11Failure where !failure.losesSession {
                // Modules disagree about the code: SoftHSM says CKR_GENERAL_ERROR.
                throw SecretStoreError.Cause.tampered("the device does not open the wrapped data key")
            }
        }
    }

    /// A key or PIN that is not there says nothing of what the key has wrapped: it must not be taken for a store without secrets.
    private func onDevice<Value: Sendable>(_ body: @escaping @Sendable (PKCS11Session) throws -> Value) async throws -> Value {
        do {
            return try await device.run(body)
        } catch SecretStoreError.Cause.notFound {
            throw SecretStoreError.Cause.denied("the device has no wrapping key of this label, or the PIN file is missing")
        }
    }

    /// - Throws: `unusable` for a key that the device would give away: it protects no more than a file does.
    private static func key(_ label: String, _ session: PKCS11Session) throws -> CK_OBJECT_HANDLE {
        let key = try session.key(label, .secretKey)
        guard try session.attribute(CKA_SENSITIVE, of: key) == [1], try session.attribute(CKA_EXTRACTABLE, of: key) == [0] else {
            throw SecretStoreError.Cause.unusable("the wrapping key \(label) can leave its device: make one that is sensitive and not extractable")
        }
        return key
    }

    /// Label and CKA_ID: what tells keys of a device apart, and their copies in another not.
    private static func id(_ key: CK_OBJECT_HANDLE, _ label: String, _ session: PKCS11Session) throws -> String {
        "\(label)/\(Hex.encode(try session.attribute(CKA_ID, of: key)))"
    }
}
