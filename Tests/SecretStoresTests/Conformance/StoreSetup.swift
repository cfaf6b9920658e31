import Glibc
import SecretServers
import Secrets
import SecretStores

/// A store that stands ready, and how a service of this name is to be started to reach it.
struct StoreSetup: Sendable {
    /// Whose the secrets are, unless a test says otherwise.
    static let environmentName = "development"

    let owner: String
    let folder: TemporaryFolder
    let settings: SecretStoreSettings
    /// Variables that the store takes its keys, or its secrets, from.
    let environment: [String: String]

    init(owner: String, folder: TemporaryFolder, _ settings: SecretStoreSettings, environment: [String: String] = [:]) {
        self.owner = owner
        self.folder = folder
        self.settings = settings
        self.environment = environment
    }

    /// The store as a service opens it, with what it needs in the environment.
    ///
    /// - Parameter name: the environment in which the service runs.
    func open(in name: String = Self.environmentName) throws -> any SecretStore {
        for (name, value) in environment { setenv(name, value, 1) }
        return try settings.open(folder: folder.path, owner: owner, environment: name)
    }
}
