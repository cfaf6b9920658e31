import MeshCall
import ServiceAPI
import Testing
import Trading

@Suite("Proposing")
struct ProposingTests {
    @Test("Half of what the person has, above the market, is computed here and marked so")
    func derived() async throws {
        let mesh = try TestMesh()
        mesh.market.set { $0 = .init(bid: "2500", ask: "2500.5") }
        try await mesh.run { running in
            try await running.linkKey(ann)
            let proposal = try await running.propose(
                ann, saying: "sell half my ETH at 2% above the market",
                .init(symbol: "ETHUSDT", side: .sell, type: .limit, portion: "0.5", offset: "0.02"))
            let order = try CanonicalOrder(decoding: proposal.canonical)
            #expect(order.draft.quantity == Decimal(2) && order.draft.price == Decimal(2550))
            #expect(order.provenance.text == "price=derived;quantity=derived;side=user;symbol=user;type=user")
            #expect(proposal.needsSecondFactor, "above the threshold")
        }
    }

    @Test("Refusals say why and are in the audit log")
    func refusals() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            let cases: [(ExecutionV1.ProposeRequest, String)] = [
                (.init(symbol: "DOGEUSDT", side: .buy, type: .market, quantity: "1"), "SYMBOL_NOT_ALLOWED"),
                (.init(symbol: "BTCUSDT", side: .buy, type: .market, quantity: "1"), "ABOVE_MAX_NOTIONAL"),
                (.init(symbol: "BTCUSDT", side: .sell, type: .limit, quantity: "1", price: "1"), "ABOVE_MAX_NOTIONAL"),
                (.init(symbol: "BTCUSDT", side: .buy, type: .market, quantity: "0.0001"), "NOTIONAL"),
                (.init(symbol: "BTCUSDT", side: .buy, type: .market, quantity: "0.000001"), "ROUNDS_TO_ZERO"),
            ]
            for (request, expected) in cases {
                #expect(await reason { _ = try await running.propose(ann, saying: "buy 1 BTC", request) } == expected)
            }
            let malformed: [(ExecutionV1.ProposeRequest, String)] = [
                (.init(symbol: "BTCUSDT", side: .buy, type: .market), "AMOUNT_NOT_EXACTLY_ONE"),
                (.init(symbol: "BTCUSDT", side: .buy, type: .market, quantity: "0.01", quoteQuantity: "100"), "AMOUNT_NOT_EXACTLY_ONE"),
                (.init(symbol: "btcusdt", side: .buy, type: .market, quantity: "1"), "MALFORMED_FIELD"),
                (.init(symbol: "BTCUSDT", side: .unrecognized(9), type: .market, quantity: "1"), "MALFORMED_FIELD"),
                (.init(symbol: "BTCUSDT", side: .buy, type: .market, quantity: "１"), "MALFORMED_FIELD"),
                (.init(symbol: "BTCUSDT", side: .buy, type: .market, quantity: "-1"), "FIELD_OUT_OF_RANGE"),
            ]
            for (request, expected) in malformed {
                #expect(await reason { _ = try await running.propose(ann, saying: "buy 1 BTC", request) } == expected)
            }
            try await running.flushAudit()
            let refused = mesh.audit.records.filter { $0.action == "proposal.refused" }
            #expect(refused.map(\.reason) == cases.map(\.1))
            #expect(refused.allSatisfy { $0.actor?.type == .agent && $0.onBehalfOf == ann })
        }
    }

    @Test("No proposal without the person's own, recent words")
    func utterance() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            let agent = running.client(as: "agent")
            var request = ExecutionV1.ProposeRequest.usual
            request.utteranceId = "made-up"
            #expect(await reason { _ = try await agent.propose(request, options: running.agent(ann)) } == "UTTERANCE_UNKNOWN")
            let said = try await running.client(as: "gateway").registerUtterance(.init(text: "buy 0.01 BTC"), options: running.access(bob))
            request.utteranceId = said.utteranceId
            #expect(await reason { _ = try await agent.propose(request, options: running.agent(ann)) } == "UTTERANCE_UNKNOWN")
            mesh.advance(milliseconds: 901_000)
            #expect(await reason { _ = try await agent.propose(request, options: running.agent(bob)) } == "UTTERANCE_EXPIRED")
            #expect(
                await reason { _ = try await agent.registerUtterance(.init(text: "buy"), options: running.agent(ann)) }
                    == "CALLER_NOT_ALLOWED")
        }
    }

    @Test("What waits for a person is bounded")
    func bounded() async throws {
        let mesh = try TestMesh()
        mesh.changePolicy { $0.maxOpenProposals = 3 }
        try await mesh.run { running in
            try await running.linkKey(ann)
            for _ in 0..<3 { _ = try await running.proposeUsual(ann) }
            #expect(await reason { _ = try await running.proposeUsual(ann) } == "TOO_MANY_PROPOSALS")
        }
    }

    @Test("A key counts once the exchange has answered with it")
    func keys() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            let gateway = running.client(as: "gateway")
            let proposal = try await running.proposeUsual(ann)
            #expect(await reason { _ = try await running.sign(ann, proposal) } == "NO_EXCHANGE_KEY")
            let key = try await gateway.createExchangeKey(.init(), options: running.access(ann))
            #expect(key.publicKeyPem.hasPrefix("-----BEGIN PUBLIC KEY-----"))
            let bad = ExecutionV1.ActivateExchangeKeyRequest(keyId: key.keyId, apiKey: "bad-key")
            #expect(await reason { _ = try await gateway.activateExchangeKey(bad, options: running.access(ann)) } == "EXCHANGE_KEY_REFUSED")
            let good = ExecutionV1.ActivateExchangeKeyRequest(keyId: key.keyId, apiKey: "good-key")
            #expect(await reason { _ = try await gateway.activateExchangeKey(good, options: running.access(bob)) } == "KEY_UNKNOWN")
            #expect(
                await reason { _ = try await gateway.activateExchangeKey(good, options: running.access(ann, methods: ["pwd"])) }
                    == "SECOND_FACTOR_REQUIRED")
            _ = try await gateway.activateExchangeKey(good, options: running.access(ann))
            _ = try await gateway.activateExchangeKey(good, options: running.access(ann))
            let portfolio = try await gateway.getPortfolio(.init(), options: running.access(ann))
            #expect(portfolio.balances.first { $0.asset == "ETH" }?.free == "4")
            #expect(try await running.sign(ann, proposal).state == .filled)
        }
    }
}
