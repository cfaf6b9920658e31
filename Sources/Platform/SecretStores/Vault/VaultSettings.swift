/// How OpenBao or HashiCorp Vault is reached, and as whom.
public struct VaultSettings: Codable, Sendable, Equatable {
    /// Who this service is to Vault. Exactly one.
    public struct Login: Codable, Sendable, Equatable {
        public var appRole: AppRole?
        public var certificate: Certificate?

        public static func appRole(_ role: AppRole) -> Login { Login(appRole: role, certificate: nil) }
        public static func certificate(_ certificate: Certificate) -> Login { Login(appRole: nil, certificate: certificate) }
    }

    public struct AppRole: Codable, Sendable, Equatable {
        /// Where the method is mounted; `approle` if absent.
        public var mount: String?
        /// The role's name, which the wrapped secret id must be of.
        public var role: String
        public var roleID: String
        /// A file with the secret id.
        public var secretIDFile: String?
        /// Or a file with a response-wrapping token that holds the secret id. It opens once: whoever starts the service writes a new one.
        public var wrappedSecretIDFile: String?
    }

    public struct Certificate: Codable, Sendable, Equatable {
        /// Where the method is mounted; `cert` if absent.
        public var mount: String?
        public var role: String
        /// PEM files. Read again at each login, so that they may be renewed.
        public var certificatePath: String
        public var privateKeyPath: String
    }

    /// `https://vault.example:8200`. Plain `http` only to this machine.
    public var address: String
    /// PEM file with the roots that Vault's certificate must come from; the system's if absent.
    public var rootsPath: String?
    /// Vault Enterprise's and OpenBao's namespace.
    public var namespace: String?
    /// Where KV version 2 is mounted; `secret` if absent.
    public var mount: String?
    /// What stands before each secret's name: `cryptopulse/production/execution`.
    public var prefix: String
    public var login: Login

    public init(
        address: String, rootsPath: String? = nil, namespace: String? = nil, mount: String? = nil, prefix: String, login: Login
    ) {
        self.address = address
        self.rootsPath = rootsPath
        self.namespace = namespace
        self.mount = mount
        self.prefix = prefix
        self.login = login
    }
}

extension VaultSettings.AppRole {
    public init(mount: String? = nil, role: String, roleID: String, secretIDFile: String) {
        (self.mount, self.role, self.roleID, self.secretIDFile) = (mount, role, roleID, secretIDFile)
    }

    public init(mount: String? = nil, role: String, roleID: String, wrappedSecretIDFile: String) {
        (self.mount, self.role, self.roleID, self.wrappedSecretIDFile) = (mount, role, roleID, wrappedSecretIDFile)
    }
}

extension VaultSettings.Certificate {
    public init(role: String, certificatePath: String, privateKeyPath: String) {
        (mount, self.role, self.certificatePath, self.privateKeyPath) = (nil, role, certificatePath, privateKeyPath)
    }
}
