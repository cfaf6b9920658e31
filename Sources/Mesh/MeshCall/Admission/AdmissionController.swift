package import NIOCore
internal import Synchronization

/// Refuses calls before a server's latency collapses. Shared by all connections of a server.
///
/// It looks at both places where calls queue. What waits for a busy event loop is `LoopDelay`'s: it knows handlers that keep the loop, whose
/// queue stands in socket buffers. What waits for anything behind a handler, a pool of workers, a database, another service, is
/// `ConcurrencyLimit`'s, for each method apart.
package final class AdmissionController: Sendable {
    private let limits: AdmissionLimits
    private let gates = Mutex<[AdmissionGate]>([])
    private let lanes = Mutex<[ObjectIdentifier: AdmissionLane]>([:])

    package init(_ limits: AdmissionLimits) {
        self.limits = limits
    }

    func gate(for method: MethodDescriptor) -> AdmissionGate {
        let gate = AdmissionGate(method, limits)
        gates.withLock { $0.append(gate) }
        return gate
    }

    /// The one of `loop`'s connections.
    package func lane(for loop: any EventLoop) -> AdmissionLane {
        lanes.withLock { lanes in
            if let lane = lanes[ObjectIdentifier(loop)] { return lane }
            let lane = AdmissionLane(loop, limits)
            lanes[ObjectIdentifier(loop)] = lane
            return lane
        }
    }

    package var statistics: AdmissionStatistics {
        AdmissionStatistics(
            methods: gates.withLock { $0 }.map(\.statistics),
            refusedForDelay: lanes.withLock { Array($0.values) }.reduce(0) { $0 + $1.refusals })
    }
}
