public import CoreMetrics
public import MeshCall

/// Counts the calls that the policy refused or admission control sent away (`OVERLOADED`), by reason and peer, under the label
/// `mesh_server_refused_calls`. CryptoPulse's own metrics backend shows it as `mesh_server_refused_calls_total`; others may add no suffix.
public final class RefusalMetrics: RefusalObserver {
    /// Combinations of reason and peer told apart.
    public static let maximumSeries = 200

    private struct Key: Hashable {
        let reason: String
        let peer: String
    }

    private let next: (any RefusalObserver)?
    private let cache: SeriesCache<Key, any CounterHandler>

    /// - Parameters:
    ///   - factory: where the counters are; the process's by default, so set that up first.
    ///   - next: told of every refusal too.
    public init(_ factory: any MetricsFactory = MetricsSystem.factory, then next: (any RefusalObserver)? = nil) {
        self.next = next
        let other = Key(reason: CallMetrics.other, peer: CallMetrics.other)
        cache = SeriesCache(limit: Self.maximumSeries, overflow: { _ in other }) { key in
            factory.makeCounter(label: "mesh_server_refused_calls", dimensions: [("reason", key.reason), ("peer", key.peer)])
        }
    }

    /// Counts it, then tells the next observer.
    public func refused(_ refusal: CallRefusal) {
        cache[Key(reason: refusal.reason, peer: refusal.peer.name)].increment(by: 1)
        next?.refused(refusal)
    }

    /// As ``refused(_:)`` does.
    public func shed(_ method: MethodDescriptor?, of peer: PeerIdentity) {
        cache[Key(reason: RPCError.overloadedReason, peer: peer.name)].increment(by: 1)
        next?.shed(method, of: peer)
    }
}
