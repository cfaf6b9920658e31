import MeshCall
import NIOCore
import Synchronization
import TestSupport
import Testing

struct InterceptorTests {
    private final class Trace: Sendable {
        private let recorded = Mutex<[String]>([])
        var steps: [String] { recorded.withLock { $0 } }
        func add(_ step: String) { recorded.withLock { $0.append(step) } }
    }

    private struct Tracer: ServerInterceptor, ClientInterceptor {
        let name: String
        let trace: Trace

        func intercept(_ context: ServerContext, next: @Sendable (ServerContext) async throws -> Void) async throws {
            trace.add("\(name) in")
            defer { trace.add("\(name) out") }
            try await next(context)
        }

        func unary(
            _ method: MethodDescriptor, options: CallOptions, next: @Sendable (CallOptions) async throws -> UnaryReply
        ) async throws -> UnaryReply {
            trace.add("\(name) in")
            defer { trace.add("\(name) out") }
            var options = options
            options.metadata.append(name, for: "through")
            return try await next(options)
        }
    }

    private struct Refusing: ServerInterceptor {
        func intercept(_ context: ServerContext, next: @Sendable (ServerContext) async throws -> Void) async throws {
            throw RPCError(.resourceExhausted, "Not today.", reason: "SHED")
        }
    }

    private struct Swallowing: ServerInterceptor {
        func intercept(_ context: ServerContext, next: @Sendable (ServerContext) async throws -> Void) async throws {}
    }

    @Test("server interceptors run around the handler, the first outermost")
    func serverOrder() async throws {
        let trace = Trace()
        let method = TestService.unary("Traced") { message, _ in
            trace.add("handler")
            return message
        }
        let server = TestService.server([method], interceptors: [Tracer(name: "a", trace: trace), Tracer(name: "b", trace: trace)])
        #expect(try await server.channel(as: TestService.gateway).call("Traced", "x") == "x")
        #expect(trace.steps == ["a in", "b in", "handler", "b out", "a out"])
    }

    @Test("an interceptor's error is the answer, and the handler does not run")
    func refusal() async {
        let server = TestService.server([TestService.echo], interceptors: [Refusing()])
        let error = await failure { try await server.channel(as: TestService.gateway).call("Echo") }
        #expect(error?.reason == "SHED")
    }

    @Test("an interceptor that neither fails nor goes on is INTERNAL, not an empty reply")
    func swallowed() async {
        let server = TestService.server([TestService.echo], interceptors: [Swallowing()])
        let error = await failure { try await server.channel(as: TestService.gateway).call("Echo") }
        #expect(error?.code == .internalError)
    }

    @Test("client interceptors run around the call, the first outermost, and may change its options")
    func clientOrder() async throws {
        let trace = Trace()
        let method = TestService.unary("Through") { _, context in
            ByteBuffer(string: context.metadata.values(for: "through").joined(separator: ","))
        }
        let channel = InterceptedChannel(
            TestService.server([method]).channel(as: TestService.gateway),
            interceptors: [Tracer(name: "a", trace: trace), Tracer(name: "b", trace: trace)])
        #expect(try await channel.call("Through") == "a,b")
        #expect(trace.steps == ["a in", "b in", "b out", "a out"])
    }

    @Test("a stream goes through interceptors too")
    func streams() async throws {
        let trace = Trace()
        let method = TestService.streaming("One") { _, sink, _ in try await sink.send(ByteBuffer(string: "1")) }
        let server = TestService.server([method], interceptors: [Tracer(name: "a", trace: trace)])
        var count = 0
        for try await _ in try await server.channel(as: TestService.gateway).stream("One") { count += 1 }
        #expect(count == 1)
        #expect(trace.steps == ["a in", "a out"])
    }
}
