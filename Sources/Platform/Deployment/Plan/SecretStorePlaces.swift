internal import SecretStores

// Services whose secrets lie in a store over the network or under a device's key: what an operator writes in a file.

extension DeploymentOptions {
    /// Stores that the operator's commands can open as the service does. Variables are the service's own.
    private static let drivers: Set<SecretStoreSettings.Driver> = [.vault, .aws, .pkcs11]

    /// Takes the stores from a JSON file: `{"execution": {"driver": "vault", …}}`, each as the service's settings have it.
    ///
    /// - Throws: `DeploymentError` for a file that cannot be read or used.
    public mutating func takeSecretStores(from path: String) throws {
        secretStores = try Self.read([String: SecretStoreSettings].self, from: path, about: "services' stores")
        try checkSecretStores()
    }

    /// - Throws: `DeploymentError`. Nothing is asked of the stores.
    func checkSecretStores() throws {
        for (name, store) in secretStores ?? [:] {
            guard ServiceName(rawValue: name) != nil else { throw DeploymentError("there is no service '\(name)' to have a secret store") }
            guard Self.drivers.contains(store.driver) else {
                let drivers = Self.drivers.map(\.rawValue).sorted().joined(separator: ", ")
                throw DeploymentError("\(name)'s secret store is one of \(drivers): --secrets has the others")
            }
            guard store.vault?.login.appRole?.wrappedSecretIDFile == nil else {
                throw DeploymentError("\(name)'s wrapped secret id opens once, and the operator's commands open the store too: use secretIDFile")
            }
        }
    }

    /// - Throws: `DeploymentError` when a service's secrets would have to be carried from one store to another.
    func checkStoresStay(as present: DeploymentOptions) throws {
        for name in ServiceName.allCases {
            let (before, after) = (present.secretStores?[name.rawValue]?.driver, secretStores?[name.rawValue]?.driver)
            guard before == after else {
                let words = [before, after].map { $0?.rawValue ?? present.secretsPlace.rawValue }
                throw DeploymentError("\(name.rawValue)'s secrets lie in '\(words[0])', not in '\(words[1])'; that cannot change, make a new folder")
            }
        }
    }
}
