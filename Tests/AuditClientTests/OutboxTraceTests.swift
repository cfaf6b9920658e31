import AuditClient
import Instrumentation
import MeshCall
import MeshTelemetry
import Storage
import Synchronization
import Testing

@Suite("Traces on their way to the log", .timeLimit(.minutes(1)))
struct OutboxTraceTests {
    private func append(_ client: AuditClient, to source: TestSource, within trace: TraceParent?) async throws -> UInt64 {
        var context = InstrumentationContext.topLevel
        context.traceContext = trace.map { TraceContext(parent: $0) }
        return try await InstrumentationContext.withValue(context) { try await source.append(client) }
    }

    @Test("A batch stands in the first recorded trace of its events; one that is not recorded is not looked at")
    func batch() async throws {
        let (source, log) = (try TestSource(), ScriptedLog())
        let (client, first) = (source.client(to: log), TraceParent.makeRoot().sampled(true))
        for trace in [nil, TraceParent.makeRoot(), first, TraceParent.makeRoot().sampled(true)] {
            _ = try await append(client, to: source, within: trace)
        }
        try await whileRunning(client) { _ = try await client.acknowledged(4, timeout: .seconds(30)) }
        #expect(log.state.withLock { $0.traces } == [first.traceID])
    }

    @Test("It is sent again within the same trace, and the next batch has its own or none")
    func again() async throws {
        let (source, log) = (try TestSource(), ScriptedLog(.init(failing: 1)))
        let (client, trace) = (source.client(to: log), TraceParent.makeRoot().sampled(true))
        try await whileRunning(client) {
            _ = try await client.acknowledged(try await append(client, to: source, within: trace), timeout: .seconds(30))
            _ = try await client.acknowledged(try await append(client, to: source, within: nil), timeout: .seconds(30))
        }
        #expect(log.state.withLock { $0.traces } == [trace.traceID, trace.traceID, nil])
    }

    @Test("An event that was undone leaves no trace to the one that takes its place")
    func undone() async throws {
        struct Stop: Error {}
        let (source, log) = (try TestSource(), ScriptedLog())
        let client = source.client(to: log)
        var context = InstrumentationContext.topLevel
        context.traceContext = TraceContext(parent: TraceParent.makeRoot().sampled(true))
        await #expect(throws: Stop.self) {
            try await InstrumentationContext.withValue(context) {
                try await source.database.write { db in
                    try client.outbox.append(AuditEvent(actor: .agent, action: "order.intent"), in: db)
                    throw Stop()
                }
            }
        }
        try await whileRunning(client) {
            _ = try await client.acknowledged(try await append(client, to: source, within: nil), timeout: .seconds(30))
        }
        #expect(log.state.withLock { $0.traces } == [nil])
    }
}
