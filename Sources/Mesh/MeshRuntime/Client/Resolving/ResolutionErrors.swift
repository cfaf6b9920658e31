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
