public import Secrets

/// Where keys are that a process only signs with: a transit engine or a PKCS #11 device. Holds no secret.
public struct RemoteKeySettings: Codable, Sendable, Equatable {
    /// The transit engine of OpenBao or HashiCorp Vault.
    public struct Transit: Codable, Sendable, Equatable {
        /// `https://vault.example:8200`. Plain `http` only to this machine.
        public var address: String
        /// PEM file with the roots that the server's certificate must come from; the system's if absent.
        public var rootsPath: String?
        /// Vault Enterprise's and OpenBao's namespace.
        public var namespace: String?
        /// Where the engine is mounted; `transit` if absent.
        public var mount: String?
        public var login: VaultSettings.Login

        public init(address: String, rootsPath: String? = nil, namespace: String? = nil, mount: String? = nil, login: VaultSettings.Login) {
            self.address = address
            self.rootsPath = rootsPath
            self.namespace = namespace
            self.mount = mount
            self.login = login
        }
    }

    /// A token of a PKCS #11 device.
    public struct Device: Codable, Sendable, Equatable {
        /// Absolute path of the vendor's module: `/usr/lib/softhsm/libsofthsm2.so`.
        public var module: String
        /// The token's label.
        public var token: String
        /// A file with the user's PIN.
        public var pinFile: String
        /// What the module reads besides the system's libraries, and what it writes: a confined process may do neither otherwise.
        public var readable: [String]?
        public var writable: [String]?

        public init(module: String, token: String, pinFile: String, readable: [String]? = nil, writable: [String]? = nil) {
            self.module = module
            self.token = token
            self.pinFile = pinFile
            self.readable = readable
            self.writable = writable
        }
    }

    /// Whose keys they are: `production`. Nobody else's process starts with these settings.
    public var environment: String
    /// Exactly one of the two.
    public var transit: Transit?
    public var pkcs11: Device?

    public init(environment: String, transit: Transit) {
        self.environment = environment
        self.transit = transit
    }

    public init(environment: String, pkcs11: Device) {
        self.environment = environment
        self.pkcs11 = pkcs11
    }
}

extension RemoteKeySettings {
    /// Makes the store. Nothing is asked of it yet.
    ///
    /// - Throws: `SecretStoreError` for settings that cannot be used, and for those of another environment.
    public func open(in environment: String) throws -> any RemoteKeyStore {
        do {
            try EnvironmentMark.check(self.environment, is: environment)
            switch (transit, pkcs11) {
            case (let transit?, nil):
                let mount = transit.mount ?? "transit"
                for path in [transit.namespace, mount].compactMap(\.self) { try EnvironmentMark.checkNoOther(path, than: environment) }
                return try VaultTransitKeys(transit.server(environment), mount: mount)
            case (nil, let device?):
                try EnvironmentMark.checkNoOther(device.token, than: environment)
                return PKCS11Keys(device.settings)
            default: throw SecretStoreError.Cause.unusable("give exactly one of transit and pkcs11")
            }
        } catch let cause as SecretStoreError.Cause {
            throw SecretStoreError(store: "remote keys", secret: nil, cause: cause)
        }
    }

    /// What a confined process connects to, reads and writes for its keys.
    public var addresses: [SecretStoreSettings.Address] { reach.flatMap(\.addresses) }
    public var readable: [String] { reach.flatMap(\.readable) }
    public var writable: [String] { reach.flatMap(\.writable) }

    /// They are reached as secrets are.
    var reach: [SecretStoreSettings] {
        [
            transit.map { SecretStoreSettings(driver: .vault, vault: $0.server(environment)) },
            pkcs11.map { SecretStoreSettings(driver: .pkcs11, pkcs11: $0.settings) },
        ].compactMap(\.self)
    }
}

extension RemoteKeySettings.Transit {
    fileprivate func server(_ environment: String) -> VaultSettings {
        VaultSettings(address: address, rootsPath: rootsPath, namespace: namespace, prefix: environment, login: login)
    }
}

extension RemoteKeySettings.Device {
    /// Nothing is wrapped with the device here.
    fileprivate var settings: PKCS11Settings {
        PKCS11Settings(module: module, token: token, pinFile: pinFile, wrappingKey: "", readable: readable, writable: writable)
    }
}
