internal import FoundationEssentials
internal import Secrets

/// Versions of a secret as AWS lists them.
struct AWSVersions: Sendable {
    struct Entry: Decodable, Sendable {
        var VersionId: String
        var VersionStages: [String]?
        /// Seconds since 1970.
        var CreatedDate: Double?
    }

    let entries: [Entry]

    /// The label of a stage.
    static func label(_ stage: SecretStage) -> String {
        switch stage {
        case .current: "AWSCURRENT"
        case .pending: "AWSPENDING"
        case .previous: "AWSPREVIOUS"
        }
    }

    /// A label of our own that marks a version as revoked: AWS has no call that destroys one. A label stands on one version only, so that
    /// each has its own.
    static func revocationLabel(_ version: String) -> String { "CRYPTOPULSE_REVOKED_\(version)" }

    /// Stands on a version while it is on its way to be current.
    static let newLabel = "CRYPTOPULSE_NEW"

    static func version(_ id: String, labels: [String], created: Double?) -> SecretVersion {
        SecretVersion(
            id: id, stages: Set(SecretStage.allCases.filter { labels.contains(label($0)) }),
            created: created.flatMap(date), isRevoked: labels.contains(revocationLabel(id)))
    }

    /// nil for what is no time of this millennium or the next.
    private static func date(_ seconds: Double) -> Date? {
        (0..<32_503_680_000).contains(seconds) ? Date(timeIntervalSince1970: seconds) : nil
    }

    /// Newest first. Versions that lost every label are AWS's to clean up, and are not shown.
    var versions: [SecretVersion] {
        entries.filter { !($0.VersionStages ?? []).isEmpty }
            .sorted { ($0.CreatedDate ?? 0, Self.rank($0)) > ($1.CreatedDate ?? 0, Self.rank($1)) }
            .map { Self.version($0.VersionId, labels: $0.VersionStages ?? [], created: $0.CreatedDate) }
    }

    /// Of versions made in the same second the pending is the newest, then the current.
    private static func rank(_ entry: Entry) -> Int {
        let stages: [SecretStage] = [.previous, .current, .pending]
        return stages.lastIndex { entry.VersionStages?.contains(label($0)) == true } ?? -1
    }

    func bearer(of stage: SecretStage) -> String? {
        entries.first { $0.VersionStages?.contains(Self.label(stage)) == true }?.VersionId
    }

    func contains(_ version: String) -> Bool {
        entries.contains { $0.VersionId == version }
    }
}
