public import FoundationEssentials

/// One version of a secret, without its value.
public struct SecretVersion: Sendable, Equatable {
    /// The store's own name for it. Means something within one secret of one store only.
    public let id: String
    public let stages: Set<SecretStage>
    /// When the store took it; nil where the store does not say.
    public let created: Date?
    /// The value is gone, or refused by this store for good.
    public let isRevoked: Bool

    public init(id: String, stages: Set<SecretStage> = [], created: Date?, isRevoked: Bool = false) {
        self.id = id
        self.stages = stages
        self.created = created
        self.isRevoked = isRevoked
    }

    /// Seconds since it was made, at least 0.
    public func age(at now: Date) -> TimeInterval? {
        created.map { max(now.timeIntervalSince($0), 0) }
    }
}

/// A secret's value, and which version it is.
public struct SecretValue: Sendable {
    public let bytes: SecretBytes
    public let version: SecretVersion

    public init(bytes: SecretBytes, version: SecretVersion) {
        self.bytes = bytes
        self.version = version
    }
}
