/// Knows the exchange's time, asking for it when it must. Callers that come together share one request.
actor ClockSynchronizer {
    private var clock: ServerClock?
    private var inFlight: Task<ServerClock, any Error>?

    /// - Parameter read: asks the exchange for its time.
    func clock(read: @escaping @Sendable () async throws -> ServerClock) async throws -> ServerClock {
        if let clock, clock.isFresh(at: .now) { return clock }
        if let inFlight { return try await inFlight.value }
        let task = Task { try await read() }
        inFlight = task
        defer { inFlight = nil }
        let fresh = try await task.value
        clock = fresh
        return fresh
    }

    /// Forgets a reading that the exchange found wrong.
    func forget(_ wrong: ServerClock) {
        if clock == wrong { clock = nil }
    }
}
