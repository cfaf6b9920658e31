public import Secrets

extension SecretStoreSettings {
    /// Makes the store. Nothing is asked of it yet, but variables that hold secrets are taken out of the environment.
    ///
    /// - Parameters:
    ///   - folder: the service's own secrets folder, for what has no path in the settings.
    ///   - owner: the service.
    ///   - environment: `production`. The secrets must be its own.
    ///   - observing: put around the store itself: what a cache answers is not asked of it.
    /// - Throws: `SecretStoreError` for settings or a wrapping key that cannot be used, and for those of another environment.
    public func open(
        folder: String, owner: String, environment: String, observing: (any SecretStore) -> any SecretStore = { $0 }
    ) throws -> any SecretStore {
        do {
            let store = observing(try driver(folder, owner, environment))
            return cachePolicy.map { CachedSecretStore(store, policy: $0) } ?? store
        } catch let cause as SecretStoreError.Cause {
            throw SecretStoreError(store: driver.rawValue, secret: nil, cause: cause)
        }
    }

    /// nil: values are not kept, and the store is always there.
    public var cachePolicy: CachePolicy? {
        cache ?? ([.vault, .aws].contains(driver) ? CachePolicy() : nil)
    }

    /// Where a service's sealed file is that has no path in the settings.
    package static func sealedPath(folder: String, owner: String) -> String { "\(folder)/\(owner).sealed" }

    private func driver(_ folder: String, _ owner: String, _ environment: String) throws -> any SecretStore {
        let sealedPath = Self.sealedPath(folder: folder, owner: owner)
        switch driver {
        case .files:
            let store = FileSecretStore(folder: files?.folder ?? folder, environment: environment, trust: files?.trust ?? .ownedByThisUser)
            try store.checkEnvironment()
            return store
        case .env: return try EnvironmentSecretStore(prefix: env?.prefix ?? EnvironmentSecretStore.defaultPrefix, environment: environment)
        case .sealed:
            let settings = try part(sealed)
            return SealedSecretStore(path: settings.path ?? sealedPath, owner: owner, environment: environment, key: try settings.key.wrappingKey())
        case .vault: return try VaultSecretStore(try part(vault).checked(in: environment))
        case .aws: return try AWSSecretStore(try part(aws).checked(in: environment))
        case .pkcs11:
            let settings = try part(pkcs11)
            return SealedSecretStore(
                path: settings.path ?? sealedPath, owner: owner, environment: environment, key: PKCS11WrappingKey(settings), kind: "pkcs11")
        }
    }

    private func part<Part>(_ part: Part?) throws -> Part {
        guard let part else { throw SecretStoreError.Cause.unusable("secrets.\(driver.rawValue) is missing") }
        return part
    }
}
