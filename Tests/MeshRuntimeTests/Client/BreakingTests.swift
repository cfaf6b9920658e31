import MeshCall
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import MeshRuntime

/// Addresses that answer badly, over TLS.
@Suite(.timeLimit(.minutes(2)))
struct BreakingTests {
    @Test("an address that fails is left alone, and used again once a probe of it is answered")
    func recovers() async throws {
        let isBroken = Mutex(true)
        let served = Tally<Int>()
        let fleet = try await TestFleet.start(2) { number in
            [
                TestMesh.unary("Work") { message, _ in
                    served.add(number)
                    if number == 0, isBroken.withLock({ $0 }) { throw RPCError(.unavailable, "broken") }
                    return message
                }
            ]
        }
        let client = try await fleet.client {
            $0.breaker.consecutiveFailures = 3
            $0.breaker.ejection = .milliseconds(50)
            $0.breaker.maximumEjection = .milliseconds(100)
        }
        #expect(try await eventually {
            _ = try? await client.call("Work")
            return fleet.log.lines.contains { $0.contains("address left alone") && $0.contains("port=\(fleet.servers[0].port)") }
        })
        // While it is left alone it gets a probe now and then and nothing else.
        let before = served.all
        let end = ContinuousClock.now + .milliseconds(400)
        while .now < end { _ = try? await client.call("Work") }
        let broken = served[0] - (before[0] ?? 0), good = served[1] - (before[1] ?? 0)
        #expect((1...12).contains(broken), "\(broken)")
        #expect(good > broken * 3)
        isBroken.withLock { $0 = false }
        #expect(try await eventually {
            _ = try? await client.call("Work")
            return fleet.log.lines.contains { $0.contains("address is used again") }
        })
        let healed = served[0]
        for _ in 0..<100 { _ = try await client.call("Work") }
        #expect(served[0] - healed > 10)
        await client.close()
        await fleet.stop()
    }

    @Test("the only address is used whatever it answers, unless failing fast is asked for")
    func onlyAddress() async throws {
        let runs = Tally<String>()
        let fleet = try await TestFleet.start(1) { _ in
            [
                TestMesh.unary("Work") { _, _ in
                    runs.add("run")
                    throw RPCError(.unavailable, "broken")
                }
            ]
        }
        let steady = try await fleet.client()
        for _ in 0..<50 { #expect(await failure { try await steady.call("Work") }?.message == "broken") }
        #expect(runs["run"] == 50)
        await steady.close()
        let quick = try await fleet.client { $0.breaker.failsFast = true }
        for _ in 0..<8 { #expect(await failure { try await quick.call("Work") }?.message == "broken") }
        let error = await failure { try await quick.call("Work") }
        #expect(error?.reason == "CIRCUIT_OPEN")
        #expect(error?.retryAfter != nil)
        #expect(runs["run"] == 58)
        await quick.close()
        await fleet.stop()
    }

    @Test("errors of the application do not count")
    func applicationErrors() async throws {
        let fleet = try await TestFleet.start(2) { _ in
            [TestMesh.unary("Work") { _, _ in throw RPCError(.notFound, "no such order") }]
        }
        let client = try await fleet.client()
        for _ in 0..<100 { #expect(await failure { try await client.call("Work") }?.code == .notFound) }
        #expect(!fleet.log.lines.contains { $0.contains("address left alone") })
        await client.close()
        await fleet.stop()
    }

    @Test("an address where calls get no answer in time is left alone, and calls then are answered")
    func deadlines() async throws {
        let fleet = try await TestFleet.start(2) { number in
            [
                TestMesh.unary("Work") { message, _ in
                    if number == 0 { await untilCancelled() }
                    return message
                }
            ]
        }
        let client = try await fleet.client { $0.breaker.consecutiveFailures = 3 }
        #expect(try await eventually {
            _ = try? await client.call("Work", options: CallOptions(timeout: .milliseconds(50)))
            return fleet.log.lines.contains { $0.contains("address left alone") }
        })
        for _ in 0..<20 { #expect(try await client.call("Work", "x", options: CallOptions(timeout: .milliseconds(900))) == "x") }
        await client.close()
        await fleet.stop()
    }

    /// Serves `Work` and, once it is mended, streams that send one message and then nothing.
    private static func work(_ number: Int, isBroken: @escaping @Sendable () -> Bool) -> [MethodImplementation] {
        [
            TestMesh.unary("Work") { message, _ in
                if number == 0, isBroken() { throw RPCError(.unavailable, "broken") }
                return message
            },
            MethodImplementation(
                TestMesh.descriptor("Watch", .serverStreaming),
                .serverStreaming { _, sink, _ in
                    try await sink.send(ByteBuffer(string: "first"))
                    await untilCancelled()
                }),
            MethodImplementation(
                TestMesh.descriptor("Talk", .bidirectional),
                .bidirectional { _, sink, _ in
                    try await sink.send(ByteBuffer(string: "first"))
                    await untilCancelled()
                }),
        ]
    }

    @Test("a stream that has begun to answer is a good probe: its address is used again while it goes on")
    func streamAsProbe() async throws {
        let isBroken = Mutex(true)
        let fleet = try await TestFleet.start(2) { number in Self.work(number) { isBroken.withLock { $0 } } }
        let client = try await fleet.client {
            $0.breaker.consecutiveFailures = 3
            $0.breaker.ejection = .milliseconds(200)
        }
        #expect(try await eventually {
            _ = try? await client.call("Work")
            return fleet.log.lines.contains { $0.contains("address left alone") }
        })
        isBroken.withLock { $0 = false }
        // Only streams from here on, which stay open: the address is tried by one, then by another.
        let watch = TestMesh.descriptor("Watch", .serverStreaming)
        let readers = Mutex<[Task<Void, any Error>]>([])
        let isUsedAgain = try await eventually {
            let begun = Signal()
            let reader = Task {
                defer { begun.raise() }
                for try await _ in try await client.serverStreaming(watch, ByteBuffer(), options: CallOptions()) { begun.raise() }
            }
            readers.withLock { $0.append(reader) }
            await begun.wait()
            return fleet.log.lines.contains { $0.contains("address is used again") }
        }
        #expect(isUsedAgain)
        for reader in readers.withLock({ $0 }) { reader.cancel() }
        await client.close()
        await fleet.stop()
    }

    @Test("streams that were answered and reach the end of their time are no failures", arguments: [MethodDescriptor.Kind.serverStreaming, .bidirectional])
    func streamsInTime(_ kind: MethodDescriptor.Kind) async throws {
        let fleet = try await TestFleet.start(2) { number in Self.work(number) { false } }
        let client = try await fleet.client { $0.breaker.consecutiveFailures = 3 }
        let (watch, talk) = (TestMesh.descriptor("Watch", .serverStreaming), TestMesh.descriptor("Talk", .bidirectional))
        await withTaskGroup { group in
            for _ in 0..<20 {
                group.addTask {
                    // Long enough for a first message on a busy machine; one without it is not spoken of here.
                    let error = await failure {
                        let options = CallOptions(timeout: .seconds(3))
                        let replies =
                            if kind == .bidirectional {
                                try await client.bidirectional(talk, options: options).replies
                            } else {
                                try await client.serverStreaming(watch, ByteBuffer(), options: options)
                            }
                        for try await _ in replies {}
                    }
                    #expect(error?.code == .deadlineExceeded)
                }
            }
        }
        _ = try? await client.call("Work")
        #expect(!fleet.log.lines.contains { $0.contains("address left alone") })
        await client.close()
        await fleet.stop()
    }

    @Test("calls that this side refuses say nothing of the peer")
    func refusedHere() async throws {
        let mesh = try await TestMesh.start()
        let client = try await mesh.client()
        let options = CallOptions(metadata: ["x-long": String(repeating: "x", count: 1 << 20)])
        let error = try #require(await failure { try await client.call("Echo", options: options) })
        #expect(error.code == .resourceExhausted && error.isRefusedHere)
        #expect(CallOutcome(error, failures: BreakerLimits().failures) == .neutral)
        await client.close()
        await mesh.stop()
    }
}
