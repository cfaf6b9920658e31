internal import CoreMetrics
internal import MeshCall

/// Counts and times calls by method, code and peer.
///
/// The labels are `mesh_server_calls` (a counter), `mesh_server_call_duration` (a timer) and `mesh_server_active_calls` (a meter), and the same
/// with `client`. What a backend shows them as is its own affair: CryptoPulse's adds Prometheus's suffixes, `_total` to counters and `_seconds` to
/// timers; others may add none.
final class CallMetrics: Sendable {
    enum Side: String {
        case server, client
    }

    /// Combinations of method, code and peer told apart. Methods come from the `.proto`, codes are 17, peers have certificates.
    static let maximumSeries = 1000
    /// What stands for a method or a peer beyond it.
    static let other = "other"
    /// What stands for a method that there is none of, whatever its caller called it.
    static let unknown = "unknown"

    private let cache: SeriesCache<CallKey, CallSeries>
    private let active: any MeterHandler

    init(_ side: Side, _ factory: any MetricsFactory) {
        let label = "mesh_\(side.rawValue)"
        active = factory.makeMeter(label: "\(label)_active_calls", dimensions: [])
        cache = SeriesCache(limit: Self.maximumSeries, overflow: { CallKey(Self.other, Self.other, $0.code, Self.other) }) { key in
            CallSeries(
                calls: factory.makeCounter(label: "\(label)_calls", dimensions: key.dimensions),
                duration: factory.makeTimer(label: "\(label)_call_duration", dimensions: key.dimensions))
        }
    }

    func callBegan() {
        active.increment(by: 1)
    }

    /// - Parameter duration: nanoseconds.
    func callEnded(_ method: MethodDescriptor, _ code: StatusCode, peer: String, after duration: Int64) {
        let series = cache[CallKey(method.service, method.name, code, peer)]
        series.calls.increment(by: 1)
        series.duration.recordNanoseconds(duration)
        active.decrement(by: 1)
    }
}

extension CallMetrics {
    /// Counts a call that no handler had. Not timed: how long a refusal takes says nothing of the method.
    ///
    /// - Parameter method: nil for one that there is none of.
    func callRefused(_ method: MethodDescriptor?, _ code: StatusCode, peer: String) {
        let key = CallKey(method?.service ?? Self.unknown, method?.name ?? Self.unknown, code, peer)
        cache[key].calls.increment(by: 1)
    }
}

private struct CallSeries: Sendable {
    let calls: any CounterHandler
    let duration: any TimerHandler
}

private struct CallKey: Hashable, Sendable {
    let service: String
    let method: String
    let code: StatusCode
    let peer: String

    /// - Parameter code: one of gRPC's 17; a peer's invention counts as UNKNOWN.
    init(_ service: String, _ method: String, _ code: StatusCode, _ peer: String) {
        self.service = service
        self.method = method
        self.code = (0...16).contains(code.rawValue) ? code : .unknown
        self.peer = peer
    }

    /// Of a few bytes that tell most keys apart: hashing whole names would be most of the cost of looking a series up.
    func hash(into hasher: inout Hasher) {
        var word = UInt64(truncatingIfNeeded: code.rawValue) & 0xff
        Self.mix(method.utf8, into: &word)
        Self.mix(peer.utf8, into: &word)
        hasher.combine(word)
    }

    private static func mix(_ name: String.UTF8View, into word: inout UInt64) {
        word = word << 8 | UInt64(truncatingIfNeeded: name.count) & 0xff
        word = word << 8 | UInt64(name.first ?? 0)
        word = word << 8 | UInt64(name.last ?? 0)
    }

    var dimensions: [(String, String)] {
        [("service", service), ("method", method), ("code", code.description), ("peer", peer)]
    }
}
