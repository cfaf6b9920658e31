internal import MeshCall

extension StoredKeyring: ManagedKeys {
    public nonisolated var kind: KeyKind { plan.kind }

    public func follow() async throws { try await run() }

    public func records(gone: Bool, limit: Int) async throws -> [KeyRecord] {
        Array(history.entries.values.map(\.record).filter { gone || $0.state != .gone }.sorted { $0.createdAt > $1.createdAt }.prefix(limit))
    }

    public func rotate(_ id: String?, _ change: KeyChange) async throws -> KeyOutcome {
        if let id, id != history.active?.id { throw RPCError.unknownKey }
        return try await rotate(by: change)
    }

    public func revoke(_ id: String, _ change: KeyChange) async throws -> KeyOutcome {
        try await revoke(id, by: change)
    }
}
