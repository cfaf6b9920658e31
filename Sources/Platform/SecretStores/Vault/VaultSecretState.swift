internal import FoundationEssentials
internal import Secrets

/// What Vault knows of one secret: its versions and, in its custom metadata, their stages.
struct VaultSecretState: Sendable {
    /// The number of the newest version, 0 before the first.
    let newest: Int
    let map: StageMap
    /// Whether the stages are written down, or guessed from the versions' order.
    let hasStages: Bool
    /// Custom metadata that is not ours.
    let others: [String: String]
    /// Newest first.
    let versions: [SecretVersion]

    init(_ metadata: VaultKVMetadata) {
        newest = max(metadata.current_version, 0)
        let custom = metadata.custom_metadata ?? [:]
        hasStages = SecretStage.allCases.contains { custom[$0.rawValue] != nil }
        others = custom.filter { SecretStage(rawValue: $0.key) == nil }
        let map = Self.stages(metadata)
        self.map = map
        versions = metadata.versions.compactMap { id, version in Int(id).map { ($0, version) } }.sorted { $0.0 > $1.0 }.map { id, version in
            SecretVersion(
                id: String(id), stages: map.stages(of: String(id)), created: RFC3339.date(version.created_time), isRevoked: version.isGone)
        }
    }

    func version(_ id: String) -> SecretVersion? {
        versions.first { $0.id == id }
    }

    private static func stages(_ metadata: VaultKVMetadata) -> StageMap {
        let custom = metadata.custom_metadata ?? [:]
        let named = SecretStage.allCases.compactMap { stage in custom[stage.rawValue].map { (stage, $0) } }
        guard named.isEmpty else { return StageMap(Dictionary(uniqueKeysWithValues: named)) }
        let left = metadata.versions.filter { !$0.value.isGone }.keys.compactMap { Int($0) }.sorted(by: >)
        return StageMap(Dictionary(uniqueKeysWithValues: zip([SecretStage.current, .previous], left.prefix(2).map(String.init))))
    }
}

/// Times as Vault writes them: `2026-11-25T19:00:00.123456789Z` (RFC 3339). Whole seconds are enough for an age.
enum RFC3339 {
    static func date(_ text: String) -> Date? {
        let whole = text.prefix { $0 != "." && $0 != "Z" }
        return try? Date(String(whole) + "Z", strategy: .iso8601)
    }
}
