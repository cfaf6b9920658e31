import Exchange
import ExecutionService
import MeshCall
import ServiceAPI
import Testing
import Trading

@Suite("Signing off")
struct SignOffTests {
    @Test("What the person signed is what reaches the exchange, once, and audit has every step")
    func story() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            let proposal = try await running.proposeUsual(ann)
            #expect(proposal.state == .open && !proposal.needsSecondFactor)
            #expect(proposal.fields.map(\.provenance) == [.user, .user, .user, .user])
            let signed = try CanonicalOrder(decoding: proposal.canonical)
            #expect(OrderDigest(of: proposal.canonical).bytes == proposal.digest)

            let order = try await running.sign(ann, proposal, methods: ["pwd"])
            #expect(order.state == .filled && order.executedQuantity == "0.01" && order.fills.count == 1)
            #expect(order.clientOrderId == OrderDigest(of: proposal.canonical).clientOrderID)

            let placed = mesh.exchange.attempts
            #expect(placed.map(\.clientOrderID) == [order.clientOrderId])
            let quantity = try #require(signed.draft.quantity)
            #expect(placed.first?.terms == .market(quantity: quantity))
            let intent = mesh.audit.actions.firstIndex(of: "order.intent")
            #expect(intent.map(UInt64.init) == order.auditIndex)
            let after = try await running.client(as: "gateway").getProposal(
                .init(proposalId: proposal.proposalId), options: running.access(ann))
            #expect(after.state == .signed)
        }
    }

    @Test("The same sign-off twice, even at once, is one order; another sign-off for it is refused")
    func twice() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            let proposal = try await running.proposeUsual(ann)
            let token = try await running.signOffToken(ann, proposal.digest)
            let ids = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<4 { group.addTask { try await running.signOff(proposal.proposalId, token).clientOrderId } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
            #expect(await reason { _ = try await running.sign(ann, proposal) } == "PROPOSAL_SIGNED")
            #expect(mesh.exchange.attempts.count == 1)
        }
    }

    @Test("A sign-off for other bytes, another person or another proposal is refused")
    func otherOrder() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            let first = try await running.proposeUsual(ann), second = try await running.proposeUsual(ann)
            var flipped = first.digest
            flipped[31] ^= 1
            let forged = try await running.signOffToken(ann, flipped)
            #expect(await reason { _ = try await running.signOff(first.proposalId, forged) } == "DIGEST_MISMATCH")
            let other = try await running.signOffToken(ann, second.digest)
            #expect(await reason { _ = try await running.signOff(first.proposalId, other) } == "DIGEST_MISMATCH")
            #expect(await reason { _ = try await running.sign(bob, first) } == "PROPOSAL_UNKNOWN")
            #expect(mesh.exchange.attempts.isEmpty)
        }
    }

    @Test("The agent cannot sign off: not with its token, not with a stolen sign-off token; nor does an access token sign")
    func agentCannot() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            let proposal = try await running.proposeUsual(ann)
            let request = ExecutionV1.SignOffRequest(proposalId: proposal.proposalId)
            let stolen = try await running.signOffToken(ann, proposal.digest)
            #expect(await reason { _ = try await running.client(as: "agent").signOff(request, options: stolen) } == "CALLER_NOT_ALLOWED")
            let agent = try await running.agent(ann), access = try await running.access(ann)
            #expect(await reason { _ = try await running.client(as: "gateway").signOff(request, options: agent) } == "TOKEN_INVALID")
            #expect(await reason { _ = try await running.client(as: "gateway").signOff(request, options: access) } == "TOKEN_INVALID")
            #expect(mesh.exchange.attempts.isEmpty)
        }
    }

    @Test("An order above the threshold, or with a value nobody said, needs a one-time code")
    func secondFactor() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            let large = try await running.propose(
                ann, saying: "buy 0.1 BTC at market", .init(symbol: "BTCUSDT", side: .buy, type: .market, quantity: "0.1"))
            #expect(large.needsSecondFactor)
            #expect(await reason { _ = try await running.sign(ann, large, methods: ["pwd"]) } == "SECOND_FACTOR_REQUIRED")
            let made = try await running.propose(
                ann, saying: "buy 0.01 BTC at market", .init(symbol: "BTCUSDT", side: .buy, type: .market, quantity: "0.02"))
            #expect(made.needsSecondFactor && made.fields.first { $0.name == "quantity" }?.provenance == .model)
            #expect(await reason { _ = try await running.sign(ann, made, methods: ["pwd"]) } == "SECOND_FACTOR_REQUIRED")
            #expect(mesh.exchange.attempts.isEmpty)
            #expect(try await running.sign(ann, made).state == .filled)
        }
    }

    @Test("A rejected or expired proposal, or one made under other limits, cannot be signed")
    func closed() async throws {
        let mesh = try TestMesh()
        mesh.changePolicy { $0.proposalLifetimeSeconds = 10 }
        let old = try await mesh.run { running in
            try await running.linkKey(ann)
            let rejected = try await running.proposeUsual(ann)
            let answer = try await running.client(as: "gateway").reject(
                .init(proposalId: rejected.proposalId), options: running.access(ann))
            #expect(answer.proposal?.state == .rejected)
            #expect(await reason { _ = try await running.sign(ann, rejected) } == "PROPOSAL_REJECTED")
            let expiring = try await running.proposeUsual(ann)
            mesh.advance(milliseconds: 11_000)
            #expect(await reason { _ = try await running.sign(ann, expiring) } == "PROPOSAL_EXPIRED")
            let list = try await running.client(as: "gateway").listProposals(.init(), options: running.access(ann))
            #expect(Set(list.proposals.map(\.state)) == [.rejected, .expired])
            return try await running.proposeUsual(ann)
        }
        mesh.changePolicy { $0.version = "2" }
        try await mesh.run { running in
            #expect(await reason { _ = try await running.sign(ann, old) } == "POLICY_CHANGED")
        }
        #expect(mesh.exchange.attempts.isEmpty)
    }

    @Test("Between the sign-off and the sending the market is fetched once more, and the proposal's time counts")
    func recheckBeforeSending() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            let moved = try await running.proposeUsual(ann)
            mesh.after(.acknowledged) { mesh.market.set { $0 = .init(bid: "41000", ask: "41001") } }
            #expect(await reason { _ = try await running.sign(ann, moved) } == "MARKET_MOVED")
            mesh.market.set { $0 = .init() }

            let gone = try await running.proposeUsual(ann)
            mesh.after(.acknowledged) { mesh.market.set { $0 = .init(ageMilliseconds: 60_000) } }
            #expect(await reason { _ = try await running.sign(ann, gone) } == "MARKET_DATA_UNAVAILABLE")
            mesh.market.set { $0 = .init() }

            let late = try await running.proposeUsual(ann)
            mesh.after(.acknowledged) { mesh.advance(milliseconds: 301_000) }
            #expect(await reason { _ = try await running.sign(ann, late) } == "PROPOSAL_EXPIRED")

            #expect(try await running.orders(ann).map(\.state) == [.notSent, .notSent, .notSent])
            #expect(mesh.exchange.attempts.isEmpty)
        }
    }

    @Test("A price good enough for a proposal may be too old to send an order at")
    func oldBook() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            mesh.market.set { $0 = .init(ageMilliseconds: 4_000) }
            let proposal = try await running.proposeUsual(ann)
            #expect(await reason { _ = try await running.sign(ann, proposal) } == "MARKET_DATA_UNAVAILABLE")
            mesh.market.set { $0 = .init() }
            #expect(try await running.sign(ann, proposal).state == .filled)
        }
    }

    @Test("Limits and market are looked at again when the order is sent")
    func recheck() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            let proposal = try await running.proposeUsual(ann)
            mesh.market.set { $0 = .init(bid: "41000", ask: "41001") }
            #expect(await reason { _ = try await running.sign(ann, proposal) } == "MARKET_MOVED")
            for age in [60_000, -60_000, .min, .max] as [Int64] {
                mesh.market.set { $0 = .init(ageMilliseconds: age) }
                #expect(await reason { _ = try await running.sign(ann, proposal) } == "MARKET_DATA_UNAVAILABLE")
            }
            mesh.market.set { $0 = .init() }
            _ = try await running.client(as: "operator").setKillSwitch(.init(engaged: true, reason: "drill"))
            #expect(await reason { _ = try await running.sign(ann, proposal) } == "KILL_SWITCH")
            _ = try await running.client(as: "operator").setKillSwitch(.init(engaged: false, reason: "over"))
            #expect(try await running.sign(ann, proposal).state == .filled)
        }
    }
}
