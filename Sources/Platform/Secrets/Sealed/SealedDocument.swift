internal import FoundationEssentials

/// What a sealed file says: everything but the values in clear, so that `pulse` can list names and ages without the key. All of it stands
/// under the MAC of `SealedFile`.
struct SealedDocument: Codable, Equatable {
    static let format = "cryptopulse.sealed.v2"

    struct Version: Codable, Equatable {
        /// Counts up from 1 within one secret.
        var id: UInt64
        /// Seconds since 1970.
        var created: Int64
        var stages: Set<SecretStage>
        /// nil once revoked.
        var sealed: Data?
    }

    var format = Self.format
    /// Whose secrets these are: `execution`. A file of another service is refused.
    var owner: String
    /// Where they are good: `production`. A file of another environment is refused.
    var environment: String
    /// One more with every change: an older file put back is seen by a process that read a newer one.
    var generation: UInt64 = 0
    var wrappedKey: WrappedKey
    /// Versions oldest first.
    var secrets: [String: [Version]] = [:]
}

extension SealedDocument {
    static let maximumSecrets = 256
    /// Versions kept of one secret; the oldest without a stage goes first.
    static let maximumVersions = 16

    func stages(_ name: String) -> StageMap {
        var map: [SecretStage: String] = [:]
        for version in secrets[name] ?? [] {
            for stage in version.stages { map[stage] = String(version.id) }
        }
        return StageMap(map)
    }

    mutating func set(_ map: StageMap, _ name: String) {
        secrets[name] = secrets[name]?.map { version in
            var version = version
            version.stages = map.stages(of: String(version.id))
            return version
        }
    }

    /// Adds a version; the caller gives it its stage.
    ///
    /// - Throws: `limit`.
    mutating func append(_ name: String, created: Int64, seal: (UInt64) throws -> Data) throws -> UInt64 {
        guard secrets[name] != nil || secrets.count < Self.maximumSecrets else {
            throw SecretStoreError.Cause.limit("the store holds \(Self.maximumSecrets) secrets")
        }
        let (id, overflow) = (secrets[name]?.last?.id ?? 0).addingReportingOverflow(1)
        guard !overflow else { throw SecretStoreError.Cause.limit("version numbers are used up") }
        secrets[name, default: []].append(Version(id: id, created: created, stages: [], sealed: try seal(id)))
        return id
    }

    mutating func prune(_ name: String) {
        while let versions = secrets[name], versions.count > Self.maximumVersions, let oldest = versions.firstIndex(where: { $0.stages.isEmpty }) {
            secrets[name]?.remove(at: oldest)
        }
    }

    func index(_ name: String, _ id: String) throws(SecretStoreError.Cause) -> Int {
        guard let index = secrets[name]?.firstIndex(where: { String($0.id) == id }) else { throw .notFound }
        return index
    }
}
