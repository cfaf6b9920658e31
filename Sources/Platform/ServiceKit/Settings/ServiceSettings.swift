internal import Foundation
public import KeyManagement
public import SecretStores

/// What a service's process is told at start: `settings.json` in its own state folder. Holds no secret, only where secrets lie.
public struct ServiceSettings: Codable, Sendable, Equatable {
    /// Whether the process confines itself to its own files and ports (Landlock) before it does anything else.
    public enum Confinement: String, Codable, Sendable {
        /// Refuses to start where the kernel cannot confine it.
        case required
        /// Confines itself as far as the kernel can: for containers, which are confined from outside.
        case bestEffort = "best-effort"
        /// In the development environment only.
        case off
    }

    /// `development`, `staging` or `production`: decides the trust domain.
    public var environment: String
    /// The executable's name: `market-data`.
    public var service: String
    /// Absolute path of this service's own folder.
    public var stateDirectory: String
    /// Where it serves: the mesh, or HTTPS for `gateway` and `sandbox-exchange`.
    public var listen: Endpoint
    /// Where it answers `/healthz`, `/readyz` and `/metrics` in plain HTTP.
    public var health: Endpoint
    /// Mesh servers that it calls, by name.
    public var peers: [String: Endpoint]
    /// Other places that it connects to, such as the exchange.
    public var outbound: [Endpoint]
    /// Files outside its folder that it reads, such as a candle file.
    public var readable: [String]
    /// Files and folders outside its folder that it changes, such as those of a PKCS #11 module.
    public var writable: [String]
    /// Where its secrets are kept; files in its own folder if absent.
    public var secrets: SecretStoreSettings
    public var confinement: Confinement
    /// How it comes by its mesh certificate.
    public var identity: IdentitySettings
    /// How long its keys may be in use and how they change, where that is not as everywhere.
    public var keys: KeySchedules
    /// swift-log's level names.
    public var logLevel: String
    /// Which traces go into the log.
    public var tracing: TracingSettings
    /// The service's own settings.
    public var options: JSONValue

    public init(
        environment: String, service: String, stateDirectory: String, listen: Endpoint, health: Endpoint,
        peers: [String: Endpoint] = [:], outbound: [Endpoint] = [], readable: [String] = [], writable: [String] = [],
        secrets: SecretStoreSettings = SecretStoreSettings(), confinement: Confinement = .required,
        identity: IdentitySettings = .files, keys: KeySchedules = KeySchedules(), logLevel: String = "info",
        tracing: TracingSettings = TracingSettings(), options: JSONValue = [:]
    ) {
        self.environment = environment
        self.service = service
        self.stateDirectory = stateDirectory
        self.listen = listen
        self.health = health
        self.peers = peers
        self.outbound = outbound
        self.readable = readable
        self.writable = writable
        self.secrets = secrets
        self.confinement = confinement
        self.identity = identity
        self.keys = keys
        self.logLevel = logLevel
        self.tracing = tracing
        self.options = options
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        environment = try container.decode(String.self, forKey: .environment)
        service = try container.decode(String.self, forKey: .service)
        stateDirectory = try container.decode(String.self, forKey: .stateDirectory)
        listen = try container.decode(Endpoint.self, forKey: .listen)
        health = try container.decode(Endpoint.self, forKey: .health)
        peers = try container.decodeIfPresent([String: Endpoint].self, forKey: .peers) ?? [:]
        outbound = try container.decodeIfPresent([Endpoint].self, forKey: .outbound) ?? []
        readable = try container.decodeIfPresent([String].self, forKey: .readable) ?? []
        writable = try container.decodeIfPresent([String].self, forKey: .writable) ?? []
        secrets = try container.decodeIfPresent(SecretStoreSettings.self, forKey: .secrets) ?? SecretStoreSettings()
        confinement = try container.decodeIfPresent(Confinement.self, forKey: .confinement) ?? .required
        identity = try container.decodeIfPresent(IdentitySettings.self, forKey: .identity) ?? .files
        keys = try container.decodeIfPresent(KeySchedules.self, forKey: .keys) ?? KeySchedules()
        logLevel = try container.decodeIfPresent(String.self, forKey: .logLevel) ?? "info"
        tracing = try container.decodeIfPresent(TracingSettings.self, forKey: .tracing) ?? TracingSettings()
        options = try container.decodeIfPresent(JSONValue.self, forKey: .options) ?? [:]
    }

    /// The service's own part, decoded.
    ///
    /// - Throws: `StartUpError.settings` that names the field at fault.
    public func options<T: Decodable>(as type: T.Type) throws -> T {
        do {
            return try JSONDecoder().decode(T.self, from: JSONEncoder().encode(options))
        } catch let error as DecodingError {
            throw StartUpError.settings("options: \(error.whatIsWrong)")
        }
    }
}

// MARK: - Places

extension ServiceSettings {
    /// The sandbox exchange stands outside the mesh.
    var hasMeshIdentity: Bool { service != "sandbox-exchange" }
    public var trustDomain: String { "\(environment).cryptopulse.internal" }
    /// `spiffe://<environment>.cryptopulse.internal/<service>`
    public var spiffeID: String { "spiffe://\(trustDomain)/\(service)" }
    /// The database.
    public var dataFolder: String { stateDirectory + "/data" }
    /// What others may read or leave for this service at run time.
    public var runFolder: String { stateDirectory + "/run" }
    public var logFolder: String { stateDirectory + "/log" }
    public var secretsFolder: String { stateDirectory + "/secrets" }
    /// Written by whoever deploys the service, read by it: the join token, and for auth the hashes of those that are out.
    public var enrolFolder: String { stateDirectory + "/enrol" }
    public var joinTokenPath: String { enrolFolder + "/join-token" }
    public var tlsFolder: String { stateDirectory + "/tls" }
    public var certificatePath: String { tlsFolder + "/cert.pem" }
    public var privateKeyPath: String { tlsFolder + "/key.pem" }
    public var trustRootsPath: String { tlsFolder + "/roots.pem" }
    /// Of the services that people reach by HTTPS.
    public var httpsCertificatePath: String { tlsFolder + "/https-cert.pem" }
    public var httpsPrivateKeyPath: String { tlsFolder + "/https-key.pem" }
}
