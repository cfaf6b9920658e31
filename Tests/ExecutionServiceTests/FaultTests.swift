import ExecutionService
import MeshCall
import ServiceAPI
import Testing

@Suite("When something fails")
struct FaultTests {
    @Test("With audit stopped a sign-off is refused within its deadline, and nothing is sent then or later")
    func auditStopped() async throws {
        let mesh = try TestMesh()
        let proposal = try await mesh.run { running in
            try await running.linkKey(ann)
            let proposal = try await running.proposeUsual(ann)
            mesh.audit.stop(true)
            let token = try await running.signOffToken(ann, proposal.digest)
            let started = ContinuousClock.now
            #expect(await reason { _ = try await running.signOff(proposal.proposalId, token) } == "AUDIT_UNAVAILABLE")
            #expect(ContinuousClock.now - started < .seconds(5))
            #expect(try await running.orders(ann).map(\.state) == [.notSent])
            mesh.audit.stop(false)
            // The same sign-off shows what became of it; another one is refused.
            #expect(try await running.signOff(proposal.proposalId, token).state == .notSent)
            #expect(await reason { _ = try await running.sign(ann, proposal) } == "PROPOSAL_SIGNED")
            return proposal
        }
        try await mesh.run { running in
            #expect(try await running.orders(ann).map(\.state) == [.notSent])
            let shown = try await running.client(as: "gateway").getProposal(
                .init(proposalId: proposal.proposalId), options: running.access(ann))
            #expect(shown.state == .abandoned)
        }
        #expect(mesh.exchange.attempts.isEmpty)
    }

    @Test("Dying after any step leaves one order or none, and the restart says which", arguments: DispatchStep.allCases)
    func crash(step: DispatchStep) async throws {
        let mesh = try TestMesh()
        mesh.crash(at: step)
        let (proposal, token) = try await mesh.run { running in
            try await running.linkKey(ann)
            let proposal = try await running.proposeUsual(ann)
            let token = try await running.signOffToken(ann, proposal.digest)
            #expect(await reason { _ = try await running.signOff(proposal.proposalId, token) } != nil)
            return (proposal, token)
        }
        mesh.crash(at: nil)
        let sent = step == .answered
        #expect(mesh.exchange.attempts.count == (sent ? 1 : 0))
        try await mesh.run { running in
            let states = try await running.orders(ann).map(\.state)
            switch step {
            case .burned, .acknowledged: #expect(states == [.notSent])
            // Nothing tells whether it left: the exchange is asked until it could no longer take it.
            case .marked: #expect(states == [.unknown])
            case .answered: #expect(states == [.filled])
            }
            if step == .marked {
                mesh.advance(milliseconds: 11_000)
                #expect(try await running.orders(ann).map(\.state) == [.notSent])
            }
            // Sent again by the gateway, the same sign-off makes no second order.
            _ = try await running.signOff(proposal.proposalId, token)
            #expect(await reason { _ = try await running.sign(ann, proposal) } != nil)
        }
        #expect(mesh.exchange.attempts.count == (sent ? 1 : 0))
    }

    @Test("An answer that was lost is asked for, not sent again")
    func lostAnswer() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            mesh.exchange.set { $0.fault = .lostAfterAccept }
            let order = try await running.sign(ann, try await running.proposeUsual(ann))
            #expect(order.state == .filled && order.fills.count == 1)
            try await running.flushAudit()
        }
        #expect(mesh.exchange.attempts.count == 1)
        #expect(mesh.audit.actions.contains("order.unknown") && mesh.audit.actions.contains("order.reconciled"))
    }

    @Test("An order that the exchange never got stays unknown until it could no longer arrive")
    func lostRequest() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            mesh.exchange.set { $0.fault = .lostBeforeAccept }
            #expect(try await running.sign(ann, try await running.proposeUsual(ann)).state == .unknown)
            #expect(try await running.orders(ann).map(\.state) == [.unknown])
            mesh.advance(milliseconds: 10_500)
            #expect(try await running.orders(ann).map(\.state) == [.notSent])
        }
        #expect(mesh.exchange.attempts.count == 1)
    }

    @Test("An exchange that fell silent is asked again after a restart")
    func silent() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            mesh.exchange.set { $0.fault = .silentAfterAccept }
            #expect(try await running.sign(ann, try await running.proposeUsual(ann)).state == .unknown)
        }
        mesh.exchange.set { $0.questionsFail = false }
        let states = try await mesh.run { try await $0.orders(ann).map(\.state) }
        #expect(states == [.filled])
        #expect(mesh.exchange.attempts.count == 1)
    }

    @Test("What the exchange refuses is shown with its words; what never reached it was not sent")
    func refused() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            mesh.exchange.set { $0.fault = .refused(code: -1013) }
            let refused = try await running.sign(ann, try await running.proposeUsual(ann))
            #expect(refused.state == .rejected && refused.reason.contains("-1013"))
            mesh.exchange.set { $0.fault = .unreachable }
            #expect(try await running.sign(ann, try await running.proposeUsual(ann)).state == .notSent)
        }
    }

    @Test("Where nobody could look once more whether it may leave, it is not sent, told as that, and abandoned")
    func notLookedAt() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            mesh.exchange.set { $0.fault = .withheld }
            let proposal = try await running.proposeUsual(ann)
            #expect(await reason { _ = try await running.sign(ann, proposal) } == "NOT_CHECKED")
            #expect(try await running.orders(ann).map(\.state) == [.notSent])
            try await running.flushAudit()
            #expect(mesh.audit.actions.contains("order.abandoned") && !mesh.audit.actions.contains("order.rejected"))
        }
    }

    @Test("An open limit order is followed to its fill")
    func limit() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            let proposal = try await running.propose(
                ann, saying: "buy 0.01 BTC at 39000", .init(symbol: "BTCUSDT", side: .buy, type: .limit, quantity: "0.01", price: "39000"))
            #expect(proposal.fields.allSatisfy { $0.provenance == .user })
            let order = try await running.sign(ann, proposal)
            #expect(order.state == .new)
            mesh.exchange.set { $0.statuses[order.clientOrderId] = "FILLED" }
            #expect(try await running.orders(ann).map(\.state) == [.filled])
        }
    }

    @Test("The kill switch outlives a restart")
    func killSwitch() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            let set = try await running.client(as: "operator").setKillSwitch(.init(engaged: true, reason: "drill"))
            #expect(set.engaged)
            #expect(await reason { _ = try await running.client(as: "gateway").setKillSwitch(.init(engaged: false, reason: "no")) } != nil)
        }
        try await mesh.run { running in
            let read = try await running.client(as: "gateway").getKillSwitch(.init())
            #expect(read.engaged && read.reason == "drill")
            #expect(await reason { _ = try await running.proposeUsual(ann) } == "KILL_SWITCH")
        }
    }
}
