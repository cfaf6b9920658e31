import Logging
import MeshCall
import MeshMessages
import MeshRuntime
import NIOCore
import Testing

struct HealthServiceTests {
    private let health = HealthService(services: ["test.v1.Test"])
    private let client: MeshV1.HealthClient

    init() {
        let server = InProcessServer(services: [.health(health)], authenticator: nil, logger: Logger(label: "test"))
        client = MeshV1.HealthClient(server.channel(as: Self.peer))
    }

    private static let peer = PeerIdentity(spiffeID: "spiffe://development.cryptopulse.internal/operator", name: "operator")
    private static let options = CallOptions(timeout: .seconds(30))

    private func ask(_ service: String = "") async throws -> MeshV1.HealthCheckResponse {
        try await client.check(MeshV1.HealthCheckRequest(service: service), options: Self.options)
    }

    private func watch(_ service: String = "") async throws -> MessageStream<MeshV1.HealthCheckResponse> {
        try await client.watch(MeshV1.HealthCheckRequest(service: service), options: Self.options)
    }

    private static func notServing(_ reason: String) -> MeshV1.HealthCheckResponse {
        MeshV1.HealthCheckResponse(status: .notServing, reason: reason)
    }

    // MARK: - Check

    private struct Passing: ServerInterceptor {
        func intercept(_ context: ServerContext, next: @Sendable (ServerContext) async throws -> Void) async throws {
            try await next(context)
            context.response.trailing = ["through": "yes"]
        }
    }

    @Test("A typed reply comes through an interceptor, which may add trailers after the handler")
    func intercepted() async throws {
        let server = InProcessServer(
            services: [.health(HealthService())], authenticator: nil, interceptors: [Passing()], logger: Logger(label: "test"))
        let check = MeshV1.HealthMethods.check
        let request = try ByteBuffer(packing: MeshV1.HealthCheckRequest())
        let reply = try await server.channel(as: Self.peer).unary(check, request, options: CallOptions(timeout: .seconds(5)))
        #expect(try MeshV1.HealthCheckResponse(unpacking: reply.message).status == .serving)
        #expect(reply.trailers["through"] == "yes")
    }

    @Test("serves until told otherwise")
    func serving() async throws {
        #expect(try await ask().status == .serving)
        #expect(try await ask("test.v1.Test").status == .serving)
    }

    @Test("says why a service or the process does not serve")
    func notServing() async throws {
        health.set("test.v1.Test", "no database")
        #expect(try await ask("test.v1.Test") == Self.notServing("no database"))
        #expect(try await ask().status == .serving)
        health.setProcess("draining")
        #expect(try await ask() == Self.notServing("draining"))
        health.setProcess(nil)
        health.set("test.v1.Test", nil)
        #expect(try await ask("test.v1.Test").status == .serving)
    }

    @Test("a service that is not here is unknown")
    func unknown() async throws {
        #expect(try await ask("other.v1.Other").status == .serviceUnknown)
    }

    // MARK: - Callers

    @Test("a program names the callers of its own health service: those may check and watch, and nobody else may, whom the .proto names included")
    func ownCallers() async throws {
        let service = ServiceDefinition.health(health, callers: ["visitor"])
        let server = InProcessServer(services: [service], authenticator: nil, logger: Logger(label: "test"))
        func client(_ name: String) -> MeshV1.HealthClient {
            MeshV1.HealthClient(server.channel(as: PeerIdentity(spiffeID: "spiffe://example.internal/\(name)", name: name)))
        }
        #expect(try await client("visitor").check(MeshV1.HealthCheckRequest(), options: Self.options).status == .serving)
        var states = try await client("visitor").watch(MeshV1.HealthCheckRequest(), options: Self.options).makeAsyncIterator()
        #expect(try await states.next()?.status == .serving)
        for name in ["stranger", "operator"] {
            let check = await #expect(throws: RPCError.self) {
                try await client(name).check(MeshV1.HealthCheckRequest(), options: Self.options)
            }
            #expect(check?.code == .permissionDenied && check?.reason == "CALLER_NOT_ALLOWED")
            let watch = await #expect(throws: RPCError.self) {
                for try await _ in try await client(name).watch(MeshV1.HealthCheckRequest(), options: Self.options) {}
            }
            #expect(watch?.code == .permissionDenied)
        }
    }

    @Test("with callers of its own, everything else of the policy is the .proto's")
    func ownCallersPolicy() {
        let methods = ServiceDefinition.health(health, callers: ["visitor"]).methods.map(\.descriptor)
        #expect(methods.map(\.path) == MeshV1.HealthMethods.all.map(\.path))
        for (own, declared) in zip(methods, MeshV1.HealthMethods.all) {
            var policy = declared.policy
            (policy.callers, policy.callersWithoutUser) = (["visitor"], ["visitor"])
            #expect(own.policy == policy && own.kind == declared.kind)
        }
    }

    // MARK: - Watch

    @Test("a watcher gets the present state at once, and then each change")
    func watchesChanges() async throws {
        health.setProcess("starting")
        var states = try await watch().makeAsyncIterator()
        #expect(try await states.next() == Self.notServing("starting"))
        health.setProcess(nil)
        #expect(try await states.next()?.status == .serving)
        // Another service's state, and the same state again, are no changes.
        health.set("test.v1.Test", "no database")
        health.setProcess(nil)
        health.setProcess("no disk")
        #expect(try await states.next() == Self.notServing("no disk"))
    }

    @Test("a watcher of one service sees that one and the process")
    func watchesOneService() async throws {
        var states = try await watch("test.v1.Test").makeAsyncIterator()
        #expect(try await states.next()?.status == .serving)
        health.set("test.v1.Test", "no database")
        #expect(try await states.next() == Self.notServing("no database"))
        health.setProcess("draining")
        #expect(try await states.next() == Self.notServing("draining"))
    }

    @Test("a service that is not here yet is watched until it is")
    func watchesUnknown() async throws {
        var states = try await watch("late.v1.Late").makeAsyncIterator()
        #expect(try await states.next()?.status == .serviceUnknown)
        health.set("late.v1.Late", nil)
        #expect(try await states.next()?.status == .serving)
    }

    @Test("a stop is told and ends the watch; nothing said later is heard")
    func stop() async throws {
        var states = try await watch().makeAsyncIterator()
        #expect(try await states.next()?.status == .serving)
        health.stop("draining")
        health.setProcess(nil)
        #expect(try await states.next() == Self.notServing("draining"))
        let error = try await #require(throws: RPCError.self) { _ = try await states.next() }
        #expect(error.code == .unavailable && error.reason == "STOPPING")
        #expect(try await ask() == Self.notServing("draining"))
    }

    @Test("a watcher that goes away is forgotten")
    func forgotten() async throws {
        var states: MessageStream<MeshV1.HealthCheckResponse>? = try await watch()
        var iterator = states?.makeAsyncIterator()
        _ = try await iterator?.next()
        #expect(health.watcherCount == 1)
        (iterator, states) = (nil, nil)
        while health.watcherCount > 0 { await Task.yield() }
    }

    @Test("a slow watcher gets the latest state, and little else")
    func slowWatcher() async throws {
        let sink = HeldSink()
        let watcher = Task { [health] in
            try await health.watch(MeshV1.HealthCheckRequest(), to: ResponseWriter(sink), context: Self.context)
        }
        var sent = sink.messages.makeAsyncIterator()
        #expect(await sent.next()?.status == .serving)
        // The watcher's first message is not taken yet: ten thousand changes fall together.
        for number in 1...10_000 { health.setProcess("reason \(number)") }
        sink.release()
        #expect(await sent.next() == Self.notServing("reason 10000"))
        sink.release()
        watcher.cancel()
        await #expect(throws: CancellationError.self) { try await watcher.value }
        sink.finish()
        #expect(await sent.next() == nil)
        #expect(health.watcherCount == 0)
    }

    @Test("more watchers than the limit are refused")
    func tooMany() async throws {
        let sink = OpenSink()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<HealthService.maximumWatchers {
                group.addTask { [health] in
                    try? await health.watch(MeshV1.HealthCheckRequest(), to: ResponseWriter(sink), context: Self.context)
                }
            }
            while health.watcherCount < HealthService.maximumWatchers { await Task.yield() }
            let error = await #expect(throws: RPCError.self) {
                try await health.watch(MeshV1.HealthCheckRequest(), to: ResponseWriter(sink), context: Self.context)
            }
            #expect(error?.code == .resourceExhausted)
            group.cancelAll()
        }
    }

    private static var context: ServerContext {
        ServerContext(
            method: MeshV1.HealthMethods.watch, peer: peer, deadline: .now + .seconds(30),
            logger: Logger(label: "test"))
    }
}

/// Shows each message, and returns from `send` when told to: a reader whose window is full.
private final class HeldSink: ResponseSink {
    let messages: AsyncStream<MeshV1.HealthCheckResponse>
    private let sent: AsyncStream<MeshV1.HealthCheckResponse>.Continuation
    private let releases: AsyncStream<Void>
    private let released: AsyncStream<Void>.Continuation

    init() {
        (messages, sent) = AsyncStream.makeStream()
        (releases, released) = AsyncStream.makeStream()
    }

    func send(_ message: ByteBuffer) async throws {
        sent.yield(try MeshV1.HealthCheckResponse(unpacking: message))
        for await _ in releases { return }
    }

    func release() {
        released.yield()
    }

    func finish() {
        sent.finish()
    }
}

private final class OpenSink: ResponseSink {
    func send(_ message: ByteBuffer) async throws {}
}
