/// A connection as the pool's decisions see it.
protocol PoolMember: AnyObject, Sendable {
    var id: UInt64 { get }
    /// Calls in flight.
    var inFlight: Int { get }
    /// Changes with every call.
    var begun: UInt32 { get }
}
