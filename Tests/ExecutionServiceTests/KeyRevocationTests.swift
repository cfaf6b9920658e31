import Dispatch
import ExecutionService
import GRDB
import KeyManagement
import MeshCall
import ServiceAPI
import Storage
import Testing

@Suite("Revoking a trade key")
struct KeyRevocationTests {
    private func activeKey(_ running: Running) async throws -> String {
        try #require(try await running.keys.listKeys(.init()).keys.first { $0.state == "active" }).id
    }

    private func limitOrder(_ running: Running) async throws -> ExecutionV1.Order {
        let proposal = try await running.propose(
            ann, saying: "buy 0.01 BTC at 39000", .init(symbol: "BTCUSDT", side: .buy, type: .limit, quantity: "0.01", price: "39000"))
        return try await running.sign(ann, proposal)
    }

    @Test("Revoked between sign-off and dispatch, nothing leaves", arguments: ["before", "burned", "acknowledged", "marked"])
    func betweenSignOffAndDispatch(moment: String) async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            let id = try await activeKey(running)
            let proposal = try await running.proposeUsual(ann)
            let revoke: @Sendable () async -> Void = { _ = try? await running.keys.revokeKey(.init(kind: "exchange-trade", id: id, reason: "stolen")) }
            if moment == "before" {
                await revoke()
            } else {
                // The dispatch goes on only when the revocation has been made: it does not wait for the person's lock.
                mesh.after(["burned": .burned, "acknowledged": .acknowledged][moment] ?? .marked) { revokeAtOnce(revoke, in: running) }
            }
            let reason = await reason { _ = try await running.sign(ann, proposal) }
            #expect(reason == (moment == "before" ? "NO_EXCHANGE_KEY" : "EXCHANGE_KEY_REVOKED"))
            #expect(mesh.exchange.attempts.isEmpty)
            #expect(try await running.orders(ann).allSatisfy { $0.state == .notSent })
        }
    }

    /// Blocks the step until the key is no longer active.
    private func revokeAtOnce(_ revoke: @escaping @Sendable () async -> Void, in running: Running) {
        let done = DispatchSemaphore(value: 0)
        Task.detached {
            let revoking = Task { await revoke() }
            while try await running.keys.listKeys(.init()).keys.contains(where: { $0.state == "active" }) { await Task.yield() }
            done.signal()
            await revoking.value
        }
        done.wait()
    }

    @Test("What rests at the exchange is cancelled and told of; then the key is erased, and its row only says that it was")
    func restingOrders() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            let (id, order) = (try await activeKey(running), try await limitOrder(running))
            let answer = try await running.keys.revokeKey(.init(kind: "exchange-trade", id: id, reason: "stolen"))
            #expect(answer.notes == ["Order \(order.clientOrderId) was cancelled."])
            #expect(answer.key?.state == "gone" && answer.key?.userId == ann)
            #expect(try await running.orders(ann).map(\.state) == [.canceled])
            let left = try await running.database.readAll { db in
                try String.fetchOne(db, sql: "SELECT hex(private_key_sealed) || coalesce(hex(api_key_sealed), '') FROM exchange_keys")
            }
            #expect(left == "")
            try await running.flushAudit()
            #expect(Set(mesh.audit.actions).isSuperset(of: ["keys.revoked", "order.cancelled", "keys.ended"]))
            // The same again changes nothing.
            #expect(try await running.keys.revokeKey(.init(kind: "exchange-trade", id: id, reason: "stolen")).notes.isEmpty)
        }
    }

    @Test("An order that cannot be cancelled is named, told to audit once, and tried again until it is")
    func stubbornOrder() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            let (id, order) = (try await activeKey(running), try await limitOrder(running))
            mesh.exchange.set { $0.cancelsFail = true }
            let answer = try await running.keys.revokeKey(.init(kind: "exchange-trade", id: id, reason: "stolen"))
            #expect(answer.key?.state == "retiring" && answer.notes.first?.contains("\(order.clientOrderId) could not be cancelled") == true)
            try await running.service.endKeys()
            mesh.exchange.set { $0.cancelsFail = false }
            // It pauses after a failure.
            try await running.service.endKeys()
            #expect(try await running.orders(ann).map(\.state) == [.new])
            mesh.advance(milliseconds: 3_600_000)
            try await running.service.endKeys()
            #expect(try await running.orders(ann).map(\.state) == [.canceled])
            #expect(try await running.keys.listKeys(.init(gone: true)).keys.map(\.state) == ["gone"])
            try await running.flushAudit()
            #expect(mesh.audit.actions.count { $0 == "order.cancel_failed" } == 1)
        }
    }

    @Test("A key that another replaced is kept while an order of it is open, and erased after")
    func replaced() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            let (id, order) = (try await activeKey(running), try await limitOrder(running))
            try await running.linkKey(ann, apiKey: "other-key")
            try await running.service.endKeys()
            #expect(try await running.keys.listKeys(.init()).keys.first { $0.id == id }?.state == "retiring")
            mesh.exchange.set { $0.statuses[order.clientOrderId] = "FILLED" }
            #expect(try await running.orders(ann).map(\.state) == [.filled])
            try await running.service.endKeys()
            #expect(try await running.keys.listKeys(.init()).keys.map(\.state) == ["active"])
        }
    }

    @Test("Asked to rotate, a person's key stays in use, counts as overdue and says why; linking a new one settles it")
    func requested() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            let id = try await activeKey(running)
            #expect(await reason { _ = try await running.keys.rotateKey(.init(kind: "exchange-trade", reason: "team-change")) } == "ID_MISSING")
            let asked = try #require(try await running.keys.rotateKey(.init(kind: "exchange-trade", id: id, reason: "team-change")).key)
            #expect(asked.state == "active" && asked.age == "overdue" && asked.rotationRequested == "team-change")
            _ = try await running.sign(ann, try await running.proposeUsual(ann))
            try await running.linkKey(ann, apiKey: "other-key")
            let now = try #require(try await running.keys.listKeys(.init()).keys.first { $0.state == "active" })
            #expect(now.id != id && now.age == "fresh" && now.rotationRequested.isEmpty)
        }
    }

    @Test("A key older than the settings allow sends nothing any more")
    func tooOld() async throws {
        let mesh = try TestMesh(keyAge: KeyAge(refuseAfter: 0))
        try await mesh.run { running in
            try await running.linkKey(ann)
            let proposal = try await running.proposeUsual(ann)
            #expect(await reason { _ = try await running.sign(ann, proposal) } == "EXCHANGE_KEY_TOO_OLD")
            #expect(mesh.exchange.attempts.isEmpty)
        }
    }
}
