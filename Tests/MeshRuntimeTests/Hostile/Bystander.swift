import Foundation
import MeshCall
import MeshRuntime
import Testing

/// Somebody who goes about his business while a peer misbehaves.
struct Bystander {
    struct Disturbance {
        /// p99 of the bystander's calls, medians of some rounds.
        let quiet: Duration
        let attacked: Duration
        /// How late the machine let an idle thread run during the attack; p99, the median of the rounds.
        let late: Duration
        /// Private memory of the process, server and peers, beyond what it was before, at its highest. In bytes.
        let memory: Int
    }

    private static let calls = 250
    /// A round ends after this time, however many calls it had.
    private static let roundTime = Duration.seconds(2)
    #if DEBUG
        /// Code that is not optimised takes some fifty times as long over a turn full of small frames: figures that count are had with
        /// `swift test -c release -Xswiftc -enable-testing`.
        private static let grain = Duration.milliseconds(500)
    #else
        /// What the scheduler of a shared machine may do to a percentile.
        private static let grain = Duration.milliseconds(3)
    #endif

    let client: MeshClient
    /// Bytes that each call has at least.
    var payload = 0

    /// Measures without the attack and during it, in turn. `attack` runs until its task is cancelled.
    ///
    /// - Parameter least: how long a round lasts at least.
    func disturbance(rounds: Int = 5, round least: Duration = .zero, _ attack: @escaping @Sendable () async throws -> Void) async throws -> Disturbance {
        _ = try await p99()
        let before = ProcessMemory.privateBytes
        var quiet: [Duration] = [], attacked: [Duration] = [], late: [Duration] = [], memory = 0
        let heartbeat = Heartbeat()
        for _ in 0..<rounds {
            quiet.append(try await p99(least))
            _ = heartbeat.takeLateness()
            let attacker = Task { try await attack() }
            attacked.append(try await p99(least))
            late.append(heartbeat.takeLateness())
            memory = max(memory, ProcessMemory.privateBytes - before)
            attacker.cancel()
            // An attacker whose connection was closed under his hands has failed, and was meant to.
            _ = await attacker.result
        }
        try await heartbeat.stop()
        return Disturbance(
            quiet: Self.median(quiet), attacked: Self.median(attacked), late: Self.median(late), memory: memory)
    }

    private static func median(_ values: [Duration]) -> Duration { values.sorted()[values.count / 2] }

    private func p99(_ least: Duration = .zero) async throws -> Duration {
        var latencies: [Duration] = [], refused = 0
        let clock = ContinuousClock()
        let begin = clock.now
        while latencies.count < Self.calls || clock.now - begin < least, clock.now - begin < Self.roundTime {
            let number = "\(latencies.count)"
            let text = number + String(repeating: "x", count: max(0, payload - number.utf8.count))
            var reply = ""
            latencies.append(
                try await clock.measure {
                    do {
                        reply = try await client.call("Echo", text)
                    } catch let error as RPCError where error.reason == RPCError.overloadedReason {
                        reply = ""
                    }
                })
            if reply.isEmpty { refused += 1 } else { #expect(reply == text) }
        }
        // An attacker who keeps the loop busy may cost others a call, but not many.
        #expect(refused <= latencies.count / 10)
        return latencies.sorted()[latencies.count * 99 / 100]
    }

    /// Says what was measured and expects it within the bounds.
    static func expectBearable(
        _ disturbance: Disturbance, _ name: String, memory bound: Int, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        print(
            "\(name): bystander's p99 \(disturbance.quiet) quiet, \(disturbance.attacked) attacked (machine late \(disturbance.late));",
            "\(disturbance.memory >> 10) KiB of memory")
        // A call and its answer wait for the machine twice.
        let allowed = max(disturbance.quiet * 2, disturbance.quiet + grain) + disturbance.late * 2
        #expect(disturbance.attacked <= allowed, sourceLocation: sourceLocation)
        #expect(disturbance.memory <= bound, sourceLocation: sourceLocation)
    }
}

/// What this process holds alone.
enum ProcessMemory {
    /// Bytes; 0 where the kernel does not tell.
    static var privateBytes: Int {
        guard let text = try? String(contentsOfFile: "/proc/self/smaps_rollup", encoding: .utf8) else { return 0 }
        return text.split(separator: "\n").filter { $0.hasPrefix("Private_Dirty:") }
            .compactMap { $0.split(separator: " ").dropFirst().first.flatMap { Int($0) } }
            .reduce(0, +) << 10
    }
}

/// What this process has open.
enum ProcessFiles {
    static var descriptors: [CInt] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []).compactMap { CInt($0) }
    }
}
