import Deployment
import Foundation
import KeyManagement
import LocalMesh
import MeshCall
import MeshMessages
import MeshRuntime
import PulseCommands
import ServiceAPI
import Synchronization
import TestSupport
import Testing

extension Integration {
    /// `pulse keys` against the real processes, under load.
    @Suite("Rotating and revoking keys")
    struct KeyRotationTests {
        /// Short, so that a test sees the end of an overlap; a token lives longer, and whoever has one gets a new one in time.
        private static let schedules = KeySchedules([
            .tokenSigning: KeySchedule(leadSeconds: 4, overlapSeconds: 6), .dataEncryption: KeySchedule(overlapSeconds: 2),
        ])
        private static let callsPerSecond = 200

        private func pulse(_ arguments: [String], on mesh: LocalMesh) async throws -> ProgramRun {
            try await ProgramRun.of(ProgramFolder().path + "/pulse", arguments + ["--state", mesh.folder.path])
        }

        private func keys(_ process: ServiceName, on mesh: LocalMesh) async throws -> [KeysV1.Key] {
            let client = try mesh.client(to: process, as: "operator")
            let keys = try await KeysV1.KeysClient(client).listKeys(.init(gone: true)).keys
            await client.close()
            return keys
        }

        // MARK: - Load

        /// What a steady stream of calls came to.
        private struct Tally {
            var done = 0
            var failures: [String] = []
        }

        /// 200 calls a second, spread over services that check a person's token by the keys that auth publishes, and over auth itself.
        private func load(as person: Person, on mesh: LocalMesh, during body: () async throws -> Void) async throws -> Tally {
            let execution = try mesh.client(to: .execution, as: "gateway")
            let marketData = try mesh.client(to: .marketData, as: "gateway")
            let token = Mutex(try await person.token())
            let stop = Atomic(false)
            let tally = Mutex(Tally())
            let lanes = 8
            try await withThrowingTaskGroup { group in
                for lane in 0..<lanes {
                    group.addTask {
                        var next = ContinuousClock.now
                        while !stop.load(ordering: .relaxed) {
                            next += .microseconds(1_000_000 * lanes / Self.callsPerSecond)
                            try await Task.sleep(until: next, clock: .continuous)
                            let options = CallOptions.bearer(token.withLock { $0 })
                            do {
                                if lane.isMultiple(of: 2) {
                                    _ = try await ExecutionV1.ExecutionClient(execution).listProposals(.init(limit: 1), options: options)
                                } else {
                                    _ = try await MarketDataV1.MarketDataClient(marketData).getPrice(.init(symbol: "BTCUSDT"), options: options)
                                }
                                tally.withLock { $0.done += 1 }
                            } catch {
                                tally.withLock { $0.failures.append("\(error)") }
                            }
                        }
                    }
                }
                // As a client does whose session goes on: a new access token every second.
                group.addTask {
                    while !stop.load(ordering: .relaxed) {
                        try await Task.sleep(for: .seconds(1))
                        let fresh = try await person.freshToken()
                        token.withLock { $0 = fresh }
                    }
                }
                do {
                    try await body()
                } catch {
                    stop.store(true, ordering: .relaxed)
                    throw error
                }
                stop.store(true, ordering: .relaxed)
                try await group.waitForAll()
            }
            for client in [execution, marketData] { await client.close() }
            return tally.withLock { $0 }
        }

        @Test("Every kind of key is rotated under 200 calls a second without a failed call; the old ones are refused after their overlap")
        func underLoad() async throws {
            try await LocalMesh.with(keys: Self.schedules) { mesh in
                let someone = try await mesh.makePerson(balances: ["USDT": "100000"])
                let person = someone.person
                let stale = try await person.token()
                let kinds = [
                    ("auth/token-signing", ServiceName.auth), ("auth/data-encryption", .auth), ("execution/data-encryption", .execution),
                    ("market-data/data-encryption", .marketData),
                ]
                let before = try await activeIDs(on: mesh)
                let tally = try await load(as: person, on: mesh) {
                    for (name, _) in kinds {
                        let run = try await pulse(["keys", "rotate", name, "--reason", "test"], on: mesh)
                        #expect(run.exitCode == 0, "\(run.text)")
                    }
                    let issuing = try await pulse(["keys", "rotate", "auth/mesh-issuing", "--reason", "test"], on: mesh)
                    #expect(issuing.exitCode == 0, "\(issuing.text)")
                    try await linkAgain(someone, on: mesh)
                    try await eventually("each kind has another key in use, and the ones before are gone") {
                        let now = try await activeIDs(on: mesh)
                        return now.isDisjoint(with: before) && now.count == before.count
                            && (try await keys(.auth, on: mesh)).filter { $0.kind != "mesh-issuing" }.allSatisfy { $0.state != "retiring" }
                    }
                }
                #expect(tally.failures.isEmpty, "\(tally.failures.prefix(5))")
                #expect(tally.done > 1000, "\(tally.done) calls")

                // What the old key signed is refused everywhere, before it ends by itself.
                for name in [ServiceName.execution, .marketData, .auth] {
                    let client = try mesh.client(to: name, as: "gateway")
                    let error = await #expect(throws: RPCError.self) {
                        switch name {
                        case .execution: _ = try await ExecutionV1.ExecutionClient(client).listProposals(.init(limit: 1), options: .bearer(stale))
                        case .auth: _ = try await AuthV1.AuthClient(client).narrowToken(.init(scope: ["market:read"]), options: .bearer(stale))
                        default: _ = try await MarketDataV1.MarketDataClient(client).getPrice(.init(symbol: "BTCUSDT"), options: .bearer(stale))
                        }
                    }
                    #expect(error?.code == .unauthenticated, "\(name)")
                    await client.close()
                }
            }
        }

        private func activeIDs(on mesh: LocalMesh) async throws -> Set<String> {
            var ids: Set<String> = []
            for name in [ServiceName.auth, .execution, .marketData] {
                ids.formUnion(try await keys(name, on: mesh).filter { $0.state == "active" }.map { "\(name.rawValue)/\($0.kind)/\($0.id)" })
            }
            return ids
        }

        /// The person links new keys at the exchange, for both purposes.
        private func linkAgain(_ someone: LocalPerson, on mesh: LocalMesh) async throws {
            try await someone.linkKeys(on: mesh)
        }
    }
}
