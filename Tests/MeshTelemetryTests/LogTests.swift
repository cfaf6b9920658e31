import InMemoryTracing
import Logging
import MeshCall
import MeshTelemetry
import TestSupport
import Testing

struct LogTests {
    @Test("At debug level each finished call is one line at each end, at info level none")
    func finishedCalls() async throws {
        for (level, expected) in [(Logger.Level.debug, 2), (.info, 0)] {
            let log = LogRecorder(level: level)
            let server = TestMesh.server([TestMesh.unary("Echo") { text, _ in text }], [ServerTelemetry(logger: log.logger)], log: log)
            let channel = server.channel(as: TestMesh.peer("gateway")).through(ClientTelemetry(peer: "execution", logger: log.logger))
            _ = try await channel.call("Echo", options: CallOptions(metadata: ["x-request-id": "r1"]))
            #expect(log.lines.count == expected, "\(log.lines)")
            guard expected > 0 else { continue }
            let served = try #require(log.lines.first { $0.hasPrefix("debug call served") })
            #expect(served.contains("code=OK") && served.contains("peer=gateway") && served.contains("request_id=r1"))
            #expect(served.contains("microseconds=") && served.contains("method=/test.v1.Test/Echo"))
            #expect(log.lines.contains { $0.hasPrefix("debug call made") && $0.contains("peer=execution") })
        }
    }

    @Test("A handler's lines bear the ids of its trace, with a tracer those of its span")
    func traceIDs() async throws {
        let log = LogRecorder(level: .info, provider: .meshTrace)
        let method = TestMesh.unary("Log") { text, context in
            context.logger.info("here")
            return text
        }
        let options = CallOptions(metadata: ["traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"])
        _ = try await TestMesh.server([method], [ServerTelemetry()], log: log).channel(as: TestMesh.peer("gateway")).call("Log", options: options)
        let tracer = W3CTracer()
        _ = try await TestMesh.server([method], [ServerTelemetry(tracer: tracer)], log: log).channel(as: TestMesh.peer("gateway"))
            .call("Log", options: options)
        _ = try await TestMesh.server([method], [ServerTelemetry()], log: log).channel(as: TestMesh.peer("gateway")).call("Log")
        try #require(log.lines.count == 3)
        #expect(log.lines[0].contains("trace_id=0af7651916cd43dd8448eb211c80319c") && log.lines[0].contains("span_id=b7ad6b7169203331"))
        let span = try #require(tracer.finished.first)
        #expect(log.lines[1].contains("trace_id=0af7651916cd43dd8448eb211c80319c") && log.lines[1].contains("span_id=\(span.spanID)"))
        #expect(!log.lines[2].contains("trace_id"))
    }

    @Test("Each refused call is exactly one line, whatever refused it, with its caller's request id")
    func refusals() async {
        struct NoToken: TokenAuthenticator {
            struct Cause: Error {}
            func authenticate(bearer token: String, accepting accepted: [TokenType]) async throws -> Principal {
                throw RPCError(.unauthenticated, "The token is not valid.", reason: "TOKEN_INVALID")
            }
        }
        let log = LogRecorder(level: .info)
        let policy = MethodPolicy(callers: ["gateway"], tokens: [.access], defaultDeadline: .seconds(5))
        let method = MethodImplementation(
            MethodDescriptor(service: TestMesh.service, name: "Personal", kind: .unary, policy: policy), .unary { bytes, _ in bytes })
        let server = TestMesh.server([method], [ServerTelemetry()], authenticator: NoToken(), log: log)
        let gateway = server.channel(as: TestMesh.peer("gateway"))
        let calls: [(any CallChannel, String, Metadata)] = [
            (server.channel(as: TestMesh.peer("stranger")), "Personal", [:]), (gateway, "Personal", [:]),
            (gateway, "Personal", ["authorization": "Bearer x"]), (gateway, "Unheard", [:]),
        ]
        for (index, call) in calls.enumerated() {
            var options = CallOptions(metadata: call.2)
            options.metadata.append("r\(index)", for: "x-request-id")
            _ = await failure { try await call.0.call(call.1, options: options) }
            #expect(log.lines.count == index + 1, "\(log.lines)")
            #expect(log.lines.last?.hasPrefix("warning call refused") == true)
            #expect(log.lines.last?.contains("request_id=r\(index)") == true)
        }
    }
}
