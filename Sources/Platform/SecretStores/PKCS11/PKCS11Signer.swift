internal import CPKCS11
internal import Cryptography
public import Secrets

/// Signs with a key pair of a PKCS#11 device: Ed25519, or ECDSA on P-256 over SHA-256. Which of them, the key itself says.
public struct PKCS11Signer: RemoteSigner {
    private let device: PKCS11Device
    private let label: String

    private static let (signatureSize, ed25519Size, p256Size) = (64, 32, 65)

    /// - Parameter key: the label that both halves bear.
    public init(_ settings: PKCS11Settings, key: String) {
        device = PKCS11Device(settings)
        label = key
    }

    public func publicKey() async throws -> [UInt8] {
        try await run { session, label in
            let key = try session.key(label, .publicKey)
            let size = try Self.isEdwards(key, session) ? Self.ed25519Size : Self.p256Size
            let point = try session.attribute(CKA_EC_POINT, of: key)
            // A DER OCTET STRING; some modules leave its two bytes of header out.
            guard point.count == size || (point.count == size + 2 && point[0] == 0x04 && point[1] == UInt8(size)) else {
                throw SecretStoreError.Cause.unusable("its public half is no point of Ed25519 or P-256")
            }
            return Array(point.suffix(size))
        }
    }

    public func signature(of message: [UInt8]) async throws -> [UInt8] {
        try await run { session, label in
            let key = try session.key(label, .privateKey)
            let signature =
                try Self.isEdwards(key, session)
                ? session.sign(message, CKM_EDDSA, key) : session.sign(Hashing.sha256(message), CKM_ECDSA, key)
            guard signature.count == Self.signatureSize else { throw SecretStoreError.Cause.unusable("its signatures are not 64 bytes long") }
            return signature
        }
    }

    private static func isEdwards(_ key: CK_OBJECT_HANDLE, _ session: PKCS11Session) throws -> Bool {
        switch try session.number(CKA_KEY_TYPE, of: key) {
        case CKK_EC_EDWARDS: true
        case CKK_EC: false
        default: throw SecretStoreError.Cause.unusable("it is neither an Ed25519 nor an EC key")
        }
    }

    /// For keys that share one session.
    init(_ device: PKCS11Device, label: String) {
        self.device = device
        self.label = label
    }

    private func run<Value: Sendable>(_ body: @escaping @Sendable (PKCS11Session, String) throws -> Value) async throws -> Value {
        let label = label
        do {
            return try await device.run { try body($0, label) }
        } catch let cause as SecretStoreError.Cause {
            throw SecretStoreError(store: "pkcs11", secret: label, cause: cause)
        }
    }
}
