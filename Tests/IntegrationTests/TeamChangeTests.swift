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

        private func activeIDs(on mesh: LocalMesh) async throws -> Set<String> {
            var ids: Set<String> = []
            for name in [ServiceName.auth, .execution, .marketData] {
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
            var paths = [mesh.folder.pki + "/https-issuer.key.pem", mesh.folder.operatorTLS + "/key.pem"]
            for name in ServiceName.allCases {
                paths += [secrets.wrappingKey(of: name), mesh.folder.tls(name) + "/key.pem", mesh.folder.tls(name) + "/https-key.pem"]
            }
            return Dictionary(uniqueKeysWithValues: paths.compactMap { path in FileManager.default.contents(atPath: path).map { (path, $0) } })
        }

        private func operatorToken(on mesh: LocalMesh) async throws -> SecretBytes {
            try await DeploymentSecrets(mesh.folder).store(of: .sandboxExchange).secret(named: "operator-token")
        }

        @Test("An operator leaves: every key that can be is another: of tokens, data, certificates, secret files and the sandbox's page; every process runs on")
        func everythingChanges() async throws {
            try await LocalMesh.with(keys: Self.schedules) { mesh in try await replaceAll(on: mesh) }
        }

        private func replaceAll(on mesh: LocalMesh) async throws {
            var someone = try await mesh.makePerson()
            let (files, token, keys) = (try heldFiles(on: mesh), try await operatorToken(on: mesh), try await activeIDs(on: mesh))
            var pids: [Int32] = []
            for name in ServiceName.allCases { pids.append(try #require(await mesh.process(name).pid)) }
            let run = try await pulse(["keys", "rotate", "--seen-by", "operator", "--reason", "team-change"], on: mesh)
            #expect(run.exitCode == 0, "\(run.text)")
            try await eventually("everybody has another certificate") {
                try heldFiles(on: mesh).allSatisfy { files[$0.key] != $0.value }
            }
            #expect(files.count == 2 + ServiceName.allCases.count + 6 + 2, "\(files.keys.sorted())")
            #expect(try await operatorToken(on: mesh) != token)
            let ours = ["auth/token-signing", "auth/data-encryption", "auth/mesh-issuing", "market-data/data-encryption", "execution/data-encryption"]
            let replaced = keys.filter { key in ours.contains { key.hasPrefix($0) } }
            #expect(replaced.count == ours.count)
            try await eventually("every key of ours is another") { try await replaced.isDisjoint(with: activeIDs(on: mesh)) }
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
