import ExecutionService
import GRDB
import MeshCall
import SecretServers
import Secrets
import ServiceAPI
import Storage
import Synchronization
import TestSupport
import Testing

/// Against a real OpenBao.
@Suite("Trade keys elsewhere: rounds over what ends", .serialized, .timeLimit(.minutes(3)), .enabled(if: ExternalProgram.bao.isExpected))
struct RemoteKeyRoundTests {
    private final class Trouble: Sendable {
        struct Away: Error {}
        let isOn = Mutex(false)
        let tries = Mutex(0)

        func away() throws {
            guard isOn.withLock({ $0 }) else { return }
            tries.withLock { $0 += 1 }
            throw Away()
        }

        func slow() async {
            guard isOn.withLock({ $0 }) else { return }
            tries.withLock { $0 += 1 }
            let end = ContinuousClock.now + .milliseconds(250)
            while isOn.withLock({ $0 }), ContinuousClock.now < end { await Task.yield() }
        }
    }

    private func placeOrders(_ count: Int, of user: String, in running: Running) async throws {
        for _ in 0..<count {
            let terms = ExecutionV1.ProposeRequest(symbol: "BTCUSDT", side: .buy, type: .limit, quantity: "0.01", price: "39000")
            _ = try await running.sign(user, try await running.propose(user, saying: "buy 0.01 BTC at 39000", terms))
        }
    }

    /// Ann has three open orders by a key in a real store; before each signature there is trouble, once it is on.
    private func withOrders(
        _ limits: ExecutionLimits = .quick, hinder: @escaping @Sendable (Trouble) async throws -> Void,
        _ body: @escaping @Sendable (Running, Trouble) async throws -> Void
    ) async throws {
        try await withTransit { _, store in
            let trouble = Trouble(), troubled = TroubledKeys(inner: store, beforeSigning: { _ in try await hinder(trouble) })
            try await TestMesh().run(limits: limits, remoteKeys: troubled) { running in
                try await running.linkKey(ann)
                try await placeOrders(3, of: ann, in: running)
                try await body(running, trouble)
            }
        }
    }

    /// As when the operator revoked them and nothing has been done about it yet.
    private func revokeAll(_ running: Running) async throws {
        try await running.database.write { db in
            try db.execute(sql: "UPDATE exchange_keys SET state = 'retired', retired_ms = 1, revoked_ms = 1")
        }
    }

    private func openOrders(_ running: Running) async throws -> Int {
        try await running.database.readAll { try Int.fetchOne($0, sql: "SELECT count(*) FROM orders WHERE state = 'new'") ?? 0 }
    }

    @Test("A store that does not sign is asked once a round for orders that are to be cancelled, and with two keys where orders are looked at")
    func silentStore() async throws {
        try await withTransit { bao, store in
            let (mesh, trouble) = (try TestMesh(), Trouble())
            try await mesh.run(remoteKeys: TroubledKeys(inner: store, beforeSigning: { _ in try trouble.away() })) { running in
                for (user, name) in [(ann, "good-key"), (bob, "other-key")] {
                    try await running.linkKey(user, apiKey: name)
                    try await placeOrders(2, of: user, in: running)
                }
                trouble.isOn.withLock { $0 = true }
                try await running.service.reconcileAtStart()
                #expect(trouble.tries.withLock { $0 } == 2)
                try await revokeAll(running)
                try await running.service.endKeys()
                #expect(trouble.tries.withLock { $0 } == 3)
                #expect(try await openOrders(running) == 4)
                trouble.isOn.withLock { $0 = false }
                mesh.advance(milliseconds: 3_600_000)
                try await running.service.endKeys()
                #expect(try await openOrders(running) == 0)
                #expect(try await bao.transitKeys().isEmpty)
            }
        }
    }

    @Test("One key that its store does not sign with keeps nobody else's orders from being looked at")
    func oneKeyAway() async throws {
        try await withTransit { _, store in
            let (mesh, trouble) = (try TestMesh(), Trouble())
            let asked = Mutex<[String]>([])
            let troubled = TroubledKeys(inner: store, beforeSigning: { user in
                asked.withLock { $0.append(user) }
                if user == ann { try trouble.away() }
            })
            try await mesh.run(remoteKeys: troubled) { running in
                for (user, name, count) in [(ann, "good-key", 4), (bob, "other-key", 1)] {
                    try await running.linkKey(user, apiKey: name)
                    try await placeOrders(count, of: user, in: running)
                }
                trouble.isOn.withLock { $0 = true }
                for _ in 0..<3 {
                    asked.withLock { $0 = [] }
                    try await running.service.reconcileAtStart()
                    #expect(asked.withLock { $0.sorted() } == [ann, bob].sorted())
                }
            }
        }
    }

    @Test("Who revokes a key whose store does not sign hears at once of each of its orders that it stands still")
    func silentStoreRevoked() async throws {
        try await withOrders(hinder: { try $0.away() }) { running, trouble in
            trouble.isOn.withLock { $0 = true }
            let answer = try await revoke(try await activeKey(running), in: running)
            #expect(answer.notes.count { $0.contains("cancel it at the exchange") } == 3 && answer.key?.state == "retiring")
            #expect(trouble.tries.withLock { $0 } == 1)
        }
    }

    @Test("Who unlinks keys whose store does not sign hears of the orders of each, also of those that the store was not asked for")
    func silentStoreNames() async throws {
        try await withOrders(hinder: { try $0.away() }) { running, trouble in
            try await running.linkKey(ann, apiKey: "other-key")
            try await placeOrders(2, of: ann, in: running)
            trouble.isOn.withLock { $0 = true }
            let ended = try await running.client(as: "gateway").revokeExchangeKeys(.init(reason: ""), options: try await running.access(ann))
            #expect(ended.keyIds.count == 2 && ended.notes.count { $0.contains("cancel it at the exchange") } == 5)
            #expect(trouble.tries.withLock { $0 } == 1)
        }
    }

    @Test("Of a key that cannot be read the person hears so; it is revoked, and the others are ended")
    func damagedKey() async throws {
        try await TestMesh().run { running in
            try await running.linkKey(ann)
            let damaged = try await activeKey(running)
            try await running.linkKey(ann, apiKey: "other-key")
            try await running.database.write { db in
                try db.execute(sql: "UPDATE exchange_keys SET private_key_sealed = x'00' WHERE id = ?", arguments: [damaged])
            }
            let ended = try await running.client(as: "gateway").revokeExchangeKeys(.init(reason: ""), options: try await running.access(ann))
            #expect(ended.keyIds.count == 2 && ended.notes.count == 1 && ended.notes.first?.contains("cannot be read") == true)
            #expect(try await running.keys.listKeys(.init(gone: true)).keys.map(\.state).sorted() == ["gone", "retiring"])
        }
    }

    @Test("Who unlinks all keys while their store is silent has them all revoked at once, the store is asked once, and a later round ends them")
    func silentStoreUnlinked() async throws {
        try await withTransit { bao, store in
            let (mesh, trouble, answering) = (try TestMesh(), Trouble(), Signal())
            var limits = ExecutionLimits.quick
            limits.keyDestructionTime = .milliseconds(200)
            let silent = TroubledKeys(
                inner: store,
                beforeDestroying: {
                    trouble.tries.withLock { $0 += 1 }
                    await answering.wait()
                })
            try await mesh.run(limits: limits, remoteKeys: silent) { running in
                try await running.linkKey(ann)
                let gateway = running.client(as: "gateway"), access = try await running.access(ann)
                for _ in 0..<3 { _ = try await gateway.createExchangeKey(.init(), options: access) }
                let ended = try await gateway.revokeExchangeKeys(.init(reason: ""), options: access)
                #expect(ended.keyIds.count == 4 && ended.notes.count == 4 && trouble.tries.withLock { $0 } == 1)
                #expect(try await running.keys.listKeys(.init()).keys.map(\.state) == Array(repeating: "retiring", count: 4))
                answering.raise()
                mesh.advance(milliseconds: 3_600_000)
                try await running.service.endKeys()
                #expect(try await bao.transitKeys().isEmpty)
                try await running.flushAudit()
                #expect(mesh.audit.actions.count { $0 == "keys.revoked" } == 4 && mesh.audit.actions.count { $0 == "keys.ended" } == 4)
            }
        }
    }

    @Test("A round over orders that takes long begins with no other, and the next one goes on")
    func slowRound() async throws {
        var limits = ExecutionLimits.quick
        limits.reconciliationTime = .milliseconds(200)
        try await withOrders(limits, hinder: { await $0.slow() }) { running, trouble in
            trouble.isOn.withLock { $0 = true }
            try await running.service.reconcileAtStart()
            #expect(trouble.tries.withLock { $0 } == 1)
            try await running.service.reconcileAtStart()
            #expect(trouble.tries.withLock { $0 } == 2)
        }
    }

    @Test("A round that takes long begins with no other order of the same key")
    func slowStore() async throws {
        var limits = ExecutionLimits.quick
        limits.keyEndingTime = .milliseconds(200)
        try await withOrders(limits, hinder: { await $0.slow() }) { running, trouble in
            try await revokeAll(running)
            trouble.isOn.withLock { $0 = true }
            try await running.service.endKeys()
            #expect(try await openOrders(running) == 2)
        }
    }

    @Test("A key that cannot be ended does not keep the others from it")
    func brokenKey() async throws {
        try await TestMesh().run { running in
            for (user, name) in [(ann, "good-key"), (bob, "other-key")] { try await running.linkKey(user, apiKey: name) }
            try await placeOrders(1, of: ann, in: running)
            try await revokeAll(running)
            try await running.database.write { try $0.execute(sql: "UPDATE orders SET executed_quantity = 'x'") }
            try await running.service.endKeys()
            #expect(try await running.keys.listKeys(.init(gone: true)).keys.map(\.state).sorted() == ["gone", "retiring"])
        }
    }

    @Test("Of a key that the store never made nobody is alarmed, and it is followed all the same")
    func neverMade() async throws {
        try await withTransit { bao, store in
            let mesh = try TestMesh()
            var limits = ExecutionLimits.quick
            limits.keyDestructionTime = .milliseconds(300)
            try await mesh.run(limits: limits, remoteKeys: store) { running in
                bao.killServer()
                let access = try await running.access(ann)
                #expect(await reason { _ = try await running.client(as: "gateway").createExchangeKey(.init(), options: access) } != nil)
                mesh.advance(milliseconds: 65_000)
                try await running.service.endKeys()
                #expect(try await running.keys.listKeys(.init()).keys.map(\.state) == ["retiring"])
                try await running.flushAudit()
                #expect(!mesh.audit.actions.contains("exchange_key.not_destroyed"))
                try await bao.serve { _ in
                    // The first round may still meet with what was left of the server before.
                    while !mesh.audit.actions.contains("keys.ended") {
                        mesh.advance(milliseconds: 3_600_000)
                        try await running.service.endKeys()
                        try await running.flushAudit()
                    }
                    #expect(mesh.audit.records.last { $0.action == "keys.ended" }?.reason == "not made")
                }
            }
        }
    }
}
