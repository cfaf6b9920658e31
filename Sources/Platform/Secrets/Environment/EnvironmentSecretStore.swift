internal import Cryptography
public import FoundationEssentials

/// Secrets from environment variables, taken out of the environment when the store is made: `CRYPTOPULSE_SECRET_DATA_KEY` is `data-key`.
///
/// `CRYPTOPULSE_SECRET_ENVIRONMENT` is no secret: it names the environment that the others belong to.
/// A value is its text, or bytes as `hex:` or `base64:`. Only the current version is there, and it is only read.
public struct EnvironmentSecretStore: SecretStore {
    public static let defaultPrefix = "CRYPTOPULSE_SECRET_"
    private static let maximumCount = 256

    public let kind = "env"
    private let secrets: [String: SecretBytes]
    private let taken: Date
    /// Tells the values of one start of the process from those of another.
    private let id = Hex.encode(SecureRandom.bytes(8))

    /// Takes every variable that begins with `prefix`. Once a process: the second time they are gone.
    ///
    /// - Parameter environment: which the variables must name; nil, for tests: not asked.
    /// - Throws: `SecretStoreError`, for another environment's secrets, a variable that names no secret or whose value cannot be decoded.
    public init(prefix: String = defaultPrefix, environment: String? = nil, now: Date = Date()) throws {
        taken = now
        let names = EnvironmentBlock.names(beginning: prefix)
        guard !prefix.isEmpty, names.count <= Self.maximumCount else {
            throw SecretStoreError(store: kind, secret: nil, cause: .limit("\(names.count) variables begin with \"\(prefix)\""))
        }
        var secrets: [String: SecretBytes] = [:]
        for variable in names {
            // All are taken, also when one is of no use.
            let name = variable.dropFirst(prefix.count).lowercased().replacing("_", with: "-")
            // One that stands there twice is named twice, and is gone the second time.
            if let value = EnvironmentBlock.take(variable) { secrets[name] = value }
        }
        let mark = secrets.removeValue(forKey: EnvironmentMark.name).map(EnvironmentMark.text)
        if let environment { try Self.check(mark, is: environment, kind) }
        self.secrets = try Self.decoded(secrets, kind)
    }

    public func value(of name: String, at stage: SecretStage) async throws -> SecretValue {
        try await about(name) {
            guard stage == .current, let bytes = secrets[name] else { throw SecretStoreError.Cause.notFound }
            return SecretValue(bytes: bytes, version: version)
        }
    }

    public func versions(of name: String) async throws -> [SecretVersion] {
        try await about(name) {
            guard secrets[name] != nil else { throw SecretStoreError.Cause.notFound }
            return [version]
        }
    }

    public func put(_ value: SecretBytes, as name: String, at stage: SecretStage) async throws -> SecretVersion {
        try await about(name) { throw SecretStoreError.Cause.readOnly }
    }

    public func move(_ stage: SecretStage, of name: String, to version: String) async throws {
        try await about(name) { throw SecretStoreError.Cause.readOnly }
    }

    public func revoke(_ version: String, of name: String) async throws {
        try await about(name) { throw SecretStoreError.Cause.readOnly }
    }

    /// Its age counts from the start of the process: the environment says no more.
    private var version: SecretVersion { SecretVersion(id: id, stages: [.current], created: taken) }

    private static func check(_ mark: String?, is environment: String, _ kind: String) throws {
        do {
            try EnvironmentMark.check(mark, is: environment)
        } catch {
            throw SecretStoreError(store: kind, secret: nil, cause: error)
        }
    }

    private static func decoded(_ secrets: [String: SecretBytes], _ kind: String) throws -> [String: SecretBytes] {
        var decoded: [String: SecretBytes] = [:]
        for (name, text) in secrets {
            do {
                try SecretRules.check(name: name)
                decoded[name] = try SecretText.decode(text)
            } catch {
                throw SecretStoreError(store: kind, secret: name, cause: error)
            }
        }
        return decoded
    }
}
