/// Lets callers who want the same thing at the same time share one piece of work.
actor SingleFlight<Key: Hashable & Sendable, Value: Sendable> {
    private var flights: [Key: Task<Value, any Error>] = [:]

    /// The work is not cancelled with its first caller: others may wait for it. It has a time limit of its own.
    func value(for key: Key, _ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        if let flight = flights[key] { return try await flight.value }
        let flight = Task { try await work() }
        flights[key] = flight
        defer { flights[key] = nil }
        return try await flight.value
    }
}
