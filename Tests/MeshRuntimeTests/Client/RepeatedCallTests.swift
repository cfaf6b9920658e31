import MeshCall
import MeshMessages
import MeshRuntime
import MeshWire
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

/// Calls that are made again, and calls that are not, over TLS.
struct RepeatedCallTests {
    /// Two servers of which whichever is called first loses its connections; the other answers with what the attempt says of itself.
    private func losingFleet(_ policy: MethodPolicy, _ runs: Tally<String>) async throws -> (TestFleet, Signal) {
        let entered = Signal()
        let isFirst = Mutex(true)
        let fleet = try await TestFleet.start(2) { number in
            [
                TestFleet.unary("Lose", policy) { _, context in
                    let first = isFirst.withLock { first in
                        defer { first = false }
                        return first
                    }
                    runs.add("run")
                    runs.add("server \(number)")
                    guard first else { return ByteBuffer(string: context.metadata["x-mesh-attempt"] ?? "first") }
                    entered.raise()
                    await untilCancelled()
                    return ByteBuffer()
                }
            ]
        }
        return (fleet, entered)
    }

    private func stopServerInUse(_ fleet: TestFleet, _ runs: Tally<String>) async {
        for number in fleet.servers.indices where runs["server \(number)"] > 0 { await fleet.servers[number].stop() }
    }

    @Test("a read whose connection is lost is made again on another address, and says that it is the second attempt")
    func lostRead() async throws {
        let runs = Tally<String>()
        let (fleet, entered) = try await losingFleet(TestFleet.readOnly, runs)
        let client = try await fleet.client()
        async let reply = client.read("Lose")
        await entered.wait()
        await stopServerInUse(fleet, runs)
        #expect(try await reply == "2")
        #expect(runs["server 0"] == 1 && runs["server 1"] == 1)
        await client.close()
        await fleet.stop()
    }

    @Test("a call that may not run twice is not made again when its connection is lost")
    func lostWrite() async throws {
        let runs = Tally<String>()
        let (fleet, entered) = try await losingFleet(TestMesh.policy, runs)
        let client = try await fleet.client()
        async let failed = failure { try await client.call("Lose") }
        await entered.wait()
        await stopServerInUse(fleet, runs)
        #expect(await failed?.reason == "CONNECTION_LOST")
        #expect(runs["run"] == 1)
        await client.close()
        await fleet.stop()
    }

    /// Of two servers one answers every Request with DRAINING.
    ///
    /// - Parameter domain: in whose name it says so.
    /// - Returns: the reasons of twenty calls' failures, and how often that server was asked.
    private func callsBesideDraining(domain: String) async throws -> (failures: [String?], asked: Int) {
        let info = try MeshV1.ErrorInfo(reason: "DRAINING", domain: domain).packed()
        let detail = MeshV1.AnyMessage(typeUrl: "type.googleapis.com/mesh.v1.ErrorInfo", value: info)
        let data = try MeshV1.Response(status: MeshV1.Status(code: 14, message: "", details: [detail])).packed()
        let asked = Tally<String>()
        let serving = try await TestMesh.start()
        let draining = try await RawServer.start(
            try await serving.authority.server(), greeting: ControlFrame.settings(.default).encoded
        ) { request in
            asked.add("")
            return FrameHeader(length: UInt32(data.count), streamID: request.streamID, type: .response, flags: .statusOnly).encoded + data
        }
        let endpoints = [serving.endpoint, MeshEndpoint(host: "127.0.0.1", port: draining.port)]
        var limits = ClientLimits()
        // Until there is a connection to the one that serves, attempts go to the other.
        limits.maximumAttempts = 100
        let client = MeshClient(
            resolver: FixedResolver(endpoints), tls: try await serving.authority.client(),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: LogRecorder().logger, limits: limits)
        var failures: [String?] = []
        for _ in 0..<20 {
            if let error = await failure({ try await client.call("Echo", "x") }) { failures.append(error.reason) }
        }
        await client.close()
        try await draining.stop()
        await serving.stop()
        return (failures, asked[""])
    }

    @Test("a request that a stopping server never had whole is made elsewhere, though the method may not run twice")
    func drainingMesh() async throws {
        let (failures, asked) = try await callsBesideDraining(domain: "")
        #expect(asked > 0)
        #expect(failures.isEmpty)
    }

    @Test("a service that says it was draining may have run the call")
    func drainingService() async throws {
        let (failures, asked) = try await callsBesideDraining(domain: "some.v1.Service")
        #expect(asked > 0)
        #expect(failures == Array(repeating: "DRAINING", count: asked))
    }

    @Test("the budget keeps a storm of repetitions small")
    func storm() async throws {
        let runs = Tally<String>()
        let fleet = try await TestFleet.start(1) { _ in
            [
                TestFleet.unary("Busy") { _, _ in
                    runs.add("run")
                    throw RPCError(.resourceExhausted, "busy", retryAfter: .zero)
                }
            ]
        }
        let client = try await fleet.client {
            $0.retry.initialBudget = 5
            $0.retry.budgetPerSecond = 0
            $0.retry.backoff = .milliseconds(1)
        }
        for _ in 0..<200 { #expect(await failure { try await client.read("Busy") }?.code == .resourceExhausted) }
        // 5 saved up, and a fifth of 200.
        #expect((240...245).contains(runs["run"]), "\(runs["run"]) runs")
        await client.close()
        await fleet.stop()
    }

    @Test("a server that asks for patience gets it")
    func retryAfter() async throws {
        let runs = Tally<String>()
        let fleet = try await TestFleet.start(1) { _ in
            [
                TestFleet.unary("Busy") { _, _ in
                    runs.add("run")
                    guard runs["run"] > 1 else { throw RPCError(.resourceExhausted, "busy", retryAfter: .milliseconds(150)) }
                    return ByteBuffer(string: "done")
                }
            ]
        }
        let client = try await fleet.client()
        let began = ContinuousClock.now
        #expect(try await client.read("Busy") == "done")
        #expect(.now - began >= .milliseconds(150))
        await client.close()
        await fleet.stop()
    }

    @Test("what the application says is not asked for again")
    func applicationError() async throws {
        let runs = Tally<String>()
        let fleet = try await TestFleet.start(1) { _ in
            [
                TestFleet.unary("Fail") { _, _ in
                    runs.add("run")
                    throw RPCError(.unavailable, "the exchange is closed")
                }
            ]
        }
        let client = try await fleet.client()
        #expect(await failure { try await client.read("Fail") }?.message == "the exchange is closed")
        #expect(runs["run"] == 1)
        await client.close()
        await fleet.stop()
    }

    // MARK: Streams

    private func countdown(_ policy: MethodPolicy) -> MethodDescriptor { TestMesh.descriptor("Count", .serverStreaming, policy) }

    /// Two servers: the first call of all sends `before` messages and then waits for its end.
    private func streamingFleet(
        _ method: MethodDescriptor, before: Int, _ runs: Tally<String>
    ) async throws -> (TestFleet, Signal) {
        let entered = Signal()
        let isFirst = Mutex(true)
        let fleet = try await TestFleet.start(2) { number in
            [
                MethodImplementation(
                    method,
                    .serverStreaming { _, sink, _ in
                        let first = isFirst.withLock { first in
                            defer { first = false }
                            return first
                        }
                        runs.add("run")
                        runs.add("server \(number)")
                        guard first else { return try await sink.send(ByteBuffer(string: "second")) }
                        for _ in 0..<before { try await sink.send(ByteBuffer(string: "first")) }
                        entered.raise()
                        await untilCancelled()
                    })
            ]
        }
        return (fleet, entered)
    }

    @Test("a stream that may run twice is made again before its first message")
    func streamBeforeFirst() async throws {
        let method = countdown(TestFleet.readOnly), runs = Tally<String>()
        let (fleet, entered) = try await streamingFleet(method, before: 0, runs)
        let client = try await fleet.client()
        async let read = {
            var messages: [String] = []
            for try await message in try await client.serverStreaming(method, ByteBuffer(), options: CallOptions()) {
                messages.append(String(buffer: message))
            }
            return messages
        }()
        await entered.wait()
        await stopServerInUse(fleet, runs)
        #expect(try await read == ["second"])
        await client.close()
        await fleet.stop()
    }

    @Test("a stream is not made again once its reader has a message, nor ever if it may not run twice", arguments: [true, false])
    func streamAfterFirst(mayRunTwice: Bool) async throws {
        let method = countdown(mayRunTwice ? TestFleet.readOnly : TestMesh.policy), runs = Tally<String>()
        let (fleet, entered) = try await streamingFleet(method, before: mayRunTwice ? 1 : 0, runs)
        let client = try await fleet.client()
        var messages = try await client.serverStreaming(method, ByteBuffer(), options: CallOptions()).makeAsyncIterator()
        if mayRunTwice {
            let first = try await messages.next()
            #expect(first.map { String(buffer: $0) } == "first")
        }
        await entered.wait()
        await stopServerInUse(fleet, runs)
        let error = await failure { try await messages.next() }
        #expect(error?.reason == "CONNECTION_LOST")
        #expect(runs["run"] == 1)
        await client.close()
        await fleet.stop()
    }

    // MARK: Hedging

    @Test("a read that takes long is answered by another server, and the slow attempt is cancelled")
    func hedge() async throws {
        let cancelled = Signal()
        let isFirst = Mutex(true)
        let fleet = try await TestFleet.start(2) { _ in
            [
                TestFleet.unary("Read") { _, context in
                    let first = isFirst.withLock { first in
                        defer { first = false }
                        return first
                    }
                    guard first else { return ByteBuffer(string: context.metadata["x-mesh-attempt"] ?? "first") }
                    await untilCancelled()
                    cancelled.raise()
                    return ByteBuffer()
                },
                TestMesh.echo,
            ]
        }
        let client = try await fleet.client()
        #expect(try await fleet.connected(by: client))
        #expect(try await client.read("Read", options: CallOptions(hedgeAfter: .milliseconds(20))) == "2")
        await cancelled.wait()
        await client.close()
        await fleet.stop()
    }

    @Test("what the first server says for good ends a hedged call, though the other attempt goes on")
    func hedgedRefusal() async throws {
        let cancelled = Signal(), hedged = Signal()
        let fleet = try await TestFleet.start(2) { _ in
            [
                TestFleet.unary("Read") { _, context in
                    guard context.metadata["x-mesh-attempt"] == nil else {
                        hedged.raise()
                        await untilCancelled()
                        cancelled.raise()
                        return ByteBuffer()
                    }
                    await hedged.wait()
                    throw RPCError(.notFound, "no such order", reason: "NO_ORDER")
                },
                TestMesh.echo,
            ]
        }
        let client = try await fleet.client()
        #expect(try await fleet.connected(by: client))
        let began = ContinuousClock.now
        let error = await failure { try await client.read("Read", options: CallOptions(timeout: .seconds(15), hedgeAfter: .milliseconds(1))) }
        #expect(error?.reason == "NO_ORDER")
        #expect(.now - began < .seconds(10))
        await cancelled.wait()
        await client.close()
        await fleet.stop()
    }

    @Test("hedging cuts the tail: with one slow server of two no read takes as long as that one")
    func tail() async throws {
        let slow: Duration = .milliseconds(400)
        let fleet = try await TestFleet.start(2) { number in
            [
                TestFleet.unary("Read") { message, _ in
                    if number == 0 { try await Task.pause(for: slow) }
                    return message
                }
            ]
        }
        let client = try await fleet.client {
            $0.hedgeAfter = .milliseconds(30)
            $0.retry.budgetRatio = 1
        }
        #expect(try await fleet.connected(by: client, calling: "Read"))
        var longest = Duration.zero
        for _ in 0..<30 {
            let began = ContinuousClock.now
            _ = try await client.read("Read")
            longest = max(longest, .now - began)
        }
        #expect(longest < slow, "\(longest)")
        await client.close()
        await fleet.stop()
    }

    @Test("a write is never hedged")
    func writeNotHedged() async throws {
        let runs = Tally<String>()
        let fleet = try await TestFleet.start(2) { _ in
            [
                TestMesh.unary("Write") { message, _ in
                    runs.add("run")
                    try await Task.pause(for: .milliseconds(100))
                    return message
                }
            ]
        }
        let client = try await fleet.client()
        for _ in 0..<3 { _ = try await client.call("Write", options: CallOptions(hedgeAfter: .milliseconds(1))) }
        #expect(runs["run"] == 3)
        await client.close()
        await fleet.stop()
    }
}
