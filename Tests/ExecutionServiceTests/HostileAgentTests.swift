import Exchange
import MeshCall
import ServiceAPI
import Testing
import Trading

/// Repeats itself: SplitMix64.
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func pick<T>(_ choices: [T]) -> T { choices[Int(next() % UInt64(choices.count))] }
}

@Suite("A hostile agent with the agent's real certificate and tokens")
struct HostileAgentTests {
    /// Half of them would pass: the values are wrong, but in range.
    private static func request(_ random: inout Seeded, utterance: String) -> ExecutionV1.ProposeRequest {
        guard random.next() % 2 == 0 else {
            let quantity = random.pick(["0.01", "0.02", "0.1"])
            return random.next() % 2 == 0
                ? ExecutionV1.ProposeRequest(
                    utteranceId: utterance, symbol: random.pick(["BTCUSDT", "ETHUSDT"]), side: random.pick([.buy, .sell]), type: .market,
                    quantity: quantity)
                : ExecutionV1.ProposeRequest(
                    utteranceId: utterance, symbol: "BTCUSDT", side: random.pick([.buy, .sell]), type: .limit, quantity: quantity,
                    offset: "0.01")
        }
        let numbers = [
            "", "", "0.01", "0.02", "1", "-1", "0", "1e9", "０.０１", "0.010", "99999999999999999999", "0.5", "NaN", " 0.01", "0.01\u{0}",
            "39000",
        ]
        return ExecutionV1.ProposeRequest(
            utteranceId: utterance, symbol: random.pick(["BTCUSDT", "BTCUSDT", "BTCUSDT", "ETHUSDT", "DOGEUSDT", "ВТСUSDT", ""]),
            side: random.pick([.buy, .buy, .sell, .unspecified, .unrecognized(7)]),
            type: random.pick([.market, .market, .limit, .unrecognized(3)]),
            quantity: random.pick(numbers), quoteQuantity: random.pick(["", "", "", random.pick(numbers)]),
            portion: random.pick(["", "", "", random.pick(numbers)]), price: random.pick(["", "", random.pick(numbers)]),
            offset: random.pick(["", "", "", "0.02"]))
    }

    @Test(
        "Orders that reach the exchange are exactly some of those signed, as signed; what needs a code was signed with one",
        arguments: [1, 2, 3] as [UInt64])
    func subset(seed: UInt64) async throws {
        let mesh = try TestMesh()
        mesh.changePolicy {
            $0.maxOpenProposals = 10_000; $0.maxProposalsPerUtterance = 10_000
        }
        try await mesh.run { running in
            var random = Seeded(state: seed)
            try await running.linkKey(ann)
            let gateway = running.client(as: "gateway"), agent = running.client(as: "agent")
            let agentToken = try await running.agent(ann)
            let utterance = try await gateway.registerUtterance(.init(text: "buy 0.01 BTC at market"), options: running.access(ann))
                .utteranceId
            var proposals: [ExecutionV1.Proposal] = []
            var signed: [String: ExecutionV1.Proposal] = [:]
            for _ in 0..<250 {
                switch random.next() % 6 {
                case 0...2:
                    let request = Self.request(&random, utterance: random.pick([utterance, utterance, utterance, "x", ""]))
                    if let proposal = try? await agent.propose(request, options: agentToken) { proposals.append(proposal) }
                case 3 where !proposals.isEmpty:
                    // The person signs something they saw, with or without a code.
                    let proposal = random.pick(proposals)
                    let withCode = random.next() % 2 == 0
                    let methods = withCode ? ["pwd", "otp"] : ["pwd"]
                    let token = try await running.signOffToken(ann, proposal.digest, methods: methods)
                    if withCode || !proposal.needsSecondFactor { signed[OrderDigest(of: proposal.canonical).clientOrderID] = proposal }
                    for _ in 0...(random.next() % 2) { _ = try? await running.signOff(proposal.proposalId, token) }
                case 4 where proposals.count > 1:
                    // Somebody sends a sign-off of one proposal for another.
                    let token = try await running.signOffToken(ann, random.pick(proposals).digest, methods: ["pwd"])
                    let victim = random.pick(proposals)
                    if let order = try? await running.signOff(victim.proposalId, token) {
                        #expect(signed[order.clientOrderId] != nil || !victim.needsSecondFactor)
                        signed[order.clientOrderId] = victim
                    }
                default:
                    let victim = proposals.isEmpty ? "none" : random.pick(proposals).proposalId
                    _ = try? await agent.signOff(.init(proposalId: victim), options: agentToken)
                    _ = try? await gateway.signOff(.init(proposalId: victim), options: agentToken)
                }
            }
            let placed = mesh.exchange.attempts
            #expect(placed.count > 5 && proposals.count > placed.count)
            #expect(Set(placed.map(\.clientOrderID)).count == placed.count, "one order a signature")
            for order in placed {
                let proposal = try #require(signed[order.clientOrderID], "not signed: \(order)")
                let draft = try CanonicalOrder(decoding: proposal.canonical).draft
                #expect(order.symbol == draft.symbol.name && order.side.rawValue == draft.side.rawValue)
                #expect(order.terms == Self.terms(draft))
                #expect(mesh.rules.symbols.contains(draft.symbol))
            }
        }
    }

    private static func terms(_ draft: OrderDraft) -> NewOrder.Terms? {
        switch (draft.amount, draft.price) {
        case (.quantity(let quantity), let price?): .limit(quantity: quantity, price: price)
        case (.quantity(let quantity), nil): .market(quantity: quantity)
        case (.quoteQuantity(let quote), nil): .marketQuote(amount: quote)
        default: nil
        }
    }
}
