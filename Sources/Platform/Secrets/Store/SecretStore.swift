/// Where a service's secrets are kept. Every secret has versions, and each of three stages stands on at most one of them.
///
/// Names have 1 to 64 lower-case letters, digits and hyphens: `data-key`; `environment` is none. Values have 1 to 65536 bytes.
/// Every method throws `SecretStoreError`, which names store, secret and cause, never the value; or `CancellationError`.
public protocol SecretStore: Sendable {
    /// The driver's name, for logs and errors: `sealed`, `vault`.
    var kind: String { get }

    /// The version that bears `stage`, with its value.
    func value(of name: String, at stage: SecretStage) async throws -> SecretValue

    /// All versions that the store still knows, newest first.
    func versions(of name: String) async throws -> [SecretVersion]

    /// Keeps a value as a new version. As `current` it makes the version that was current the previous one; as `pending` it takes the
    /// place of what was pending. Nothing is put as `previous`, and nothing as `pending` before there is a current version.
    ///
    /// - Returns: the new version.
    @discardableResult
    func put(_ value: SecretBytes, as name: String, at stage: SecretStage) async throws -> SecretVersion

    /// Gives a stage to a version that is there. Giving it `current` makes the version that was current the previous one, and takes
    /// `pending` from the version. `previous` only follows `current`.
    func move(_ stage: SecretStage, of name: String, to version: String) async throws

    /// Destroys the value of a version, whatever stages it bears: from then on the store refuses to give it.
    func revoke(_ version: String, of name: String) async throws
}

extension SecretStore {
    /// The value in use.
    public func secret(named name: String) async throws -> SecretBytes {
        try await value(of: name, at: .current).bytes
    }

    /// Looks for changes of a secret's versions again and again.
    ///
    /// - Parameter interval: between two looks; a change is seen after at most this and the time that the store takes to answer.
    public func changes(of name: String, every interval: Duration) -> SecretChanges {
        SecretChanges(store: self, name: name, interval: interval)
    }

    /// Runs what a driver does about one secret, within `StoreOperation.longest`, and tells in its errors which secret of which store it was about.
    package func about<Value>(_ name: String, _ body: () async throws -> Value) async throws -> Value {
        do {
            try SecretRules.check(name: name)
            return try await StoreOperation.bounded(body)
        } catch let cause as SecretStoreError.Cause {
            throw SecretStoreError(store: kind, secret: name, cause: cause)
        }
    }
}
