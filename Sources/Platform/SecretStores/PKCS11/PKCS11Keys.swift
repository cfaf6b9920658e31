public import Secrets

/// Makes and destroys Ed25519 key pairs of a PKCS #11 device. A key's name is its label.
public struct PKCS11Keys: RemoteKeyStore {
    private let device: PKCS11Device

    public var kind: String { "pkcs11" }
    public let place: String

    public init(_ settings: PKCS11Settings) {
        device = PKCS11Device(settings, writes: true)
        place = settings.token
    }

    public func make(_ name: RemoteKeyName) async throws -> any RemoteSigner {
        try await about(name) { try $0.makeEdwardsPair($1) }
        return PKCS11Signer(device, label: "\(name)")
    }

    public func signer(_ name: RemoteKeyName) -> any RemoteSigner {
        PKCS11Signer(device, label: "\(name)")
    }

    @discardableResult
    public func destroy(_ name: RemoteKeyName) async throws -> Bool {
        try await about(name) { try $0.destroyPair($1) }
    }

    private func about<Value: Sendable>(_ name: RemoteKeyName, _ body: @escaping @Sendable (PKCS11Session, String) throws -> Value) async throws -> Value {
        let label = "\(name)"
        do {
            return try await device.run { try body($0, label) }
        } catch let cause as SecretStoreError.Cause {
            throw SecretStoreError(store: "pkcs11", secret: label, cause: cause)
        }
    }
}
