import Deployment
import Foundation
import LocalMesh
import MeshCall
import MeshRuntime
import PulseCommands
import SecretServers
import Secrets
import SecretStores
import ServiceAPI
import TestSupport
import Synchronization
import Testing

extension Integration {
    /// The whole mesh, whose services have their secrets in a real OpenBao.
    @Suite("The secret store goes away", .enabled(if: ExternalProgram.bao.isExpected))
    struct SecretStoreOutageTests {
        /// 10 seconds in all: long enough to be seen to serve, short enough to be waited for.
        private static let policy = CachePolicy(maximumAgeSeconds: 1, staleSeconds: 9)
        private static let services: [ServiceName] = [.auth, .marketData, .execution]

        @Test("Killed under load: all serve within the cache policy, then refuse and say why, and recover by themselves in the same processes")
        func killed() async throws {
            try await OpenBao.with { bao in
                var stores: [String: SecretStoreSettings] = [:]
                for name in Self.services { stores[name.rawValue] = try await bao.add(name.rawValue, cache: Self.policy) }
                try await LocalMesh.with(secretStores: stores) { mesh in try await outage(bao, mesh) }
            }
        }

        private func outage(_ bao: OpenBao, _ mesh: LocalMesh) async throws {
            for name in Self.services { #expect(!FileManager.default.fileExists(atPath: "\(mesh.folder.secrets(name))/\(name.rawValue).sealed")) }
            var someone = try await mesh.makePerson()
            let processes = try await pids(mesh)
            let open = try #require(try await someone.propose("buy 0.01 BTC at market").first)
            let load = try await PriceLoad(on: mesh, token: someone.person.token())
            try await load.during {
                bao.killServer()
                let killed = ContinuousClock.now
                // Within the policy everything goes on, and nobody asks a store before it answers.
                #expect(try await someone.sign(open).state == "FILLED")
                _ = try await mesh.makePerson(balances: nil)
                #expect(ContinuousClock.now - killed < Self.policy.longestUse)

                try await eventually("prices are refused") { load.refused > 0 }
                // A last answer may have been a moment before the end.
                #expect(ContinuousClock.now - killed > Self.policy.longestUse - .seconds(6))
                try await eventually("orders and sign-in are refused") {
                    let (chat, signUp) = (await reason { _ = try await someone.propose("buy 0.01 BTC at market") }, await reason { _ = try await mesh.makePerson(balances: nil) })
                    return [chat, signUp].allSatisfy { $0.status == 503 || $0.status == 200 && $0.code == "UNAVAILABLE" }
                }
                for name in Self.services {
                    #expect(mesh.log(of: name, lines: 400).contains("secret data-key of store vault"), "\(name)")
                }
                try await recover(bao, mesh, someone, load)
            }
            #expect(load.done > 100 && load.refused > 0)
            #expect(load.strange.isEmpty, "\(load.strange.prefix(3))")
            #expect(try await pids(mesh) == processes)
        }

        private func pids(_ mesh: LocalMesh) async throws -> [Int32] {
            var pids: [Int32] = []
            for name in Self.services { pids.append(try #require(await mesh.process(name).pid)) }
            return pids
        }

        private func recover(_ bao: OpenBao, _ mesh: LocalMesh, _ person: LocalPerson, _ load: PriceLoad) async throws {
            try await bao.serve { _ in
                var someone = person
                let before = load.done
                try await eventually(within: .seconds(90), "prices are back") { load.done > before }
                try await eventually(within: .seconds(90), "sign-up is back") { await reason { _ = try await mesh.makePerson(balances: nil) }.status == 0 }
                try await eventually(within: .seconds(90), "orders are back") {
                    await reason { _ = try await someone.propose("buy 0.01 BTC at market") }.status == 0
                }
                let proposal = try #require(try await someone.propose("buy 0.01 BTC at market").first)
                #expect(try await someone.sign(proposal).state == "FILLED")
            }
        }

        @Test("What a service fetches, what an operator is shown or puts, and why a start failed, is in the audit log")
        func audited() async throws {
            try await OpenBao.with { bao in
                let stores = [ServiceName.execution.rawValue: try await bao.add("execution", cache: Self.policy)]
                try await LocalMesh.with(secretStores: stores) { mesh in
                    try await eventually("the fetch at the start is told") {
                        try told("secrets.fetched", of: "data-key", in: mesh).contains { $0.outcome == "ok" && $0.reason == "start" && detail("store", of: $0) == "vault" }
                    }
                    try await showAndPut(on: mesh)
                    try await failToStart(bao, mesh)
                }
            }
        }

        private func told(_ action: String, of object: String, in mesh: LocalMesh) throws -> [AuditV1.Record] {
            try mesh.auditRecords().filter { $0.action == action && $0.object == object && $0.source == "execution" }
        }

        private func detail(_ name: String, of record: AuditV1.Record) -> String? { record.details.first { $0.name == name }?.value }

        private func showAndPut(on mesh: LocalMesh) async throws {
            let program = try ProgramFolder().path + "/pulse", state = ["--state", mesh.folder.path]
            let without = try await ProgramRun.of(program, ["secrets", "show", "execution", "data-key", "--value"] + state)
            #expect(without.exitCode != 0 && without.text.contains("--reason"))
            let shown = try await ProgramRun.of(program, ["secrets", "show", "execution", "data-key", "--value", "--reason", "a drill"] + state)
            #expect(shown.exitCode == 0 && shown.text.count >= 64)
            let put = try await ProgramRun.of(
                program, ["secrets", "put", "execution", "other-key", "--reason", "another drill"] + state, input: [UInt8](repeating: 7, count: 32))
            #expect(put.exitCode == 0, "\(put.text)")
            try await eventually("the operator's doing is told") {
                let records = try told("secrets.shown", of: "data-key", in: mesh) + told("secrets.put", of: "other-key", in: mesh)
                return records.map(\.reason) == ["a drill", "another drill"] && records.allSatisfy { $0.actor?.type == .operator && $0.outcome == "ok" }
            }
            // The value itself is nowhere in the log.
            let value = shown.text.trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(try !mesh.auditRecords().contains { $0.details.contains { $0.value.contains(value) } })
        }

        private func failToStart(_ bao: OpenBao, _ mesh: LocalMesh) async throws {
            let execution = try mesh.process(.execution)
            await execution.kill()
            try await bao.run("policy", "write", "execution", "-", input: "path \"secret/none\" { capabilities = [\"read\"] }")
            await execution.start()
            try await eventually("execution gives up") {
                FileManager.default.fileExists(atPath: mesh.folder.data(.execution) + "/failed-starts.json")
            }
            await execution.kill()
            #expect(try told("service.start_failed", of: "execution", in: mesh).isEmpty)
            _ = try await bao.add("execution", cache: Self.policy)
            await execution.start()
            try await mesh.waitUntilReady(.execution, within: .seconds(60))
            try await eventually("the failed start is told") { try !told("service.start_failed", of: "execution", in: mesh).isEmpty }
            let failed = try told("secrets.fetched", of: "data-key", in: mesh).filter { $0.outcome == "failed" }
            #expect(failed.contains { detail("cause", of: $0)?.contains("access denied") == true && detail("times", of: $0) != nil }, "\(failed)")
            #expect(!FileManager.default.fileExists(atPath: mesh.folder.data(.execution) + "/failed-starts.json"))
        }

        /// Status, code and reason of a refusal; 0 for none.
        private func reason(_ body: () async throws -> Void) async -> (status: Int, code: String, reason: String) {
            do {
                try await body()
                return (0, "", "")
            } catch let error as GatewayError {
                return (Int(error.status), error.body.code, error.body.reason ?? "")
            } catch {
                return (-1, "\(error)", "")
            }
        }
    }
}

/// Asks for a price again and again, as the gateway does.
private final class PriceLoad: Sendable {
    private let client: MeshClient
    private let token: String
    private let counts = Mutex((done: 0, refused: 0, strange: [String]()))

    var done: Int { counts.withLock { $0.done } }
    /// With UNAVAILABLE.
    var refused: Int { counts.withLock { $0.refused } }
    /// Anything else.
    var strange: [String] { counts.withLock { $0.strange } }

    init(on mesh: LocalMesh, token: String) async throws {
        client = try mesh.client(to: .marketData, as: "gateway")
        self.token = token
    }

    func during(_ body: () async throws -> Void) async throws {
        let calls = Task { try await run() }
        do {
            try await body()
        } catch {
            calls.cancel()
            _ = await calls.result
            await client.close()
            throw error
        }
        calls.cancel()
        _ = await calls.result
        await client.close()
    }

    private func run() async throws {
        let prices = MarketDataV1.MarketDataClient(client)
        while !Task.isCancelled {
            try await ContinuousClock().sleep(for: .milliseconds(10))
            do {
                _ = try await prices.getPrice(.init(symbol: "BTCUSDT"), options: .bearer(token))
                counts.withLock { $0.done += 1 }
            } catch is CancellationError {
                return
            } catch let error as RPCError where error.code == .unavailable {
                counts.withLock { $0.refused += 1 }
            } catch {
                if !Task.isCancelled { counts.withLock { $0.strange.append("\(error)") } }
            }
        }
    }
}
