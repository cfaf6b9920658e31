import Crypto
import Cryptography
import Deployment
import Foundation
import KeyManagement
import LocalMesh
import MeshCall
import MeshRuntime
import PulseCommands
import Secrets
import ServiceAPI
import TestSupport
import Testing

extension Integration.KeyRotationTests {
    /// The language model's key and the end of an issuing key have tests of their own, under the same load.
    @Test("Every kind of key is rotated under 200 calls a second, orders, readings and alerts without a failed one; the old ones are refused after their overlap")
    func underLoad() async throws {
        try await AlertReceiver.with { receiver in
            try await LocalMesh.with(keys: Self.schedules, alerts: .init(webhook: receiver.url)) { mesh in
                let old = try await OldKeys(on: mesh)
                let trader = try await mesh.makePerson(balances: ["USDT": "100000"])
                try await trader.linkExchange(to: .read)
                let bystander = try await mesh.makePerson()
                let bystanders = try await keys(.execution, on: mesh).filter { $0.state == "active" }
                let id = await bystander.person.userID
                let (trading, news) = (TradingLoad(as: trader.person), try NewsLoad(about: #require(bystanders.first { $0.userId == id }).id, on: mesh))
                let before = try await states(on: mesh, without: id).filter { $0.value == "active" }
                let tally = try await SteadyLoad(as: mesh.makePerson(balances: nil).person, on: mesh).during {
                    async let lanes: Void = withTaskGroup { group in
                        group.addTask { await trading.run() }
                        group.addTask { await news.run() }
                    }
                    do {
                        try await eventually("all lanes run") { trading.tally.orders > 1 && trading.tally.readings > 1 && !receiver.posts.isEmpty }
                        try await rotateAll(mesh, trader)
                        try await eventually(within: .seconds(60), "each kind has another key in use, and the ones before are gone") {
                            let now = try await states(on: mesh, without: id)
                            // market-data keeps no list of pairs of its own that are erased.
                            let ended = before.keys.allSatisfy { now[$0] ?? "gone" == ($0.contains("mesh-issuing") ? "retiring" : "gone") }
                            return ended && now.count { $0.value == "active" } == before.count
                        }
                        let (orders, readings, told) = (trading.tally.orders, trading.tally.readings, news.told)
                        try await eventually("all lanes go on with the new keys") {
                            trading.tally.orders > orders + 1 && trading.tally.readings > readings + 1 && news.told > told + 1
                        }
                    } catch {
                        trading.end()
                        news.end()
                        await lanes
                        throw error
                    }
                    trading.end()
                    news.end()
                    await lanes
                }
                #expect(tally.failures.isEmpty, "\(tally.failures.prefix(5))")
                #expect(tally.rate >= Double(SteadyLoad.callsPerSecond), "\(tally.done) calls in \(tally.elapsed)")
                #expect(trading.tally.failures == [] && news.failures == [])
                print("\(tally.rate) calls a second, \(trading.tally.orders) orders, \(trading.tally.readings) readings, \(news.told) alerts")
                try await old.areRefused(on: mesh)
                try await alertsAreSigned(receiver, news.told, old, on: mesh)
            }
        }
    }

    private func rotateAll(_ mesh: LocalMesh, _ trader: LocalPerson) async throws {
        for name in [
            "auth/token-signing", "auth/data-encryption", "execution/data-encryption", "market-data/data-encryption", "market-data/exchange-market",
            "auth/mesh-issuing", "audit/webhook",
        ] {
            let run = try await pulse(["keys", "rotate", name, "--reason", "test"], on: mesh)
            #expect(run.exitCode == 0, "\(run.text)")
        }
        for purpose in [Person.ExchangeKeyPurpose.trade, .read, .trade, .read] { try await trader.linkExchange(to: purpose) }
    }

    /// The state of each key that is rotated here, by process, kind and id.
    private func states(on mesh: LocalMesh, without user: String) async throws -> [String: String] {
        var states: [String: String] = [:]
        for name in [ServiceName.auth, .execution, .marketData, .audit] {
            for key in try await keys(name, on: mesh) where key.userId != user && key.kind != "log-signing" {
                states["\(name.rawValue)/\(key.kind)/\(key.id)"] = key.state
            }
        }
        return states
    }

    /// Each was delivered, and bears a signature by a key that its receiver has: at first the old one's, then both, in the end the new one's alone.
    private func alertsAreSigned(_ receiver: AlertReceiver, _ told: Int, _ old: OldKeys, on mesh: LocalMesh) async throws {
        func news() -> [AlertReceiver.Post] { receiver.posts.filter { $0.text("action") == "keys.rotation_requested" && $0.text("reason") == "news" } }
        try await eventually("each is delivered") { news().count >= told }
        #expect(news().count == told)
        let new = try await StoredCredentials.secret("alert-webhook-key", of: .audit, mesh.folder)
        let signers = news().map { post in [("old", old.webhook), ("new", new)].filter { post.isSigned(with: $0.1) }.map(\.0) }
        #expect(signers.first == ["old"] && signers.contains(["old", "new"]) && signers.last == ["new"])
        #expect(signers.split(separator: ["old"]).last?.allSatisfy { $0.contains("new") } == true)
    }
}

extension AlertReceiver.Post {
    /// As a receiver checks it: `t=<seconds>,<key>=<HMAC-SHA256 of "<seconds>.<body>">`, one part for each key.
    func isSigned(with key: [UInt8]) -> Bool {
        let parts = signature.split(separator: ",").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        guard let seconds = parts.first?.last else { return false }
        let code = HMAC<SHA256>.authenticationCode(for: Array("\(seconds).".utf8) + body, using: SymmetricKey(data: key))
        return parts.dropFirst().contains { $0.last == Hex.encode(Array(code)) }
    }
}

/// What is to be refused once its overlap is over.
struct OldKeys {
    let webhook: [UInt8]
    private let token: String
    private let dataKeys: [ServiceName: [UInt8]]

    init(on mesh: LocalMesh) async throws {
        token = try await mesh.makePerson(balances: nil).person.token()
        webhook = try await StoredCredentials.secret("alert-webhook-key", of: .audit, mesh.folder)
        var keys: [ServiceName: [UInt8]] = [:]
        for name in OpenedDatabase.owners { keys[name] = try await StoredCredentials.secret("data-key", of: name, mesh.folder) }
        dataKeys = keys
    }

    func areRefused(on mesh: LocalMesh) async throws {
        // What the old key signed is refused everywhere, before it ends by itself.
        for name in [ServiceName.execution, .marketData, .auth] {
            let client = try mesh.client(to: name, as: "gateway")
            let error = await #expect(throws: RPCError.self) {
                switch name {
                case .execution: _ = try await ExecutionV1.ExecutionClient(client).listProposals(.init(limit: 1), options: .bearer(token))
                case .auth: _ = try await AuthV1.AuthClient(client).narrowToken(.init(scope: ["market:read"]), options: .bearer(token))
                default: _ = try await MarketDataV1.MarketDataClient(client).getPrice(.init(symbol: "BTCUSDT"), options: .bearer(token))
                }
            }
            #expect(error?.code == .unauthenticated, "\(name)")
            await client.close()
        }
        for (name, key) in dataKeys {
            // It opens nothing any more, and the store does not have it.
            await #expect(throws: (any Error).self) { _ = try await OpenedDatabase(of: name, in: mesh.folder, with: key) }
            _ = try await OpenedDatabase(of: name, in: mesh.folder)
            try await isDestroyed("data-key", of: name, mesh)
        }
        try await isDestroyed("alert-webhook-key", of: .audit, mesh)
        try await isDestroyed("token-signing-key", of: .auth, mesh)
    }

    private func isDestroyed(_ secret: String, of name: ServiceName, _ mesh: LocalMesh) async throws {
        let store = try DeploymentSecrets(mesh.folder).store(of: name)
        let versions = try await store.versions(of: secret)
        #expect(versions.count == 2 && versions.count(where: \.isRevoked) == 1, "\(name.rawValue): \(secret)")
    }
}
