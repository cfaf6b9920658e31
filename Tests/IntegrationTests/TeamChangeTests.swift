import Deployment
import Foundation
import KeyManagement
import LocalMesh
import MeshRuntime
import PulseCommands
import Secrets
import ServiceAPI
import TestSupport
import Testing

extension Integration {
    /// `pulse keys rotate --seen-by operator` against the real processes.
    @Suite("When an operator leaves")
    struct TeamChangeTests {
        private static let schedules = KeySchedules([
            .tokenSigning: KeySchedule(leadSeconds: 4, overlapSeconds: 6), .dataEncryption: KeySchedule(overlapSeconds: 2),
        ])

        private func pulse(_ arguments: [String], on mesh: LocalMesh) async throws -> ProgramRun {
            try await ProgramRun.of(ProgramFolder().path + "/pulse", arguments + ["--state", mesh.folder.path])
        }

        /// What the command replaces by itself, and what it cannot: a log keeps its key, and a person's key is that person's to replace.
        private static let ours: Set<String> = [
            "auth/token-signing", "auth/data-encryption", "auth/mesh-issuing", "market-data/data-encryption", "market-data/exchange-market",
            "execution/data-encryption", "audit/webhook",
        ]
        private static let others: Set<String> = ["audit/log-signing", "execution/exchange-trade", "market-data/exchange-read"]

        /// `PROCESS/KIND/ID` without the id.
        private static func kinds(_ ids: Set<String>) -> Set<String> { Set(ids.map { $0.split(separator: "/").prefix(2).joined(separator: "/") }) }

        private func activeIDs(on mesh: LocalMesh) async throws -> Set<String> {
            var ids: Set<String> = []
            for name in [ServiceName.auth, .agent, .execution, .marketData, .audit] {
                let client = try mesh.client(to: name, as: "operator")
                let keys = try await KeysV1.KeysClient(client).listKeys(.init()).keys
                await client.close()
                ids.formUnion(keys.filter { $0.state == "active" }.map { "\(name.rawValue)/\($0.kind)/\($0.id)" })
            }
            return ids
        }

        /// The files whose content a role could have copied.
        private func heldFiles(on mesh: LocalMesh) throws -> [String: Data] {
            let secrets = try DeploymentSecrets(mesh.folder)
            var paths = [mesh.folder.httpsIssuer, mesh.folder.operatorTLS + "/key.pem"]
            for name in ServiceName.allCases {
                paths += [secrets.wrappingKey(of: name), mesh.folder.tls(name) + "/key.pem", mesh.folder.tls(name) + "/https-key.pem"]
            }
            return Dictionary(uniqueKeysWithValues: paths.compactMap { path in FileManager.default.contents(atPath: path).map { (path, $0) } })
        }

        private func operatorToken(on mesh: LocalMesh) async throws -> SecretBytes {
            try await DeploymentSecrets(mesh.folder).store(of: .sandboxExchange).secret(named: "operator-token")
        }

        private func isSandboxRewrapped(on mesh: LocalMesh, since before: [UInt8]) async throws -> Bool {
            guard try await StoredCredentials.secret("data-key", of: .sandboxExchange, mesh.folder) != before else { return false }
            // Throws unless it opens with the key in use.
            return (try? await OpenedDatabase(of: .sandboxExchange, in: mesh.folder))?.keys.count == 1
        }

        @Test("An operator leaves: every key that can be is another: of tokens, data, certificates, secret files and the sandbox's page; every process runs on")
        func everythingChanges() async throws {
            // Nobody listens there: what counts is the key that alerts would be signed with.
            try await LocalMesh.with(keys: Self.schedules, alerts: .init(webhook: "https://127.0.0.1:9/alerts")) { mesh in try await replaceAll(on: mesh) }
        }

        private func replaceAll(on mesh: LocalMesh) async throws {
            var someone = try await mesh.makePerson()
            try await someone.linkExchange(to: .read)
            let (files, token, keys) = (try heldFiles(on: mesh), try await operatorToken(on: mesh), try await activeIDs(on: mesh))
            let dataKey = try await StoredCredentials.secret("data-key", of: .sandboxExchange, mesh.folder)
            var pids: [Int32] = []
            for name in ServiceName.allCases { pids.append(try #require(await mesh.process(name).pid)) }
            let run = try await pulse(["keys", "rotate", "--seen-by", "operator", "--reason", "team-change"], on: mesh)
            #expect(run.exitCode == 0, "\(run.text)")
            try await eventually("everybody has another certificate") {
                try heldFiles(on: mesh).allSatisfy { files[$0.key] != $0.value }
            }
            #expect(files.count == 2 + ServiceName.allCases.count + 6 + 2, "\(files.keys.sorted())")
            #expect(try await operatorToken(on: mesh) != token)
            #expect(Self.kinds(keys) == Self.ours.union(Self.others), "\(keys)")
            let kept = keys.filter { Self.others.contains($0.split(separator: "/").prefix(2).joined(separator: "/")) }
            try await eventually("every key of ours is another, and those that only others can replace are in use") {
                guard let now = try? await activeIDs(on: mesh) else { return false }
                return now.intersection(keys) == kept && Self.kinds(now) == Self.kinds(keys)
            }
            // Each of them is named, with who is to replace it: a line for the key, one for the person.
            for key in kept where !key.hasPrefix("audit/") { #expect(run.text.contains(key) && run.text.contains("The person is to link a new key"), "\(key): \(run.text)") }
            for line in ["audit/log-signing: a log keeps its key", "operator/root key", "operator/HTTPS issuer: another took its place"] {
                #expect(run.text.contains(line), "\(line): \(run.text)")
            }
            try await eventually("the exchange's own database is under its new data key, too") { try await isSandboxRewrapped(on: mesh, since: dataKey) }
            // New certificates are served, old secrets open under new keys, and the sandbox takes its new token.
            try await eventually("everybody is let in") { try await pulse(["mesh", "ping"], on: mesh).exitCode == 0 }
            // Tokens of the key before have ended by now.
            try await someone.person.renew()
            let proposal = try #require(try await someone.propose("buy 0.01 BTC at market").first)
            #expect(try await someone.sign(proposal).state == "FILLED")
            _ = try await mesh.makePerson()
            let after = try await pulse(["keys", "rotate", "execution/data-encryption", "--reason", "a drill"], on: mesh)
            #expect(after.exitCode == 0, "\(after.text)")
            for (name, pid) in zip(ServiceName.allCases, pids) { #expect(try await mesh.process(name).pid == pid) }
        }
    }
}
