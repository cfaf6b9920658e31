import AsyncHTTPClient
import Deployment
import Foundation
import LocalMesh
import MeshTelemetry
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import PulseCommands
import TestSupport
import Testing

extension Integration {
    @Suite("One request's trace over the processes")
    struct TraceTests {
        private static let processes: Set<ServiceName> = [.gateway, .auth, .agent, .marketData, .execution, .audit]

        private func chat(_ text: String, _ token: String, in trace: TraceParent, on mesh: LocalMesh) async throws -> HTTPClientResponse {
            var request = HTTPClientRequest(url: mesh.ports.url(.gateway) + "/v1/chat")
            request.method = .POST
            request.headers.add(name: "authorization", value: "Bearer \(token)")
            request.headers.add(name: "content-type", value: "application/json")
            request.headers.add(name: TraceParent.headerName, value: trace.header)
            request.body = .bytes(ByteBuffer(data: try JSONEncoder().encode(["text": text])))
            return try await mesh.https.execute(request, timeout: .seconds(60))
        }

        @Test("The spans of a proposal are in the logs of six processes, each below the call that made it")
        func tree() async throws {
            let mesh = try await SharedMesh.mesh()
            let person = try await mesh.makePerson()
            let trace = TraceParent.makeRoot().sampled(true)
            let response = try await chat("buy 0.01 BTC at market", try await person.person.token(), in: trace, on: mesh)
            #expect(String(buffer: try await response.body.collect(upTo: 1 << 20)).contains("proposal"))
            let answered = try #require(response.headers.first(name: "traceresponse").flatMap(TraceParent.init(_:)))
            #expect(answered.traceID == trace.traceID && answered.isSampled)
            try await eventually("each process has served a part of it") {
                Set(try mesh.spans(of: trace.traceIDText).filter { $0.kind == "server" }.map(\.process)) == Self.processes
            }
            let spans = try mesh.spans(of: trace.traceIDText)
            let request = try #require(spans.first { $0.process == .gateway && $0.kind == "server" })
            #expect(request.parent == trace.spanIDText && request.id == answered.spanIDText && request.name == "POST /v1/chat")
            for span in spans where span.id != request.id {
                // Requests to others, such as the exchange, are no spans: their addresses hold signatures, and the trace is not theirs to know.
                #expect(span.facts["rpc.system"] == "cryptopulse_mesh", "\(span.facts)")
                check(span, among: spans)
            }
            expectPath(.audit, "Append", in: spans)
            expectPath(.marketData, "MarketData", in: spans)
        }

        /// A client's span is below a span of its own process, a server's below the client's of the process that its certificate names.
        private func check(_ span: LoggedSpan, among spans: [LoggedSpan]) {
            guard let above = spans.first(where: { $0.id == span.parent }) else {
                Issue.record("\(span.process.rawValue) \(span.name) is below nothing")
                return
            }
            switch span.kind {
            case "client": #expect(above.process == span.process && above.kind == "server", "\(span.name)")
            default:
                #expect(above.kind == "client" && above.name == span.name, "\(span.name)")
                #expect(above.process.rawValue == span.facts["peer.service"] && above.facts["peer.service"] == span.process.rawValue)
            }
        }

        /// There is a served call of that name from which parents lead to gateway's request.
        private func expectPath(_ process: ServiceName, _ name: String, in spans: [LoggedSpan]) {
            let found = spans.contains { span in
                guard span.process == process, span.kind == "server", span.name.contains(name) else { return false }
                var (top, steps) = (span, 0)
                while let above = spans.first(where: { $0.id == top.parent }), steps < spans.count { (top, steps) = (above, steps + 1) }
                return top.process == .gateway && top.kind == "server"
            }
            #expect(found, "\(process.rawValue) \(name)")
        }

        @Test("A request whose caller does not record is in no log's spans")
        func notSampled() async throws {
            let mesh = try await SharedMesh.mesh()
            let person = try await mesh.makePerson(balances: nil)
            let (trace, recorded) = (TraceParent.makeRoot(), TraceParent.makeRoot().sampled(true))
            for trace in [trace, recorded] {
                let response = try await chat("what does BTC cost?", try await person.person.token(), in: trace, on: mesh)
                _ = try await response.body.collect(upTo: 1 << 20)
            }
            try await eventually("the one after it is written") {
                try mesh.spans(of: recorded.traceIDText).contains { $0.process == .gateway && $0.kind == "server" }
            }
            #expect(try mesh.spans(of: trace.traceIDText).isEmpty)
        }

        @Test("pulse mesh call --trace says the trace id under which the called service has written its span")
        func command() async throws {
            let mesh = try await SharedMesh.mesh()
            let arguments = ["mesh", "call", "Health/Check", "{}", "--at", "execution", "--trace", "--state", mesh.folder.path]
            let run = try await ProgramRun.of(ProgramFolder().path + "/pulse", arguments)
            #expect(run.exitCode == 0, "\(run.text)")
            let traceID = try #require(run.errors.firstMatch(of: /trace ([0-9a-f]{32})\n/)).1
            try await eventually("execution's span is written") {
                try mesh.spans(of: String(traceID)).contains { $0.process == .execution && $0.name == "mesh.v1.Health/Check" }
            }
        }
    }
}
