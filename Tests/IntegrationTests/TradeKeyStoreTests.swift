import Deployment
import Foundation
import GRDB
import LocalMesh
import PulseCommands
import SecretServers
import SecretStores
import TestSupport
import Testing

extension Integration {
    /// The whole mesh with a real OpenBao, whose policy is the one that `compose/secrets.md` has an operator write, and with a PKCS #11 device.
    @Suite("Trade keys elsewhere", .enabled(if: ExternalProgram.bao.isExpected))
    struct TradeKeyStoreTests {
        private func pulse(_ arguments: [String], on mesh: LocalMesh) async throws -> ProgramRun {
            try await ProgramRun.of(ProgramFolder().path + "/pulse", arguments + ["--state", mesh.folder.path])
        }

        /// The block ```hcl of the page, for the environment of the tests.
        private static func policy() throws -> String {
            let page = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../compose/secrets.md").standardizedFileURL
            let text = try String(contentsOf: page, encoding: .utf8)
            let block = try #require(text.components(separatedBy: "```hcl\n").dropFirst().first?.components(separatedBy: "```").first)
            return block.replacingOccurrences(of: "production", with: "development")
        }

        /// Id, sealed bytes and remote name of each key that execution has.
        private func kept(on mesh: LocalMesh) throws -> [(id: String, sealed: Data, name: String?)] {
            var configuration = Configuration()
            configuration.readonly = true
            let queue = try DatabaseQueue(path: "\(mesh.folder.data(.execution))/execution.sqlite", configuration: configuration)
            defer { try? queue.close() }
            return try queue.read { db in
                try Row.fetchAll(db, sql: "SELECT id, private_key_sealed, remote_key FROM exchange_keys").map { ($0[0], $0[1], $0[2]) }
            }
        }

        @Test(
            "A person's order is filled with a PKCS #11 device's signature, also after execution was killed; revoked, the key is gone from there",
            .enabled(if: ExternalProgram.softHSM.isExpected))
        func device() async throws {
            let keys = try await SoftHSM.shared.remoteKeys()
            // Where SoftHSM looks for its configuration; a vendor's module has a place of its own.
            let variables = ["SOFTHSM2_CONF": try #require(keys.readable.first { $0.hasSuffix(".conf") })]
            try await LocalMesh.with(tradeKeys: keys, variables: variables) { mesh in
                var someone = try await mesh.makePerson(balances: ["USDT": "10000"])
                let key = try #require(try kept(on: mesh).first)
                let (name, label) = ("execution/exchange-trade/\(key.id)", try #require(key.name))
                #expect(key.sealed.isEmpty && label.hasPrefix("development.trade."))
                #expect(try await SoftHSM.shared.listing(of: label).contains("never extractable"))
                #expect(try await pulse(["keys", "show", name], on: mesh).text.contains("lies in:            pkcs11"))
                let first = try #require(try await someone.propose("buy 0.01 BTC at market").first)
                #expect(try await someone.sign(first).state == "FILLED")

                try await mesh.process(.execution).kill()
                try await mesh.process(.execution).start()
                try await mesh.waitUntilReady(.execution)
                let second = try #require(try await someone.propose("buy 0.01 BTC at market").first)
                #expect(try await someone.sign(second).state == "FILLED")
                let last = try #require(try await someone.propose("buy 0.01 BTC at market").first)

                let revoked = try await pulse(["keys", "revoke", name, "--reason", "stolen laptop"], on: mesh)
                #expect(revoked.exitCode == 0, "\(revoked.text)")
                #expect(try await !SoftHSM.shared.listing(of: label).contains(label))
                #expect(try kept(on: mesh).allSatisfy { $0.sealed.isEmpty && $0.name == nil })
                let refusal = try await #require(throws: GatewayError.self) { _ = try await someone.sign(last) }
                #expect(refusal.body.reason == "NO_EXCHANGE_KEY")
            }
        }

        @Test("A person's order is filled with OpenBao's signature; with it away nothing is sent and they are told; revoked, the key is gone from there")
        func day() async throws {
            try await OpenBao.with { bao in
                try await bao.run("secrets", "enable", "transit")
                try await bao.run("policy", "write", "execution", "-", input: Self.policy())
                try await LocalMesh.with(tradeKeys: bao.remoteKeys) { mesh in try await day(bao, mesh) }
            }
        }

        /// Whoever has the service's credentials signs, and neither gets the key nor reaches another environment's.
        private func expectLittle(of policy: String, with key: String, in bao: OpenBao) async throws {
            let token = try await bao.run("token", "create", "-policy=\(policy)", "-field=token")
            try await bao.run("write", "transit/sign/\(key)", "input=aGVsbG8=", token: token)
            await #expect(throws: (any Error).self) { try await bao.run("read", "transit/export/signing-key/\(key)", token: token) }
            await #expect(throws: (any Error).self) { try await bao.run("read", "transit/backup/\(key)", token: token) }
            await #expect(throws: (any Error).self) { try await bao.run("list", "transit/keys", token: token) }
            for setting in ["exportable=true", "allow_plaintext_backup=true"] {
                await #expect(throws: (any Error).self) { try await bao.run("write", "transit/keys/\(key)/config", setting, token: token) }
            }
            await #expect(throws: (any Error).self) {
                try await bao.run("write", "transit/keys/development.trade.x.y", "type=ed25519", "exportable=true", token: token)
            }
            await #expect(throws: (any Error).self) { try await bao.run("write", "transit/keys/production.trade.x.y", "type=ed25519", token: token) }
        }

        private func day(_ bao: OpenBao, _ mesh: LocalMesh) async throws {
            var someone = try await mesh.makePerson(balances: ["USDT": "10000"])
            let key = try #require(try kept(on: mesh).first)
            let name = "execution/exchange-trade/\(key.id)"
            #expect(key.sealed.isEmpty && key.name?.hasPrefix("development.trade.") == true)
            #expect(try await bao.transitKeys() == [key.name])
            try await expectLittle(of: "execution", with: try #require(key.name), in: bao)
            #expect(try await pulse(["keys", "show", name], on: mesh).text.contains("lies in:            transit"))

            let proposal = try #require(try await someone.propose("buy 0.01 BTC at market").first)
            #expect(try await someone.sign(proposal).state == "FILLED")

            let unsent = try #require(try await someone.propose("buy 0.01 BTC at market").first)
            bao.killServer()
            let error = try await #require(throws: GatewayError.self) { _ = try await someone.sign(unsent) }
            #expect(error.status == 503 && error.body.reason == "KEY_STORE_UNAVAILABLE" && error.body.message.contains("nothing was sent"), "\(error)")
            #expect(try await someone.person.orders().map(\.state) == ["FILLED"])
            let person = someone
            try await bao.serve { _ in
                var someone = person
                // Nothing was burned: the same proposal is signed again.
                #expect(try await someone.sign(unsent).state == "FILLED")
                let last = try #require(try await someone.propose("buy 0.01 BTC at market").first)

                let revoked = try await pulse(["keys", "revoke", name, "--reason", "stolen laptop"], on: mesh)
                #expect(revoked.exitCode == 0, "\(revoked.text)")
                #expect(try await bao.transitKeys().isEmpty)
                #expect(try kept(on: mesh).allSatisfy { $0.sealed.isEmpty && $0.name == nil })
                let refusal = try await #require(throws: GatewayError.self) { _ = try await someone.sign(last) }
                #expect(refusal.body.reason == "NO_EXCHANGE_KEY")
            }
        }
    }
}
