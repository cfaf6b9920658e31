import ExecutionService
import GRDB
import MeshCall
import ServiceAPI
import ServiceKit
import Storage
import Testing

@Suite("What is told of refusals")
struct RefusalLogTests {
    private let tooMuch = ExecutionV1.ProposeRequest(symbol: "BTCUSDT", side: .buy, type: .market, quantity: "1")

    /// Makes it look as if so many more records waited for audit.
    private func addBacklog(_ count: Int, _ running: Running) async throws {
        try await running.database.write { db in
            try db.execute(sql: "UPDATE audit_outbox_state SET next_sequence = next_sequence + ?", arguments: [count])
        }
    }

    private func nextSequence(_ running: Running) async throws -> Int64? {
        try await running.database.readAll { try Int64.fetchOne($0, sql: "SELECT next_sequence FROM audit_outbox_state") }
    }

    @Test("Repeated refusals of one person are counted, not each told; those of others are")
    func suppressed() async throws {
        let mesh = try TestMesh()
        var limits = ExecutionLimits.quick
        limits.recordedRefusals = RateLimit(perMinute: 120, burst: 5)
        try await mesh.run(limits: limits) { running in
            func refuse(_ user: String) async { #expect(await reason { _ = try await running.propose(user, saying: "buy", tooMuch) } == "ABOVE_MAX_NOTIONAL") }
            func told(_ user: String) async throws -> [AuditV1.Record] {
                try await running.flushAudit()
                return mesh.audit.records.filter { $0.action == "proposal.refused" && $0.onBehalfOf == user }
            }
            var count = 30
            for _ in 0..<count { await refuse(ann) }
            await refuse(bob)
            #expect(try await told(ann).count < 30)
            #expect(try await told(bob).count == 1)
            // The next that is told counts those left out.
            let end = ContinuousClock.now + .seconds(20)
            var records = try await told(ann)
            while records.count + records.map(\.leftOut).reduce(0, +) < count, ContinuousClock.now < end {
                await refuse(ann)
                count += 1
                records = try await told(ann)
            }
            #expect(records.count + records.map(\.leftOut).reduce(0, +) == count && records.contains { $0.leftOut > 0 })
        }
    }

    @Test("A refusal takes no room in a full backlog, and is told to the person all the same")
    func fullBacklog() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            let said = try await running.client(as: "gateway").registerUtterance(.init(text: "buy"), options: running.access(ann))
            var request = tooMuch
            request.utteranceId = said.utteranceId
            mesh.audit.stop(true)
            for backlog in [20_000, 200_000] {
                try await addBacklog(backlog, running)
                let before = try await nextSequence(running)
                #expect(
                    await reason { _ = try await running.client(as: "agent").propose(request, options: running.agent(ann)) }
                        == "ABOVE_MAX_NOTIONAL")
                #expect(try await nextSequence(running) == before)
            }
        }
    }

    @Test("Trading is stopped even when audit's backlog is full to its last place; it starts again only with its record")
    func killSwitch() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            mesh.audit.stop(true)
            try await addBacklog(200_000, running)
            let operators = running.client(as: "operator")
            #expect(try await operators.setKillSwitch(.init(engaged: true, reason: "now")).engaged)
            #expect(await reason { _ = try await operators.setKillSwitch(.init(engaged: false, reason: "over")) } == "AUDIT_UNAVAILABLE")
            #expect(try await operators.getKillSwitch(.init()).engaged)
        }
    }

    @Test("Every refused sign-off is in the audit log with its reason")
    func signOffs() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            let proposal = try await running.proposeUsual(ann)
            let large = try await running.propose(
                ann, saying: "buy 0.1 BTC at market", .init(symbol: "BTCUSDT", side: .buy, type: .market, quantity: "0.1"))
            let forged = try await running.signOffToken(ann, large.digest)
            _ = await reason { _ = try await running.signOff(proposal.proposalId, forged) }
            _ = await reason { _ = try await running.sign(ann, large, methods: ["pwd"]) }
            _ = await reason { _ = try await running.sign(bob, proposal) }
            mesh.market.set { $0 = .init(bid: "41000", ask: "41001") }
            _ = await reason { _ = try await running.sign(ann, proposal) }
            try await running.flushAudit()
            let refused = mesh.audit.records.filter { $0.action == "signoff.refused" }
            #expect(refused.map(\.reason) == ["DIGEST_MISMATCH", "SECOND_FACTOR_REQUIRED", "PROPOSAL_UNKNOWN", "MARKET_MOVED"])
            #expect(refused.map { $0.actor?.id } == [ann, ann, bob, ann] && refused.first?.object == proposal.proposalId)
        }
    }

    @Test("The agent's look at the orders does not go to the exchange; the person's does")
    func agentList() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            let proposal = try await running.propose(
                ann, saying: "buy 0.01 BTC at 39000", .init(symbol: "BTCUSDT", side: .buy, type: .limit, quantity: "0.01", price: "39000"))
            let order = try await running.sign(ann, proposal)
            mesh.exchange.set { $0.statuses[order.clientOrderId] = "FILLED" }
            let seen = try await running.client(as: "agent").listOrders(.init(), options: running.agent(ann)).orders
            #expect(seen.map(\.state) == [.new])
            #expect(try await running.orders(ann).map(\.state) == [.filled])
        }
    }
}

extension AuditV1.Record {
    /// How many refusals before it were not told.
    fileprivate var leftOut: Int { details.first { $0.name == "suppressed" }.flatMap { Int($0.value) } ?? 0 }
}
