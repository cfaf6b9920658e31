internal import FoundationEssentials
public import Secrets

/// Signs with an Ed25519 key of Vault's transit engine: the key never leaves Vault.
public struct VaultTransitSigner: RemoteSigner {
    private let session: VaultSession
    private let mount: String
    private let key: String

    private static let publicKeySize = 32
    private static let signatureSize = 64

    /// - Parameters:
    ///   - mount: where the transit engine is mounted.
    ///   - key: the key's name there, of type `ed25519`.
    /// - Throws: `SecretStoreError` for settings that cannot be used.
    public init(_ settings: VaultSettings, mount: String = "transit", key: String) throws {
        do {
            session = try VaultSession(settings, limits: StoreLimits())
            self.mount = try StorePath.checked(mount, "transit mount")
            self.key = try StorePath.checked(key, "transit key")
        } catch let cause as SecretStoreError.Cause {
            throw SecretStoreError(store: "vault", secret: key, cause: cause)
        }
    }

    /// For keys that share one login.
    init(_ session: VaultSession, mount: String, key: String) {
        self.session = session
        self.mount = mount
        self.key = key
    }

    public func publicKey() async throws -> [UInt8] {
        struct Answer: Decodable, Sendable {
            struct Version: Decodable, Sendable { var public_key: String }
            var type: String
            var latest_version: Int
            var keys: [String: Version]
        }
        return try await named {
            let answer = try await session.answer(VaultClient.Call<VaultNothing>("GET", "\(mount)/keys/\(key)"), as: Answer.self).data
            guard let answer, answer.type == "ed25519", let text = answer.keys[String(answer.latest_version)]?.public_key,
                let bytes = Data(base64Encoded: text), bytes.count == Self.publicKeySize
            else { throw SecretStoreError.Cause.unusable("it is no Ed25519 key") }
            return Array(bytes)
        }
    }

    public func signature(of message: [UInt8]) async throws -> [UInt8] {
        struct Body: Encodable, Sendable { var input: String }
        struct Answer: Decodable, Sendable { var signature: String }
        return try await named {
            let body = Body(input: Data(message).base64EncodedString())
            let call = VaultClient.Call(method: "POST", path: "\(mount)/sign/\(key)", body: body)
            let text = try await session.answer(call, as: Answer.self).data?.signature
            // `vault:v1:` and the signature: which version of the key signed stands before it.
            let parts = text?.split(separator: ":") ?? []
            guard parts.count == 3, parts[0] == "vault", let bytes = Data(base64Encoded: String(parts[2])), bytes.count == Self.signatureSize
            else { throw SecretStoreError.Cause.unavailable("its answer has no Ed25519 signature") }
            return Array(bytes)
        }
    }

    private func named<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let cause as SecretStoreError.Cause {
            throw SecretStoreError(store: "vault transit", secret: key, cause: cause)
        }
    }
}
