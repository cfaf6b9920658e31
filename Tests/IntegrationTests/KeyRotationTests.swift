import Deployment
import Foundation
import Identity
import KeyManagement
import LocalMesh
import MeshCall
import MeshMessages
import MeshRuntime
import PulseCommands
import ServiceAPI
import TestSupport
import Testing

extension Integration {
    /// `pulse keys` against the real processes, under load.
    @Suite("Rotating and revoking keys")
    struct KeyRotationTests {
        /// Short, so that a test sees the end of an overlap; a token lives longer, and whoever has one gets a new one in time.
        static let schedules = KeySchedules([
            .tokenSigning: KeySchedule(leadSeconds: 4, overlapSeconds: 6), .dataEncryption: KeySchedule(overlapSeconds: 2),
            .webhook: KeySchedule(overlapSeconds: 5),
        ])

        func pulse(_ arguments: [String], on mesh: LocalMesh) async throws -> ProgramRun {
            try await ProgramRun.of(ProgramFolder().path + "/pulse", arguments + ["--state", mesh.folder.path])
        }

        func keys(_ process: ServiceName, on mesh: LocalMesh) async throws -> [KeysV1.Key] {
            let client = try mesh.client(to: process, as: "operator")
            let keys = try await KeysV1.KeysClient(client).listKeys(.init(gone: true)).keys
            await client.close()
            return keys
        }

        private func certificate(of name: ServiceName, on mesh: LocalMesh) throws -> String {
            try CertificateFacts(pem: String(contentsOfFile: mesh.folder.tls(name) + "/cert.pem", encoding: .utf8)).serial
        }

        private func activeIDs(on mesh: LocalMesh) async throws -> Set<String> {
            var ids: Set<String> = []
            for name in [ServiceName.auth, .execution, .marketData] {
                ids.formUnion(try await keys(name, on: mesh).filter { $0.state == "active" }.map { "\(name.rawValue)/\($0.kind)/\($0.id)" })
            }
            return ids
        }

        // MARK: - Revocation, lists, people who leave

        @Test("A revoked trade key: its resting order is cancelled at the exchange, nothing is sent any more, and the log has it all")
        func revokedTradeKey() async throws {
            let mesh = try await SharedMesh.mesh()
            var someone = try await mesh.makePerson(balances: ["USDT": "100000"])
            let resting = try #require(try await someone.propose("buy 0.01 BTC at 20000").first)
            let order = try await someone.sign(resting)
            #expect(order.state == "NEW")
            let next = try #require(try await someone.propose("buy 0.01 BTC at market").first)
            let user = await someone.person.userID
            let key = try #require(try await keys(.execution, on: mesh).first { $0.userId == user && $0.state == "active" })
            let name = "execution/exchange-trade/\(key.id)"
            let started = ContinuousClock.now
            let run = try await pulse(["keys", "revoke", name, "--reason", "stolen laptop"], on: mesh)
            #expect(run.exitCode == 0 && run.text.contains("Order \(order.clientOrderId) was cancelled."), "\(run.text)")
            await #expect(throws: GatewayError.self) { _ = try await someone.sign(next) }
            #expect(ContinuousClock.now - started < .seconds(10))
            let orders: OrderList = try await someone.person.get("/v1/orders")
            #expect(orders.orders.map(\.state) == ["CANCELED"])
            let shown = try await pulse(["keys", "show", name], on: mesh)
            #expect(shown.exitCode == 0 && shown.text.contains("state:              gone"), "\(shown.text)")
            try await eventually("the person reads of it in their own records") {
                let audit: AuditAnswer = try await someone.person.get("/v1/audit/records")
                let actions = try audit.records.map { try AuditV1.Record(packed: Array($0.recordBase64)).action }
                return Set(["keys.revoked", "order.cancelled", "keys.ended"]).isSubset(of: actions)
            }
            try await someone.linkExchange()
            let again = try #require(try await someone.propose("buy 0.01 BTC at market").first)
            #expect(try await someone.sign(again).state == "FILLED")
        }

        @Test("A person revokes their own keys: the resting order is cancelled, nothing is sent or read with them any more, and their records say why")
        func ownKeys() async throws {
            let mesh = try await SharedMesh.mesh()
            var someone = try await mesh.makePerson(balances: ["USDT": "100000"])
            let bystander = try await mesh.makePerson()
            let resting = try #require(try await someone.propose("buy 0.01 BTC at 20000").first)
            let order = try await someone.sign(resting)
            let next = try #require(try await someone.propose("buy 0.01 BTC at market").first)
            let answer = try await someone.person.unlinkExchange(.trade, reason: "lost my phone")
            #expect(answer.keyIds.count == 1 && answer.notes == ["Order \(order.clientOrderId) was cancelled."])
            await #expect(throws: GatewayError.self) { _ = try await someone.sign(next) }
            let reading = try await someone.person.unlinkExchange(.read)
            await #expect(throws: GatewayError.self) { _ = try await someone.person.portfolio() }
            // The same again finds nothing, and nobody else lost anything.
            #expect(try await someone.person.unlinkExchange(.trade).keyIds.isEmpty)
            #expect(try await !bystander.person.portfolio().isEmpty)
            let user = await someone.person.userID
            try await eventually("the person reads of it in their own records") {
                let audit: AuditAnswer = try await someone.person.get("/v1/audit/records")
                let records = try audit.records.map { try AuditV1.Record(packed: Array($0.recordBase64)) }
                let revoked = records.filter { $0.action == "keys.revoked" && $0.actor?.id == user }
                return revoked.count == 1 + reading.keyIds.count && revoked.contains { $0.reason == "lost my phone" }
            }
            try await someone.linkExchange()
            #expect(try await someone.sign(#require(try await someone.propose("buy 0.01 BTC at market").first)).state == "FILLED")
        }

        @Test("What a revoked token key signed is refused by every service within a second")
        func revokedTokenKey() async throws {
            try await LocalMesh.with { mesh in
                let person = try await mesh.makePerson(balances: nil).person
                let stale = CallOptions.bearer(try await person.token())
                let (execution, marketData) = (try mesh.client(to: .execution, as: "gateway"), try mesh.client(to: .marketData, as: "gateway"))
                func taken() async throws -> [Bool] {
                    [
                        (try? await ExecutionV1.ExecutionClient(execution).listProposals(.init(limit: 1), options: stale)) != nil,
                        (try? await MarketDataV1.MarketDataClient(marketData).getPrice(.init(symbol: "BTCUSDT"), options: stale)) != nil,
                    ]
                }
                #expect(try await taken() == [true, true])
                let key = try #require(try await keys(.auth, on: mesh).first { $0.kind == "token-signing" && $0.state == "active" })
                let control = try mesh.client(to: .auth, as: "operator")
                _ = try await KeysV1.KeysClient(control).revokeKey(.init(kind: "token-signing", id: key.id, reason: "stolen"))
                let answered = ContinuousClock.now
                while try await taken() != [false, false], ContinuousClock.now - answered < .seconds(5) {}
                #expect(ContinuousClock.now - answered < .seconds(1))
                try await person.renew()
                let fresh = CallOptions.bearer(try await person.token())
                _ = try await ExecutionV1.ExecutionClient(execution).listProposals(.init(limit: 1), options: fresh)
                for client in [execution, marketData, control] { await client.close() }
            }
        }

        /// auth cannot enrol: it makes itself another certificate before it revokes the one that was seen.
        private func authsTeamChange(on mesh: LocalMesh) async throws {
            let certificate = try certificate(of: .auth, on: mesh)
            let run = try await pulse(["keys", "rotate", "--seen-by", "auth", "--reason", "team-change"], on: mesh)
            #expect(run.exitCode == 0 && run.text.contains("\(certificate) is revoked"), "\(run.text)")
            #expect(try self.certificate(of: .auth, on: mesh) != certificate)
            try await eventually("everybody finds auth again") { try await pulse(["mesh", "ping"], on: mesh).exitCode == 0 }
        }

        @Test("When somebody leaves, all that a role could have seen is rotated, and what only others can rotate is due")
        func teamChange() async throws {
            try await LocalMesh.with(keys: Self.schedules) { mesh in
                let someone = try await mesh.makePerson()
                #expect(try await pulse(["keys", "due"], on: mesh).text.contains("no key is due"))
                let before = try await activeIDs(on: mesh)
                let certificate = try certificate(of: .execution, on: mesh)
                let run = try await pulse(["keys", "rotate", "--seen-by", "execution", "--reason", "team-change"], on: mesh)
                #expect(run.exitCode == 0 && run.text.contains("\(certificate) is revoked"), "\(run.text)")
                try await eventually("execution has enrolled anew") { try self.certificate(of: .execution, on: mesh) != certificate }
                try await eventually("it is let in") { try await pulse(["mesh", "ping"], on: mesh).exitCode == 0 }
                let now = try await activeIDs(on: mesh)
                #expect(now.filter { $0.hasPrefix("execution/data") }.isDisjoint(with: before) && now.filter { $0.hasPrefix("auth/") }.isSubset(of: before))
                let due = try await pulse(["keys", "due"], on: mesh)
                #expect(due.exitCode == 1 && due.text.contains("execution/exchange-trade/") && due.text.contains("overdue"), "\(due.text)")
                try await someone.linkExchange()
                #expect(try await pulse(["keys", "due"], on: mesh).exitCode == 0)
                let all = try await pulse(["keys", "list", "--all"], on: mesh)
                #expect(all.exitCode == 0)
                for kind in ["auth/token-signing", "auth/mesh-issuing", "audit/log-signing", "execution/data-encryption", "market-data/data-encryption"] {
                    #expect(all.text.contains(kind), "\(all.text)")
                }
                try await authsTeamChange(on: mesh)
                let wrong = try await pulse(["keys", "rotate", "--seen-by", "nobody", "--reason", "x"], on: mesh)
                #expect(wrong.exitCode != 0 && wrong.text.contains("no role"))
            }
        }
    }
}
