import MeshCall
import Testing

@Suite("Chat", .timeLimit(.minutes(1)))
struct ChatTests {
    @Test("Execution has the words first, the agent a narrowed token; the answer comes line by line")
    func answers() async throws {
        let gateway = TestGateway()
        try await gateway.test { (client) async throws in
            let answer = try await client.post("/v1/chat", #"{"text":"BTC"}"#)
            #expect(answer.status == 200)
            #expect(answer.header("content-type") == "application/x-ndjson")
            #expect(answer.text.hasSuffix("\n"))
            let lines = answer.lines
            #expect(lines.count == 4)
            #expect(lines.first?["text"] as? String == "Looking at BTC\nnow")
            #expect((lines[1]["tool"] as? [String: Any])?["name"] as? String == "price")
            #expect((lines[2]["proposal"] as? [String: Any])?["proposal_id"] as? String == "p1")
            #expect(lines[3]["done"] as? Bool == true)
        }
        #expect(gateway.seen.methods == ["RegisterUtterance", "NarrowToken", "Chat"])
        #expect(gateway.seen.all.map(\.token) == [.access, .access, .agent])
    }

    @Test("An answer that breaks off ends with the error")
    func breaksOff() async throws {
        try await TestGateway().test { (client) async throws in
            let lines = try await client.post("/v1/chat", #"{"text":"break"}"#).lines
            let error = lines.last?["error"] as? [String: Any]
            #expect(error?["code"] as? String == "UNAVAILABLE")
            #expect(error?["reason"] as? String == "MODEL_UNAVAILABLE")
            #expect(!lines.contains { $0["done"] != nil })
        }
    }

    @Test("Without execution there is no chat")
    func withoutExecution() async throws {
        let gateway = TestGateway(absent: ["execution"])
        try await gateway.test { (client) async throws in
            let answer = try await client.post("/v1/chat", #"{"text":"BTC"}"#)
            #expect(answer.status == 503)
            #expect(answer.error["code"] == "UNAVAILABLE")
        }
        #expect(gateway.seen.methods.isEmpty)
    }
}
