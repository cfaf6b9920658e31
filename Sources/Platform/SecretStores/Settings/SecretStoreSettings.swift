public import Secrets

/// Which store a service's secrets are in: the part `secrets` of its settings. Holds no secret.
public struct SecretStoreSettings: Codable, Sendable, Equatable {
    public enum Driver: String, Codable, Sendable, CaseIterable {
        case files, env, sealed, vault, aws, pkcs11
    }

    public struct Files: Codable, Sendable, Equatable {
        /// `secrets` in the service's folder if absent.
        public var folder: String?
        /// `owned-by-this-user` if absent.
        public var trust: FileTrust?

        public init(folder: String? = nil, trust: FileTrust? = nil) {
            self.folder = folder
            self.trust = trust
        }
    }

    public struct Environment: Codable, Sendable, Equatable {
        /// `CRYPTOPULSE_SECRET_` if absent.
        public var prefix: String?

        public init(prefix: String? = nil) {
            self.prefix = prefix
        }
    }

    public var driver: Driver
    public var files: Files?
    public var env: Environment?
    public var sealed: SealedSettings?
    public var vault: VaultSettings?
    public var aws: AWSSettings?
    public var pkcs11: PKCS11Settings?
    /// How long values are kept in memory. For `vault` and `aws` 60 and 600 seconds if absent; for the others nothing is kept.
    public var cache: CachePolicy?

    public init(
        driver: Driver = .files, files: Files? = nil, env: Environment? = nil, sealed: SealedSettings? = nil, vault: VaultSettings? = nil,
        aws: AWSSettings? = nil, pkcs11: PKCS11Settings? = nil, cache: CachePolicy? = nil
    ) {
        self.driver = driver
        self.files = files
        self.env = env
        self.sealed = sealed
        self.vault = vault
        self.aws = aws
        self.pkcs11 = pkcs11
        self.cache = cache
    }
}
