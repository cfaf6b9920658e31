internal import FoundationEssentials
public import Secrets

/// Secrets in AWS Secrets Manager. Stages are AWS's own labels, and every request says which one it means.
///
/// A revoked version keeps its value at AWS, under a label by which this driver refuses it: AWS destroys versions in its own time only.
public struct AWSSecretStore: SecretStore {
    public let kind = "aws"
    private let client: AWSClient
    private let prefix: String

    /// Pages of versions read at most: AWS keeps about a hundred versions of a secret.
    private static let maximumPages = 10

    /// Takes the access key out of the environment, if it is there.
    ///
    /// - Throws: `SecretStoreError` for settings that cannot be used.
    public init(_ settings: AWSSettings) throws {
        try self.init(settings, limits: StoreLimits())
    }

    init(_ settings: AWSSettings, limits: StoreLimits) throws {
        do {
            client = try AWSClient(settings, limits: limits)
            prefix = try StorePath.checked(settings.prefix, "prefix")
        } catch let cause as SecretStoreError.Cause {
            throw SecretStoreError(store: "aws", secret: nil, cause: cause)
        }
    }

    public func value(of name: String, at stage: SecretStage) async throws -> SecretValue {
        struct Ask: Encodable, Sendable { var SecretId, VersionStage: String }
        struct Answer: Decodable {
            var VersionId: String
            var SecretBinary: Data?
            var SecretString: String?
            var VersionStages: [String]?
            var CreatedDate: Double?
        }
        return try await about(name) {
            let ask = Ask(SecretId: id(name), VersionStage: AWSVersions.label(stage))
            let answer = try await client.call("GetSecretValue", ask, as: Answer.self)
            let version = AWSVersions.version(answer.VersionId, labels: answer.VersionStages ?? [], created: answer.CreatedDate)
            guard !version.isRevoked else { throw SecretStoreError.Cause.revoked }
            guard version.stages.contains(stage) else { throw SecretStoreError.Cause.unavailable("its answer is of another stage") }
            var bytes = answer.SecretBinary.map(Array.init) ?? answer.SecretString.map { Array($0.utf8) } ?? []
            try SecretRules.check(size: bytes.count)
            return SecretValue(bytes: SecretBytes(taking: &bytes), version: version)
        }
    }

    public func versions(of name: String) async throws -> [SecretVersion] {
        try await about(name) {
            let versions = try await list(name).versions
            guard !versions.isEmpty else { throw SecretStoreError.Cause.notFound }
            return versions
        }
    }

    @discardableResult
    public func put(_ value: SecretBytes, as name: String, at stage: SecretStage) async throws -> SecretVersion {
        try await about(name) {
            try SecretRules.check(putting: value, at: stage)
            let version =
                stage == .current ? try await addCurrent(value, name) : try await addPending(value, name)
            return SecretVersion(id: version, stages: [stage], created: Date())
        }
    }

    public func move(_ stage: SecretStage, of name: String, to version: String) async throws {
        try await about(name) {
            try SecretRules.check(assigning: stage)
            let listed = try await list(name)
            guard let found = listed.versions.first(where: { $0.id == version }) else { throw SecretStoreError.Cause.notFound }
            guard !found.isRevoked else { throw SecretStoreError.Cause.revoked }
            if stage == .current { return try await makeCurrent(version, name) }
            guard !found.stages.contains(.current) else { throw SecretStoreError.Cause.unusable("the version in use cannot be pending") }
            try await move(AWSVersions.label(stage), to: version, from: listed.bearer(of: stage), name)
            if found.stages.contains(.previous) { try await move(AWSVersions.label(.previous), to: nil, from: version, name) }
        }
    }

    public func revoke(_ version: String, of name: String) async throws {
        try await about(name) {
            guard try await list(name).contains(version) else { throw SecretStoreError.Cause.notFound }
            try await move(AWSVersions.revocationLabel(version), to: version, from: nil, name)
        }
    }
}

extension AWSSecretStore {
    private func id(_ name: String) -> String { "\(prefix)/\(name)" }

    private func list(_ name: String) async throws -> AWSVersions {
        struct Ask: Encodable, Sendable {
            var SecretId: String
            var IncludeDeprecated = true
            var NextToken: String?
        }
        struct Answer: Decodable {
            var Versions: [AWSVersions.Entry]?
            var NextToken: String?
        }
        // Implementations differ in what they say to the second of these about a secret that is not there.
        try await describe(name)
        var entries: [AWSVersions.Entry] = []
        var ask = Ask(SecretId: id(name))
        for _ in 0..<Self.maximumPages {
            let answer = try await client.call("ListSecretVersionIds", ask, as: Answer.self)
            entries += answer.Versions ?? []
            guard let next = answer.NextToken, !next.isEmpty else { break }
            ask.NextToken = next
        }
        return AWSVersions(entries: entries)
    }

    /// - Throws: `notFound` when AWS does not know the secret.
    private func describe(_ name: String) async throws {
        struct Ask: Encodable, Sendable { var SecretId: String }
        struct Answer: Decodable {}
        _ = try await client.call("DescribeSecret", Ask(SecretId: id(name)), as: Answer.self)
    }

    private func createIfMissing(_ name: String) async throws {
        struct Ask: Encodable, Sendable { var Name, ClientRequestToken: String }
        struct Answer: Decodable {}
        do {
            try await describe(name)
        } catch SecretStoreError.Cause.notFound {
            do {
                _ = try await client.call("CreateSecret", Ask(Name: id(name), ClientRequestToken: UUID().uuidString), as: Answer.self)
            } catch SecretStoreError.Cause.conflict {
                // Somebody else made it meanwhile, or the answer to an earlier attempt was lost.
            }
        }
    }

    private func addPending(_ value: SecretBytes, _ name: String) async throws -> String {
        let listed = try await list(name)
        try SecretRules.check(pendingAfter: listed.bearer(of: .current))
        // Implementations differ in whether the new version takes the label from the one before: it is taken off first.
        if let before = listed.bearer(of: .pending) { try await move(AWSVersions.label(.pending), to: nil, from: before, name) }
        return try await add(value, name, label: AWSVersions.label(.pending))
    }

    /// Under a label of our own first: only a move takes AWSCURRENT away from the version before and makes that the previous one.
    private func addCurrent(_ value: SecretBytes, _ name: String) async throws -> String {
        try await createIfMissing(name)
        let version = try await add(value, name, label: AWSVersions.newLabel)
        try await makeCurrent(version, name)
        try await move(AWSVersions.newLabel, to: nil, from: version, name)
        return version
    }

    /// A repeated request with the same token makes one version.
    private func add(_ value: SecretBytes, _ name: String, label: String) async throws -> String {
        struct Ask: Encodable, Sendable {
            var SecretId, ClientRequestToken: String
            var SecretBinary: Data
            var VersionStages: [String]
        }
        struct Answer: Decodable { var VersionId: String }
        let ask = Ask(
            SecretId: id(name), ClientRequestToken: UUID().uuidString, SecretBinary: value.withUnsafeBytes { Data($0) },
            VersionStages: [label])
        return try await client.call("PutSecretValue", ask, as: Answer.self).VersionId
    }

    /// AWS itself makes the version that was current the previous one.
    private func makeCurrent(_ version: String, _ name: String) async throws {
        let listed = try await list(name)
        let current = listed.bearer(of: .current)
        if current != version { try await move(AWSVersions.label(.current), to: version, from: current, name) }
        if try await list(name).bearer(of: .pending) == version { try await move(AWSVersions.label(.pending), to: nil, from: version, name) }
    }

    private func move(_ label: String, to version: String?, from bearer: String?, _ name: String) async throws {
        struct Ask: Encodable, Sendable {
            var SecretId, VersionStage: String
            var MoveToVersionId, RemoveFromVersionId: String?
        }
        struct Answer: Decodable {}
        guard version != bearer else { return }
        let ask = Ask(SecretId: id(name), VersionStage: label, MoveToVersionId: version, RemoveFromVersionId: bearer)
        _ = try await client.call("UpdateSecretVersionStage", ask, as: Answer.self)
    }
}
