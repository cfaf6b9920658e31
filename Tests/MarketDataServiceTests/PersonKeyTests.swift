import Crypto
import Cryptography
import Exchange
import FoundationEssentials
import GRDB
import MeshCall
import SandboxExchange
import ServiceAPI
import Storage
import Testing

@testable import MarketDataService

@Suite("People's keys for reading", .timeLimit(.minutes(1)))
struct PersonKeyTests {
    private static func run(
        in environment: String = "development", _ body: @escaping @Sendable (RunningMarketData, ReplayedExchange) async throws -> Void
    ) async throws {
        try await ReplayedExchange.run(SandboxConfiguration()) { exchange in
            try await withTemporaryFolder { folder in
                try await body(try await RunningMarketData.start(exchange.baseURL, folder: folder, environment: environment), exchange)
            }
        }
    }

    /// Links a key of these permissions.
    private static func link(
        _ person: String, _ running: RunningMarketData, _ exchange: ReplayedExchange, permissions: [String] = ["read"]
    ) async throws -> MarketDataV1.ActivateReadKeyResponse {
        let key = try await running.readKeys.createReadKey(.init(), options: .bearer(person))
        let apiKey = try await exchange.register(key.publicKeyPem, permissions: permissions, balances: ["USDT": "12.5"])
        return try await running.readKeys.activateReadKey(.init(keyId: key.keyId, apiKey: apiKey), options: .bearer(person))
    }

    private static func reason(_ body: () async throws -> Void) async -> String? {
        (await #expect(throws: RPCError.self) { try await body() })?.reason
    }

    @Test("A key that only reads is linked, and shows its owner the balances behind it")
    func linked() async throws {
        try await Self.run { running, exchange in
            #expect(try await Self.link("ann", running, exchange).notChecked == [])
            let balances = try await running.readKeys.getBalances(.init(), options: .bearer("ann")).balances
            #expect(balances.map(\.asset) == ["USDT"] && balances.map(\.free) == ["12.5"])
            #expect(try await running.auditActions().suffix(2) == ["exchange_key.created", "exchange_key.activated"])
        }
    }

    @Test("In production only a verified person links one")
    func production() async throws {
        try await Self.run(in: "production") { (running, exchange) async throws in
            #expect(await Self.reason { _ = try await Self.link("ann", running, exchange) } == "NOT_VERIFIED")
            #expect(await Self.reason { _ = try await running.readKeys.getBalances(.init(), options: .bearer("ann")) } == "NO_READ_KEY")
            #expect(try await running.auditActions().suffix(2) == ["exchange_key.created", "exchange_key.activated"])
            #expect(try await Self.link("verified:ann", running, exchange).notChecked == [])
        }
    }

    @Test("A key that may trade or withdraw is refused, and nothing is linked", arguments: ["trade", "withdraw"])
    func unfit(permission: String) async throws {
        try await Self.run { running, exchange in
            let error = await #expect(throws: RPCError.self) { _ = try await Self.link("ann", running, exchange, permissions: ["read", permission]) }
            #expect(error?.reason == "EXCHANGE_KEY_UNFIT" && error?.message.contains("may \(permission)") == true)
            #expect(await Self.reason { _ = try await running.readKeys.getBalances(.init(), options: .bearer("ann")) } == "NO_READ_KEY")
        }
    }

    @Test("An API key that the exchange does not know for this pair is refused with an explanation")
    func refused() async throws {
        try await Self.run { running, exchange in
            let key = try await running.readKeys.createReadKey(.init(), options: .bearer("ann"))
            let unknown = await #expect(throws: RPCError.self) {
                try await running.readKeys.activateReadKey(.init(keyId: key.keyId, apiKey: String(repeating: "K", count: 64)), options: .bearer("ann"))
            }
            #expect(unknown?.reason == "EXCHANGE_KEY_REFUSED" && unknown?.message.contains("unknown or deleted") == true)
            let others = try await exchange.register(PublicKeyPEM.encode(Curve25519.Signing.PrivateKey().publicKey), permissions: ["read"])
            let wrong = await #expect(throws: RPCError.self) {
                try await running.readKeys.activateReadKey(.init(keyId: key.keyId, apiKey: others), options: .bearer("ann"))
            }
            #expect(wrong?.message.contains("another public key") == true)
        }
    }

    @Test("Nobody uses another's key, and linking takes a second factor")
    func apart() async throws {
        try await Self.run { running, exchange in
            _ = try await Self.link("ann", running, exchange)
            #expect(await Self.reason { _ = try await running.readKeys.getBalances(.init(), options: .bearer("bob")) } == "NO_READ_KEY")
            let key = try await running.readKeys.createReadKey(.init(), options: .bearer("ann"))
            #expect(
                await Self.reason { _ = try await running.readKeys.activateReadKey(.init(keyId: key.keyId, apiKey: "x"), options: .bearer("bob")) }
                    == "KEY_UNKNOWN")
            #expect(await Self.reason { _ = try await running.readKeys.createReadKey(.init(), options: .bearer("weak:ann")) } == "SECOND_FACTOR_REQUIRED")
        }
    }

    @Test("Keys that nobody activates within a day are erased, by whoever comes first, audit hears of it, and their owner may make new ones")
    func notActivated() async throws {
        try await Self.run { running, exchange in
            var keys: [MarketDataV1.CreateReadKeyResponse] = []
            for _ in 0..<5 { keys.append(try await running.readKeys.createReadKey(.init(), options: .bearer("ann"))) }
            #expect(await Self.reason { _ = try await running.readKeys.createReadKey(.init(), options: .bearer("ann")) } == "TOO_MANY_KEYS")
            try await running.service.pendingKeys.expireAll()
            try await Self.age(keys[0].keyId, running)
            let apiKey = try await exchange.register(keys[0].publicKeyPem, permissions: ["read"])
            let late = await Self.reason {
                _ = try await running.readKeys.activateReadKey(.init(keyId: keys[0].keyId, apiKey: apiKey), options: .bearer("ann"))
            }
            #expect(late == "KEY_UNKNOWN")
            try await Self.age(keys[1].keyId, running)
            for _ in 0..<2 { _ = try await running.readKeys.createReadKey(.init(), options: .bearer("ann")) }
            for key in keys[2...] { try await Self.age(key.keyId, running) }
            try await running.service.pendingKeys.expireAll()
            #expect(try await running.database.readAll { try Int.fetchOne($0, sql: "SELECT count(*) FROM person_key WHERE sealed_private_key != x''") } == 2)
            #expect(try await running.auditActions().count { $0 == "keys.ended" } == 5)
            // One that is in use does not age so.
            _ = try await Self.link("bob", running, exchange)
            let bobs = try #require(try await running.database.readAll { try PersonKeyLife.standing(of: "bob", in: $0).first })
            try await Self.age(bobs, running)
            try await running.service.pendingKeys.expireAll()
            #expect(try await running.readKeys.getBalances(.init(), options: .bearer("bob")).balances.count == 1)
        }
    }

    private static func age(_ id: String, _ running: RunningMarketData) async throws {
        try await running.database.write { db in
            try db.execute(sql: "UPDATE person_key SET created_ms = created_ms - 86400000 WHERE id = ?", arguments: [id])
        }
    }

    @Test("Neither half of a key lies in the database file as it is, and only the data key opens it")
    func sealed() async throws {
        try await Self.run { running, exchange in
            let key = try await running.readKeys.createReadKey(.init(), options: .bearer("ann"))
            let apiKey = try await exchange.register(key.publicKeyPem, permissions: ["read"])
            _ = try await running.readKeys.activateReadKey(.init(keyId: key.keyId, apiKey: apiKey), options: .bearer("ann"))
            let store = PersonKeyStore(cipher: ColumnCipher(rootKey: SymmetricKey(data: Data(repeating: 1, count: 32))))
            let kept = try #require(try await running.database.readAll { try store.find(key.keyId, in: $0) })
            #expect(kept.apiKey == apiKey)
            let folder = running.folder + "/data"
            let bytes = try FileManager.default.contentsOfDirectory(atPath: folder).reduce(into: Data()) { bytes, name in
                bytes += FileManager.default.contents(atPath: folder + "/" + name) ?? Data()
            }
            #expect(bytes.count > 10_000 && bytes.firstRange(of: Data(apiKey.utf8)) == nil)
            #expect(bytes.firstRange(of: kept.privateKey.rawRepresentation) == nil)
            let other = PersonKeyStore(cipher: ColumnCipher(rootKey: SymmetricKey(size: .bits256)))
            await #expect(throws: ColumnCipher.Failure.notAuthentic) { _ = try await running.database.readAll { try other.find(key.keyId, in: $0) } }
        }
    }
}
