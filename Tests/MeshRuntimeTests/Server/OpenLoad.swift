import Foundation
import MeshCall
import NIOCore
import NIOPosix
import Synchronization
import TestSupport

/// Calls that come by chance at a given rate, whatever becomes of those before them. What they wait counts from when they were due, so
/// that a slow server, or this side, hides nothing.
final class OpenLoad: Sendable {
    struct Result: Sendable {
        /// Answers a second, of the calls that were due in the time that counts.
        var goodput = 0.0
        var refused = 0
        var failed: [String] = []
        /// Sorted.
        var latencies: [Duration] = []

        func percentile(_ part: Double) -> Duration {
            latencies.isEmpty ? .zero : latencies[min(latencies.count - 1, Int(Double(latencies.count) * part))]
        }
    }

    private struct State {
        var open = 0
        var isOver = false
        var result = Result()
    }

    private let state = Mutex(State())
    private let done = Signal()

    /// - Parameters:
    ///   - rate: calls a second.
    ///   - warmUp: calls due in this time do not count.
    static func run(
        rate: Double, for time: Duration, warmUp: Duration, _ call: @escaping @Sendable (Int) async throws -> Void
    ) async -> Result {
        let load = OpenLoad()
        let start = ContinuousClock.now + .milliseconds(5)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        var due = start, number = 0
        while due < start + warmUp + time {
            load.state.withLock { $0.open += 1 }
            let counts = due >= start + warmUp
            await pause(until: due, on: loop)
            Task { [due, number] in await load.call(due, counts) { try await call(number) } }
            due += .seconds(-log(1 - Double.random(in: 0..<1)) / rate)
            number += 1
        }
        load.state.withLock { $0.isOver = true }
        load.finishIfOver()
        await load.done.wait()
        return load.state.withLock { state in
            var result = state.result
            result.latencies.sort()
            result.goodput = Double(result.latencies.count) / (time / .seconds(1))
            return result
        }
    }

    private func call(_ due: ContinuousClock.Instant, _ counts: Bool, _ body: () async throws -> Void) async {
        let outcome: (any Error)?
        do {
            try await body()
            outcome = nil
        } catch {
            outcome = error
        }
        let latency = ContinuousClock.now - due
        state.withLock { state in
            state.open -= 1
            guard counts else { return }
            switch outcome {
            case nil: state.result.latencies.append(latency)
            case let error as RPCError where error.reason == RPCError.overloadedReason && error.retryAfter != nil: state.result.refused += 1
            case let error?: state.result.failed.append("\(error)")
            }
        }
        finishIfOver()
    }

    private func finishIfOver() {
        if state.withLock({ $0.isOver && $0.open == 0 }) { done.raise() }
    }
}

/// Comes back when it is time.
func pause(until time: ContinuousClock.Instant, on loop: any EventLoop) async {
    let left = time - .now
    guard left > .zero else { return }
    await withCheckedContinuation { waiter in
        _ = loop.scheduleTask(in: TimeAmount(left)) { waiter.resume() }
    }
}
