/// When the server asks a connection's peer to leave, and when it stops waiting for the calls that still run. A pure value.
struct ConnectionLifetime: Equatable {
    enum Reason: String {
        case age = "the connection reached its age"
        case certificate = "the peer's certificate ended"
    }

    /// The longest wait for a certificate's end: a year. One that lives longer is looked at again by the next connection.
    private static let longestWait = Duration.seconds(365 * 86_400)

    /// From the handshake to the drain.
    let drainAfter: Duration
    /// From the drain to the close.
    let grace: Duration
    let reason: Reason

    /// - Parameters:
    ///   - certificateLeft: how long the peer's certificate is still valid; nil where that does not matter.
    ///   - jitter: 0 takes the shortest age, 1 the longest, so that the connections of one moment do not all leave in another.
    init(certificateLeft: Duration?, jitter: Double, _ limits: ServerLimits) {
        let shortest = limits.maximumConnectionAge * (1 - ServerLimits.ageJitter)
        let age = shortest + limits.maximumConnectionAge * (2 * ServerLimits.ageJitter * jitter)
        let left = min(max(.zero, certificateLeft ?? Self.longestWait), Self.longestWait)
        if left < age {
            (drainAfter, grace, reason) = (left, limits.expiryGrace, .certificate)
        } else {
            // The certificate may end while calls go on.
            (drainAfter, grace, reason) = (age, min(limits.ageGrace, left - age + limits.expiryGrace), .age)
        }
    }
}
