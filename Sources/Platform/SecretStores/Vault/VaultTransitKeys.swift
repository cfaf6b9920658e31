public import Secrets

/// Makes and destroys Ed25519 keys of Vault's transit engine.
///
/// The service's policy needs, for each of its environment's names: `create`, `update`, `read`, `delete` on `keys/…`, `update` on
/// `keys/…/config` and on `sign/…`; and nothing on `export/…` or `backup/…`, which these keys refuse by themselves too.
public struct VaultTransitKeys: RemoteKeyStore {
    private let session: VaultSession
    private let mount: String

    public var kind: String { "transit" }
    public let place: String

    /// - Parameter mount: where the transit engine is mounted.
    /// - Throws: `SecretStoreError` for settings that cannot be used.
    public init(_ settings: VaultSettings, mount: String = "transit") throws {
        do {
            session = try VaultSession(settings, limits: StoreLimits())
            self.mount = try StorePath.checked(mount, "transit mount")
            let server = settings.address.hasSuffix("/") ? String(settings.address.dropLast()) : settings.address
            place = [server, settings.namespace, mount].compactMap(\.self).joined(separator: " ")
        } catch let cause as SecretStoreError.Cause {
            throw SecretStoreError(store: "vault transit", secret: mount, cause: cause)
        }
    }

    public func make(_ name: RemoteKeyName) async throws -> any RemoteSigner {
        struct Body: Encodable, Sendable {
            var type = "ed25519"
            var exportable = false
            var allow_plaintext_backup = false
        }
        return try await about(name) {
            // Vault answers the same for a key that it has already: nobody else's is taken for a new one.
            guard try await found(name) == nil else { throw SecretStoreError.Cause.conflict("there is a key of this name") }
            _ = try await session.answer(VaultClient.Call(method: "POST", path: path(name), body: Body()), as: VaultNothing.self)
            guard let made = try await found(name) else { throw SecretStoreError.Cause.unavailable("the key that was made is not there") }
            guard made.type == "ed25519", !made.exportable, !made.allow_plaintext_backup else {
                throw SecretStoreError.Cause.unusable("it is no Ed25519 key, or may be exported or backed up in clear")
            }
            return VaultTransitSigner(session, mount: mount, key: "\(name)")
        }
    }

    public func signer(_ name: RemoteKeyName) throws -> any RemoteSigner {
        VaultTransitSigner(session, mount: mount, key: "\(name)")
    }

    @discardableResult
    public func destroy(_ name: RemoteKeyName) async throws -> Bool {
        struct Body: Encodable, Sendable { var deletion_allowed = true }
        return try await about(name) {
            guard try await found(name) != nil else { return false }
            _ = try await session.answer(VaultClient.Call(method: "POST", path: path(name) + "/config", body: Body()), as: VaultNothing.self)
            _ = try await session.answer(VaultClient.Call<VaultNothing>("DELETE", path(name)), as: VaultNothing.self)
            return true
        }
    }

    private struct Key: Decodable, Sendable {
        var type: String
        var exportable: Bool
        var allow_plaintext_backup: Bool
    }

    private func found(_ name: RemoteKeyName) async throws -> Key? {
        do {
            return try await session.answer(VaultClient.Call<VaultNothing>("GET", path(name)), as: Key.self).data
        } catch SecretStoreError.Cause.notFound {
            return nil
        }
    }

    private func path(_ name: RemoteKeyName) -> String { "\(mount)/keys/\(name)" }

    private func about<Value>(_ name: RemoteKeyName, _ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let cause as SecretStoreError.Cause {
            throw SecretStoreError(store: "vault transit", secret: "\(name)", cause: cause)
        }
    }
}
