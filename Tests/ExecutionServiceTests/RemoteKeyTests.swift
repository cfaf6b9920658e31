import Crypto
import ExecutionService
import Foundation
import GRDB
import MeshCall
import SecretServers
import SecretStores
import Secrets
import ServiceAPI
import Storage
import TestSupport
import Testing

/// Against a real OpenBao and SoftHSM.
@Suite("Trade keys that never enter this process", .serialized, .timeLimit(.minutes(3)), .enabled(if: ExternalProgram.bao.isExpected))
struct RemoteKeyTests {
    private func round(_ store: any RemoteKeyStore, exists: @Sendable (String) async throws -> Bool) async throws {
        let mesh = try TestMesh()
        try await mesh.run(remoteKeys: store) { running in
            let key = try await link(running)
            let id = try await activeKey(running)
            let name = "development.trade.\(ann).\(id)"
            #expect(try await kept(running) == ["/\(store.kind)/\(name)"])
            #expect(try await exists(name))
            try expectSigned(try await running.sign(ann, try await running.proposeUsual(ann)), by: key, on: mesh)
            let proposal = try await running.proposeUsual(ann)

            let answer = try await revoke(id, in: running)
            #expect(answer.key?.state == "gone" && answer.notes.isEmpty)
            #expect(try await !exists(name))
            #expect(try await kept(running) == ["/\(store.kind)/"])
            #expect(await reason { _ = try await running.sign(ann, proposal) } == "NO_EXCHANGE_KEY")
            #expect(mesh.exchange.attempts.count == 1)
            try await running.flushAudit()
            let created = mesh.audit.records.first { $0.action == "exchange_key.created" }
            #expect(created?.actor?.id == ann && created?.details == [.init(name: "store", value: store.kind)])
            let ended = mesh.audit.records.first { $0.action == "keys.ended" }
            #expect(ended?.reason == "revoked" && ended?.details == [.init(name: "destroyed_in", value: store.kind)])
        }
    }

    @Test("Linked, an order is signed by OpenBao and the database can sign nothing; revoked, the key is gone from there and nothing is sent")
    func transit() async throws {
        try await withTransit { bao, store in try await round(store) { try await bao.transitKeys().contains($0) } }
    }

    @Test("The same with a PKCS #11 device", .enabled(if: ExternalProgram.softHSM.isExpected))
    func device() async throws {
        let store = try await SoftHSM.shared.remoteKeys().open(in: "development")
        try await round(store) { try await SoftHSM.shared.listing(of: $0).contains($0) }
    }

    @Test("Killed between sign-off and sending, nothing leaves and the caller is told by name; when it is back, the next order goes")
    func killed() async throws {
        try await withTransit { bao, store in
            let mesh = try TestMesh()
            try await mesh.run(remoteKeys: store) { running in
                let key = try await link(running)
                let proposal = try await running.proposeUsual(ann)
                mesh.after(.marked) { bao.killServer() }
                let error = try await #require(throws: RPCError.self) { _ = try await running.sign(ann, proposal) }
                #expect(error.code == .unavailable && error.reason == "KEY_STORE_UNAVAILABLE")
                #expect(error.message.contains("transit") && error.message.contains("nothing was sent") && !error.message.contains(bao.address))
                #expect(mesh.exchange.attempts.isEmpty)
                #expect(try await running.orders(ann).map(\.state) == [.notSent])
                try await running.flushAudit()
                #expect(mesh.audit.actions.contains("order.abandoned") && !mesh.audit.actions.contains("order.unknown"))
                try await bao.serve { _ in
                    try expectSigned(try await running.sign(ann, try await running.proposeUsual(ann)), by: key, on: mesh)
                }
            }
        }
    }

    @Test("Signed off while the store is away, the proposal stays open and nothing is burned; when it is back the same one is signed again, and is one order")
    func signedOffAgain() async throws {
        try await withTransit { bao, store in
            let mesh = try TestMesh()
            var limits = ExecutionLimits.quick
            limits.keyCheckTime = .milliseconds(700)
            try await mesh.run(limits: limits, remoteKeys: store) { running in
                let key = try await link(running)
                let proposal = try await running.proposeUsual(ann)
                bao.killServer()
                for _ in 0..<2 {
                    let error = try await #require(throws: RPCError.self) { _ = try await running.sign(ann, proposal) }
                    #expect(error.code == .unavailable && error.reason == "KEY_STORE_UNAVAILABLE")
                    #expect(error.message.contains("transit") && error.message.contains("nothing was sent") && !error.message.contains(bao.address))
                }
                let kept = "SELECT (SELECT count(*) FROM burned_nonces) + (SELECT count(*) FROM orders)"
                #expect(try await running.database.readAll { try Int.fetchOne($0, sql: kept) } == 0)
                try await bao.serve { _ in
                    try expectSigned(try await running.sign(ann, proposal), by: key, on: mesh)
                    #expect(await reason { _ = try await running.sign(ann, proposal) } == "PROPOSAL_SIGNED")
                }
                #expect(mesh.exchange.attempts.count == 1)
                try await running.flushAudit()
                #expect(mesh.audit.actions.count { $0 == "order.intent" } == 1 && !mesh.audit.actions.contains("order.abandoned"))
            }
        }
    }

    @Test("A key that its store does not sign with costs no proposal, and the person hears that another one is needed")
    func keyTakenAway() async throws {
        try await withTransit { _, store in
            let mesh = try TestMesh()
            try await mesh.run(remoteKeys: store) { running in
                _ = try await link(running)
                let proposal = try await running.proposeUsual(ann)
                let name = try RemoteKeyName(environment: "development", purpose: "trade", user: ann, id: try await activeKey(running))
                #expect(try await store.destroy(name))
                let error = try await #require(throws: RPCError.self) { _ = try await running.sign(ann, proposal) }
                #expect(error.code == .failedPrecondition && error.reason == "KEY_UNUSABLE" && error.message.contains("nothing was sent"))
                let other = try await link(running, as: "other-key")
                try expectSigned(try await running.sign(ann, proposal), by: other, on: mesh)
            }
        }
    }

    @Test("Keys of both kinds stand side by side; one in a store that the settings no longer name signs nothing and is not forgotten")
    func bothKinds() async throws {
        try await withTransit { bao, store in
            let mesh = try TestMesh()
            let local = try await mesh.run { running in try await link(running) }
            try await mesh.run(remoteKeys: store) { running in
                try expectSigned(try await running.sign(ann, try await running.proposeUsual(ann)), by: local, on: mesh)
                let remote = try await link(running, as: "other-key")
                try expectSigned(try await running.sign(ann, try await running.proposeUsual(ann)), by: remote, on: mesh)
                try await running.service.endKeys()
                #expect(try await kept(running).filter { $0 != "//" }.count == 1)
            }
            // Another sort of store is not even asked for the name.
            for other in [nil, TroubledKeys(inner: store, kind: "pkcs11")] {
                try await mesh.run(remoteKeys: other) { running in
                    #expect(await reason { _ = try await running.proposeUsual(ann) } == nil)
                    let proposal = try await running.proposeUsual(ann)
                    #expect(await reason { _ = try await running.sign(ann, proposal) } == "KEY_STORE_UNAVAILABLE")
                    if other != nil {
                        #expect(try await revoke(try await activeKey(running), in: running).key?.state == "retiring")
                    }
                }
            }
            #expect(mesh.exchange.attempts.count == 2)
            #expect(try await bao.transitKeys().count == 1)
            mesh.advance(milliseconds: 3_600_000)
            try await mesh.run(remoteKeys: store) { running in try await running.service.endKeys() }
            #expect(try await bao.transitKeys().isEmpty)
        }
    }
}
