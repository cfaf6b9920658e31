public import FoundationEssentials
public import MeshCall
public import ServiceAPI

/// Serves `cryptopulse.keys.v1.Keys` over the keys of one process.
public struct KeysHandler: KeysV1.KeysHandler {
    /// Keys in one answer.
    static let mostKeys = 1000
    static let longestReason = 500

    let keys: [any ManagedKeys]
    let schedules: KeySchedules
    let clock: @Sendable () -> Date

    public init(_ keys: [any ManagedKeys], schedules: KeySchedules, clock: @escaping @Sendable () -> Date = { Date() }) {
        self.keys = keys
        self.schedules = schedules
        self.clock = clock
    }

    public func listKeys(_ request: KeysV1.ListKeysRequest, context: ServerContext) async throws -> KeysV1.ListKeysResponse {
        let asked = request.kind.isEmpty ? keys : [try find(request.kind)]
        var answer = KeysV1.ListKeysResponse()
        for kept in asked {
            let room = Self.mostKeys - answer.keys.count
            let records = try await kept.records(gone: request.gone, limit: room + 1)
            answer.keys += records.prefix(room).map { wire($0, kept.kind) }
            answer.truncated = answer.truncated || records.count > room
        }
        return answer
    }

    public func rotateKey(_ request: KeysV1.RotateKeyRequest, context: ServerContext) async throws -> KeysV1.RotateKeyResponse {
        let kept = try find(request.kind)
        let outcome = try await kept.rotate(request.id.isEmpty ? nil : request.id, KeyChange(context, reason: Self.reason(request.reason)))
        return KeysV1.RotateKeyResponse(key: wire(outcome.key, kept.kind), notes: outcome.notes)
    }

    public func revokeKey(_ request: KeysV1.RevokeKeyRequest, context: ServerContext) async throws -> KeysV1.RevokeKeyResponse {
        let kept = try find(request.kind)
        guard !request.id.isEmpty else { throw RPCError(.invalidArgument, "Say which key.", reason: "ID_MISSING") }
        let outcome = try await kept.revoke(request.id, KeyChange(context, reason: Self.reason(request.reason)))
        return KeysV1.RevokeKeyResponse(key: wire(outcome.key, kept.kind), notes: outcome.notes)
    }

    private func find(_ kind: String) throws -> any ManagedKeys {
        guard let kept = keys.first(where: { $0.kind.rawValue == kind }) else {
            let held = keys.isEmpty ? "none" : keys.map(\.kind.rawValue).sorted().joined(separator: ", ")
            throw RPCError(.notFound, "This process holds no such kind of key; it holds \(held).", reason: "UNKNOWN_KIND")
        }
        return kept
    }

    private static func reason(_ text: String) throws -> String {
        guard !text.isEmpty, text.count <= longestReason else {
            throw RPCError(.invalidArgument, "Say why, in at most \(longestReason) characters.", reason: "REASON_MISSING")
        }
        return text
    }

    private func wire(_ key: KeyRecord, _ kind: KeyKind) -> KeysV1.Key {
        let age = schedules[kind].age
        let isActive = key.state == .active && kind.ages
        return KeysV1.Key(
            kind: kind.rawValue, id: key.id, state: key.state.rawValue, userId: key.user ?? "", createdAt: key.createdAt,
            activatedAt: key.activatedAt ?? 0, retiredAt: key.retiredAt ?? 0, goneAt: key.goneAt ?? 0,
            dueAt: isActive ? (key.activatedAt ?? key.createdAt) + age.dueAfter * KeyAge.day : 0,
            age: isActive ? age.verdict(on: key, now: Int64(clock().timeIntervalSince1970)).word : "",
            rotationRequested: key.rotationRequested ?? "", store: key.store ?? "")
    }
}
