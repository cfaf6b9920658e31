/// Which connections a client keeps.
public struct PoolLimits: Sendable {
    /// Addresses used at once. A peer with more is used by each client in a part of its own.
    public var maximumAddresses = 16
    /// Addresses of a resolver's answer that are looked at.
    public var maximumResolvedAddresses = 1024
    /// Connections to one address. The first is made when a call needs one; more when `callsPerConnection` are in flight on the
    /// least loaded of two.
    public var connectionsPerAddress = 1
    /// Calls in flight on the least loaded of two connections that ask for one more.
    public var callsPerConnection = 32
    /// Makes all connections at once when the client is made, and again whenever one is lost.
    public var isWarm = false
    /// A connection beyond the first of its address is closed when it carried no call for this time, unless `isWarm`.
    public var idleTimeout: Duration = .seconds(60)
    /// A connection is replaced when it is this old, so that renewed certificates come into use; its calls go on to their end.
    public var maximumAge: Duration = .seconds(3600)
    /// Part of `maximumAge` by which ages differ, 0 to 1.
    public var ageJitter = 0.1
    /// How long calls may go on over a connection that was replaced or whose address is gone.
    public var drainTimeout: Duration = .seconds(600)
    /// Lost connections are replaced without waiting for a call as long as there was one in this time.
    public var activePeriod: Duration = .seconds(30)
    /// Connections that are lost twice before they are this old count as failures to connect.
    public var stableAge: Duration = .seconds(1)
    /// How often the connections are looked after.
    public var maintenanceInterval: Duration = .seconds(1)
    /// How often names are looked up again.
    public var resolveInterval: Duration = .seconds(30)
    /// The least time between two lookups, whatever happens.
    public var minimumResolveInterval: Duration = .seconds(1)
    /// How long a lookup may take, and calls wait for it: then it has failed, is cancelled, and another begins after a back-off.
    public var resolveTimeout: Duration = .seconds(10)
    /// Lookups that have not returned, with those that took too long and do not heed their cancellation; at least 1. While there are so many none
    /// begins: what hangs for ever holds a bounded number of tasks.
    public var maximumLookups = 3

    public init() {}
}
