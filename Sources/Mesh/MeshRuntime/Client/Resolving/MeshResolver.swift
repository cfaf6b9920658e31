/// Finds the addresses of a mesh peer. A client asks again from time to time, and when connections are lost.
public protocol MeshResolver: Sendable {
    /// The answer is always the same: it is asked for once.
    var isFixed: Bool { get }

    /// All addresses of the peer, in any order. None counts as a failure: the client goes on with those it has.
    ///
    /// - Throws: anything; it goes to the log. The client tries again, with a back-off. `ResolutionIncomplete` has addresses that it uses meanwhile.
    ///   A lookup that takes longer than `PoolLimits.resolveTimeout` is cancelled.
    func resolve() async throws -> [MeshEndpoint]
}

extension MeshResolver {
    public var isFixed: Bool { false }
}
