/// What admission control does at one moment.
public struct AdmissionStatistics: Sendable, Hashable {
    /// What admission knows of one method.
    public struct Method: Sendable, Hashable {
        /// `/cryptopulse.auth.v1.Auth/SignIn`
        public let path: String
        /// Calls whose handlers have begun and not returned.
        public let inProgress: Int
        /// Calls that may be in progress.
        public let limit: Int
        /// Calls refused because too many were in progress, since the server was made.
        public let refused: UInt64
        /// Mean latency without load; zero while unknown.
        public let unloadedLatency: Duration
        /// Mean latency of late; zero while unknown.
        public let latency: Duration
    }

    /// One for each method that has been called or may be.
    public let methods: [Method]
    /// Calls of any method refused because they had waited too long for a busy event loop, since the server was made.
    public let refusedForDelay: UInt64

    /// All calls refused since the server was made.
    public var refused: UInt64 { methods.reduce(refusedForDelay) { $0 + $1.refused } }
}
