import Logging
import MeshCall
import MeshTelemetry
import MetricsTestKit
import NIOCore
import TestSupport
import Testing

struct MetricsTests {
    private let metrics = TestMetrics()

    private func channel(_ methods: [MethodImplementation], as peer: String = "gateway") -> any CallChannel {
        TestMesh.server(methods, [ServerTelemetry(metrics: metrics)]).channel(as: TestMesh.peer(peer))
            .through(ClientTelemetry(peer: "execution", metrics: metrics))
    }

    private func labels(_ method: String, _ code: String, _ peer: String) -> [(String, String)] {
        [("service", TestMesh.service), ("method", method), ("code", code), ("peer", peer)]
    }

    @Test("Calls are counted and timed by method, code and peer, at both ends")
    func calls() async throws {
        let channel = channel([
            TestMesh.unary("Echo") { text, _ in text }, TestMesh.unary("Fails") { _, _ in throw RPCError(.notFound, "No.") },
        ])
        for _ in 0..<3 { _ = try await channel.call("Echo") }
        _ = await failure { try await channel.call("Fails") }
        for (side, peer) in [("server", "gateway"), ("client", "execution")] {
            #expect(try metrics.expectCounter("mesh_\(side)_calls", labels("Echo", "OK", peer)).totalValue == 3)
            #expect(try metrics.expectCounter("mesh_\(side)_calls", labels("Fails", "NOT_FOUND", peer)).totalValue == 1)
            let times = try metrics.expectTimer("mesh_\(side)_call_duration", labels("Echo", "OK", peer)).values
            #expect(times.count == 3 && times.allSatisfy { $0 > 0 && $0 < 10_000_000_000 })
            #expect(try metrics.expectMeter("mesh_\(side)_active_calls").values.last == 0)
        }
    }

    @Test("Calls under way are counted while they are")
    func active() async throws {
        let outermost = Outermost()
        let method = TestMesh.streaming("Wait") { sink in
            try await sink.send(ByteBuffer(string: "1"))
            await untilCancelled()
        }
        let channel = TestMesh.server([method], [outermost, ServerTelemetry(metrics: metrics)]).channel(as: TestMesh.peer("gateway"))
        for try await _ in try await channel.stream("Wait") {
            #expect(try metrics.expectMeter("mesh_server_active_calls").values == [1])
            break
        }
        await outermost.over.wait()
        #expect(try metrics.expectMeter("mesh_server_active_calls").values == [1, 0])
        #expect(try metrics.expectCounter("mesh_server_calls", labels("Wait", "CANCELLED", "gateway")).totalValue == 1)
    }

    @Test("Codes that are none of gRPC's do not make series")
    func codes() async throws {
        let channel = channel([TestMesh.unary("Odd") { text, _ in throw RPCError(StatusCode(rawValue: Int32(text) ?? 0), "?") }])
        for code in [17, 99, -1, Int32.max] { _ = await failure { try await channel.call("Odd", "\(code)") } }
        for side in ["server", "client"] {
            #expect(metrics.counters(label: "mesh_\(side)_calls").count == 1)
            #expect(metrics.counterTotal(label: "mesh_\(side)_calls", dimensions: [("code", "UNKNOWN")]) == 4)
        }
    }

    @Test("Beyond the limit, methods and peers share one series")
    func bounded() async throws {
        let telemetry = ClientTelemetry(peer: "test", metrics: metrics)
        for index in 0..<1200 {
            _ = try await telemetry.unary(TestMesh.descriptor("M\(index)"), options: CallOptions()) { _ in UnaryReply(message: ByteBuffer()) }
        }
        #expect(metrics.counters(label: "mesh_client_calls").count == 1001)
        #expect(metrics.counterTotal(label: "mesh_client_calls") == 1200)
        #expect(metrics.counterTotal(label: "mesh_client_calls", dimensions: [("method", "other"), ("peer", "other")]) == 200)
    }

    @Test("Refusals are counted by reason and peer, and told to who else wants to know")
    func refusals() async {
        let next = RefusalMetrics(metrics)
        let server = TestMesh.server(
            [TestMesh.unary("Echo") { text, _ in text }], [ServerTelemetry(metrics: metrics)], refusals: RefusalMetrics(metrics, then: next))
        for _ in 0..<2 { _ = await failure { try await server.channel(as: TestMesh.peer("stranger")).call("Echo") } }
        #expect(
            metrics.counterTotal(label: "mesh_server_refused_calls", dimensions: [("reason", "CALLER_NOT_ALLOWED"), ("peer", "stranger")]) == 4)
    }

    @Test("Calls that no handler got are counted with the others, those of methods that there are none of in one series, and not timed")
    func notServed() async throws {
        let log = LogRecorder(level: .critical)
        let server = TestMesh.server([TestMesh.unary("Echo") { text, _ in text }], [ServerTelemetry(metrics: metrics)], log: log)
        let gateway = server.channel(as: TestMesh.peer("gateway"))
        _ = await failure { try await server.channel(as: TestMesh.peer("stranger")).call("Echo") }
        for index in 0..<20 { _ = await failure { try await gateway.call("Unheard\(index)") } }
        _ = await failure { _ = try await gateway.stream("Echo").first { _ in true } }
        #expect(metrics.counters(label: "mesh_server_calls").count == 3)
        #expect(try metrics.expectCounter("mesh_server_calls", labels("Echo", "PERMISSION_DENIED", "stranger")).totalValue == 1)
        #expect(try metrics.expectCounter("mesh_server_calls", labels("Echo", "UNIMPLEMENTED", "gateway")).totalValue == 1)
        let unknown = [("service", "unknown"), ("method", "unknown"), ("code", "UNIMPLEMENTED"), ("peer", "gateway")]
        #expect(try metrics.expectCounter("mesh_server_calls", unknown).totalValue == 20)
        #expect(try metrics.expectTimer("mesh_server_call_duration", unknown).values.isEmpty)
        #expect(try metrics.expectMeter("mesh_server_active_calls").values.isEmpty, "none of them was under way")
    }

    @Test("Calls that admission control sends away are counted too")
    func shed() {
        let next = RefusalMetrics(metrics)
        RefusalMetrics(metrics, then: next).shed(TestMesh.descriptor("Echo"), of: TestMesh.peer("gateway"))
        let dimensions = [("reason", "OVERLOADED"), ("peer", "gateway")]
        #expect(metrics.counterTotal(label: "mesh_server_refused_calls", dimensions: dimensions) == 2)
    }
}
