/// One operation of a secret store, with all requests that it takes: logins, repetitions, the several requests of one change.
package enum StoreOperation {
    /// For the whole of it.
    package static let longest = Duration.seconds(10)
    /// When it must be over; nil outside of one.
    @TaskLocal package static var end: ContinuousClock.Instant?

    /// One within another has no more time than that.
    static func bounded<Value>(_ body: () async throws -> Value) async throws -> Value {
        let mine = ContinuousClock.now + longest
        return try await $end.withValue(end.map { min($0, mine) } ?? mine) { try await body() }
    }
}
