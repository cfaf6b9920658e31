import ExecutionService
import GRDB
import MeshCall
import SecretServers
import SecretStores
import Secrets
import ServiceAPI
import Storage
import TestSupport
import Testing

/// Against a real OpenBao.
@Suite("Trade keys elsewhere: beginnings and ends that fail", .serialized, .timeLimit(.minutes(3)), .enabled(if: ExternalProgram.bao.isExpected))
struct RemoteKeyLifeTests {
    @Test("A key whose making fails half-way, or is overtaken by its end, is shown to nobody and is destroyed")
    func halfMade() async throws {
        try await withTransit { bao, store in
            struct Lost: Error {}
            let mesh = try TestMesh()
            let create: @Sendable (Running) async -> String? = { running in
                await reason { _ = try await running.client(as: "gateway").createExchangeKey(.init(), options: running.access(ann)) }
            }
            try await mesh.run(remoteKeys: TroubledKeys(inner: store, afterMaking: { throw Lost() })) { running in
                #expect(await create(running) == "KEY_STORE_UNAVAILABLE")
                #expect(try await bao.transitKeys().count == 1)
                try await running.service.endKeys()
                #expect(try await bao.transitKeys().isEmpty)
                #expect(try await kept(running) == ["/transit/"])
            }
            // Its row cannot be brought to its end: as when the disk is full.
            let database = Database()
            let refusing = TroubledKeys(inner: store, afterMaking: { try await database.breakOutbox() })
            try await mesh.run(remoteKeys: refusing) { running in
                await database.set(running.database)
                #expect(await create(running) != nil)
                #expect(try await bao.transitKeys().count == 1)
                try await database.mendOutbox()
                try await running.service.endKeys()
                #expect(try await bao.transitKeys().isEmpty)
                try await running.flushAudit()
                #expect(!mesh.audit.actions.contains("exchange_key.created"))
            }
        }
    }

    private actor Database {
        private var database: ServiceDatabase?
        func set(_ database: ServiceDatabase) { self.database = database }
        func breakOutbox() async throws { try await database?.write { try $0.execute(sql: "ALTER TABLE audit_outbox RENAME TO away") } }
        func mendOutbox() async throws { try await database?.write { try $0.execute(sql: "ALTER TABLE away RENAME TO audit_outbox") } }
    }

    @Test("A process that dies while a key is made leaves none behind: the next one destroys it, when nobody can be making it any more")
    func died() async throws {
        try await withTransit { bao, store in
            let mesh = try TestMesh()
            let (made, held) = (Signal(), Signal())
            let holding = TroubledKeys(inner: store, afterMaking: { made.raise(); await held.wait() })
            let creating = try await mesh.run(remoteKeys: holding) { running in
                let creating = Task { await reason { _ = try await running.client(as: "gateway").createExchangeKey(.init(), options: running.access(ann)) } }
                await made.wait()
                return creating
            }
            try await mesh.run(remoteKeys: store) { running in
                try await running.service.endKeys()
                #expect(try await bao.transitKeys().count == 1)
                mesh.advance(milliseconds: 65_000)
                try await running.service.endKeys()
                #expect(try await bao.transitKeys().isEmpty)
            }
            held.raise()
            #expect(await creating.value != nil)
        }
    }

    @Test("The limit of keys that wait is looked at before one is made")
    func limit() async throws {
        try await withTransit { bao, store in
            try await TestMesh().run(remoteKeys: store) { running in
                let gateway = running.client(as: "gateway"), access = try await running.access(ann)
                for _ in 0..<5 { _ = try await gateway.createExchangeKey(.init(), options: access) }
                #expect(await reason { _ = try await gateway.createExchangeKey(.init(), options: access) } == "TOO_MANY_KEYS")
                #expect(try await bao.transitKeys().count == 5)
                let ended = try await gateway.revokeExchangeKeys(.init(reason: ""), options: access)
                #expect(ended.keyIds.count == 5)
                #expect(try await bao.transitKeys().isEmpty)
            }
        }
    }

    @Test("Keys that nobody activates within a day end as others do: they are destroyed, audit hears of it, and their owner may make new ones")
    func notActivated() async throws {
        try await withTransit { bao, store in
            let mesh = try TestMesh()
            try await mesh.run(remoteKeys: store) { running in
                let gateway = running.client(as: "gateway"), access = try await running.access(ann)
                let first = try await gateway.createExchangeKey(.init(), options: access).keyId
                mesh.advance(milliseconds: 43_200_000)
                for _ in 0..<4 { _ = try await gateway.createExchangeKey(.init(), options: access) }
                try await running.service.endKeys()
                #expect(try await bao.transitKeys().count == 5)
                #expect(await reason { _ = try await gateway.createExchangeKey(.init(), options: access) } == "TOO_MANY_KEYS")
                mesh.advance(milliseconds: 43_200_000)
                // Before any round: the person that was kept out is not kept out any more, and what is too old is not put to use.
                let last = try await gateway.createExchangeKey(.init(), options: access).keyId
                let late = await reason { _ = try await gateway.activateExchangeKey(.init(keyId: first, apiKey: "good-key"), options: access) }
                #expect(late == "KEY_ENDED")
                try await running.service.endKeys()
                #expect(try await bao.transitKeys().count == 5)
                _ = try await gateway.activateExchangeKey(.init(keyId: last, apiKey: "good-key"), options: access)
                mesh.advance(milliseconds: 86_400_000)
                try await running.service.endKeys()
                #expect(try await bao.transitKeys().count == 1)
                #expect(try await running.keys.listKeys(.init()).keys.map(\.state) == ["active"])
                try await running.flushAudit()
                #expect(mesh.audit.records.filter { $0.action == "keys.ended" }.map(\.reason) == Array(repeating: "not activated in time", count: 5))
            }
        }
    }

    @Test("Neither another store of the same kind nor a server whose engine is away is believed that a key is there no more")
    func elsewhere() async throws {
        try await withTransit { bao, store in
            let mesh = try TestMesh()
            var settings = bao.remoteKeys
            settings.transit?.mount = "other"
            let other = try settings.open(in: "development")
            try await bao.run("secrets", "enable", "-path=other", "transit")
            let id = try await mesh.run(remoteKeys: store) { running in
                _ = try await link(running)
                return try await activeKey(running)
            }
            try await mesh.run(remoteKeys: other) { running in
                #expect(try await revoke(id, in: running).key?.state == "retiring")
                try await running.flushAudit()
                #expect(mesh.audit.actions.count { $0 == "exchange_key.not_destroyed" } == 1)
            }
            try await bao.run("secrets", "move", "transit/", "away/")
            try await again(with: store, on: mesh, leaves: "retiring")
            try await bao.run("secrets", "move", "away/", "transit/")
            #expect(try await bao.transitKeys().count == 1)
            try await again(with: store, on: mesh, leaves: "gone")
            #expect(try await bao.transitKeys().isEmpty)
        }
    }

    /// When the pause after a failure is over.
    private func again(with store: any RemoteKeyStore, on mesh: TestMesh, leaves state: String) async throws {
        try await mesh.run(remoteKeys: store) { running in
            mesh.advance(milliseconds: 3_600_000)
            try await running.service.endKeys()
            #expect(try await running.keys.listKeys(.init(gone: true)).keys.map(\.state) == [state])
        }
    }

    @Test("With the store away a revoked key is used for nothing all the same, audit hears of it once, and it is destroyed later")
    func awayAtTheEnd() async throws {
        try await withTransit { bao, store in
            let mesh = try TestMesh()
            var limits = ExecutionLimits.quick
            limits.keyDestructionTime = .milliseconds(300)
            try await mesh.run(limits: limits, remoteKeys: store) { running in
                _ = try await link(running)
                let (id, proposal) = (try await activeKey(running), try await running.proposeUsual(ann))
                bao.killServer()
                let answer = try await revoke(id, in: running)
                #expect(answer.key?.state == "retiring" && answer.notes.first?.contains("transit") == true)
                try await bao.serve { _ in
                    #expect(await reason { _ = try await running.sign(ann, proposal) } == "NO_EXCHANGE_KEY")
                    // It pauses after a failure.
                    try await running.service.endKeys()
                    #expect(try await bao.transitKeys().count == 1)
                    mesh.advance(milliseconds: 3_600_000)
                    try await running.service.endKeys()
                    #expect(try await bao.transitKeys().isEmpty)
                    #expect(try await running.keys.listKeys(.init(gone: true)).keys.map(\.state) == ["gone"])
                }
                try await running.flushAudit()
                #expect(mesh.audit.actions.count { $0 == "exchange_key.not_destroyed" } == 1)
                #expect(mesh.exchange.attempts.isEmpty)
            }
        }
    }
}
