/// For the log: why a name has no address.
public struct ResolutionFailed: Error, CustomStringConvertible {
    /// The name that was looked up.
    public let host: String
    /// What the system said.
    public let reason: String
    /// The name may be there all the same: nobody could be asked, or who was asked knew no answer. False when it is said to have no address.
    public let isTemporary: Bool

    public init(host: String, reason: String, isTemporary: Bool) {
        self.host = host
        self.reason = reason
        self.isTemporary = isTemporary
    }

    public var description: String { "\(host): \(reason)" }
}

/// Thrown by a resolver that has addresses but could not ask for all of them. A client uses them, says once what is missing, and asks again with a
/// back-off.
public struct ResolutionIncomplete: Error, CustomStringConvertible {
    /// Those that were found, and those that are best for what could not be looked up: as a rule its last ones.
    public let endpoints: [MeshEndpoint]
    /// What could not be looked up; not empty.
    public let failures: [ResolutionFailed]

    public init(endpoints: [MeshEndpoint], failures: [ResolutionFailed]) {
        self.endpoints = endpoints
        self.failures = failures
    }

    public var description: String { failures.map(\.description).joined(separator: "; ") }
}

/// For the log: a resolver answered with nothing.
struct NoAddresses: Error, CustomStringConvertible {
    var description: String { "no addresses" }
}

/// For the log: a resolver did not answer in time.
struct LookupTimedOut: Error, CustomStringConvertible {
    let limit: Duration
    /// Lookups that have not returned.
    let hanging: Int
    /// There are as many as may be: no other begins before one of them returns.
    let isLast: Bool

    var description: String {
        "no answer in \(limit)" + (isLast ? "; \(hanging) lookups hang, no other begins before one of them returns" : "")
    }
}
