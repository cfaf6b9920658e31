import MeshCall
import ServiceAPI
import Synchronization
import Testing

@testable import AgentService

@Suite("A chat with the embedded analyst")
struct ChatTests {
    private func events(_ text: String, as person: String = "ada") async throws -> [AgentV1.ChatEvent.Event] {
        let mesh = try AgentMesh()
        defer { mesh.remove() }
        return try await mesh.chat(text, as: person)
    }

    @Test("How a market is doing: the look-ups are told, the figures are the market's")
    func analysis() async throws {
        let events = try await events("how is BTC doing this week?")
        #expect(events.tools.map(\.name) == ["price", "indicators"])
        #expect(events.tools.allSatisfy { !$0.failed })
        #expect(events.text.contains("BTCUSDT has risen 0.4 % over the last 7 days and is now at 42000"))
        #expect(events.text.contains("its high was 42001"))
        #expect(events.text.contains("RSI(14) is 100: overbought"))
        #expect(events.proposals.isEmpty)
    }

    @Test("The answer comes in several events, the first before any tool has run")
    func streamed() async throws {
        let events = try await events("how is ETH doing?")
        #expect(events.count >= 5)
        guard case .text = events.first else {
            Issue.record("\(events)")
            return
        }
    }

    @Test("Prices")
    func price() async throws {
        #expect(try await events("price of ETH").text.contains("ETHUSDT is at 3000 (bid 2999, ask 3001)"))
    }

    @Test("What the person owns, valued at the last price")
    func portfolio() async throws {
        let text = try await events("what do I own").text
        #expect(text.contains("0.5 BTC, of which 0.2 in open orders, worth about 21000 USDT. "))
        #expect(text.contains("1000 USDT. "))
        #expect(!text.contains("ETH"))
        #expect(text.contains("Together about 22000 USDT."))
    }

    @Test("Open orders are those of the person whose token the chat carries")
    func openOrders() async throws {
        #expect(try await events("open orders").text.contains("Sell 2 ETHUSDT at 3100: partly filled, 0.5 of it done."))
        #expect(try await events("open orders", as: "grace").text == "You have no open orders.")
    }

    @Test("Candles")
    func candles() async throws {
        let text = try await events("last 3 candles of ETH").text
        #expect(text.contains("The last 3 candles of ETHUSDT (15m)"))
        #expect(text.contains("close 3000, volume 1.5"))
    }

    @Test("An order becomes a proposal for the person and the utterance of the call")
    func order() async throws {
        let mesh = try AgentMesh()
        defer { mesh.remove() }
        let events = try await mesh.chat("sell half my ETH at 2% above the market", utterance: "u-42")
        #expect(events.proposals == ["p-1"])
        #expect(events.tools.map(\.name) == ["price", "propose"])
        let asked = try #require(mesh.book.proposed.withLock { $0 }.first)
        #expect(asked.user == "ada")
        #expect(
            asked.request
                == ExecutionV1.ProposeRequest(
                    utteranceId: "u-42", symbol: "ETHUSDT", side: .sell, type: .limit, portion: "0.5", offset: "0.02"))
        #expect(events.text.contains("Proposed: sell 0.25 ETHUSDT at a limit of 3060. "))
        #expect(events.text.contains("Computed from the exchange's figures: quantity, price."))
        #expect(
            events.text.contains("Nothing is sent until you sign it, within 5 minutes. It asks for a one-time code: above the threshold."))
    }

    @Test("A refused proposal is told in execution's words, and there is none")
    func refusedProposal() async throws {
        let events = try await events("buy 100 BTC at market", as: "broke")
        #expect(events.proposals.isEmpty)
        #expect(events.tools.last?.failed == true)
        #expect(events.text.contains("I could not propose that: That is more than you have."))
    }

    @Test("What is not understood calls no tool and says what can be asked", arguments: ["write me a poem", "don't buy 1 BTC", "buy BTC"])
    func notUnderstood(text: String) async throws {
        let events = try await events(text)
        #expect(events.tools.isEmpty)
        #expect(!events.text.isEmpty)
    }

    @Test("A chat without an utterance, or with too long a text, is refused")
    func malformed() async throws {
        let mesh = try AgentMesh()
        defer { mesh.remove() }
        let error = await #expect(throws: RPCError.self) { try await mesh.chat("price of ETH", utterance: "") }
        #expect(error?.code == .invalidArgument)
        let long = await #expect(throws: RPCError.self) { try await mesh.chat(String(repeating: "a", count: 4_001)) }
        #expect(long?.code == .invalidArgument)
    }

    @Test("Every tool call is in the audit log: who, for whom, which tool, what came of it")
    func audited() async throws {
        let mesh = try AgentMesh()
        defer { mesh.remove() }
        _ = try await mesh.chat("buy 0.01 BTC at market")
        let records = try await mesh.auditRecords(2)
        #expect(records.map(\.action) == ["agent.tool", "agent.tool"])
        #expect(records.map { $0.details.first?.value } == ["price", "propose"])
        #expect(records.allSatisfy { $0.actor?.type == .agent && $0.onBehalfOf == "ada" && $0.outcome == "ok" })
        #expect(records.last?.object == "p-1")
        #expect(records.last?.requestId == mesh.book.proposed.withLock { $0 }.first?.requestID)
    }
}
