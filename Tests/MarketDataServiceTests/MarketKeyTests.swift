import AuditClient
import Foundation
import GRDB
import KeyManagement
@testable import MarketDataService
import MeshCall
import SandboxExchange
import ServiceAPI
import Storage
import Testing

@Suite("The life of market-data's own exchange key")
struct MarketKeyTests {
    private static let change = KeyChange(actor: .operator, reason: "test")

    private func pem(_ running: RunningMarketData) throws -> String {
        String(decoding: try #require(FileManager.default.contents(atPath: running.folder + "/read.pub.pem")), as: UTF8.self)
    }

    private func hand(_ apiKey: String, to running: RunningMarketData) throws {
        try Data((apiKey + "\n").utf8).write(to: URL(filePath: running.folder + "/api-key"), options: .atomic)
    }

    private func keys(_ running: RunningMarketData) -> MarketKeyring { MarketKeyring(keeper: running.service.keeper) }

    @Test("The present key serves until the exchange accepts the next one; then it is erased. A next one that is unfit changes nothing")
    func rotation() async throws {
        try await ReplayedExchange.run(SandboxConfiguration()) { exchange async throws in
            try await RunningMarketData.run(on: exchange) { running async throws in
                let (before, old) = (try pem(running), try #require(try await keys(running).records(gone: false, limit: 9).first))
                #expect(old.state == .active)
                let next = try await keys(running).rotate(nil, Self.change).key
                #expect(try pem(running) != before && next.state == .pending)
                await #expect(throws: RPCError.self) { try await keys(running).rotate(nil, Self.change) }
                _ = try await running.client.getPrice(.init(symbol: "BTCUSDT"))

                try hand(try await exchange.register(try pem(running), permissions: ["read", "trade"]), to: running)
                _ = await running.service.keeper.step()
                #expect(running.service.problem == nil)
                _ = try await running.client.getPrice(.init(symbol: "ETHUSDT"))
                #expect(try await keys(running).records(gone: false, limit: 9).map(\.state) == [.active, .pending])

                try hand(try await exchange.register(try pem(running), permissions: ["read"]), to: running)
                _ = await running.service.keeper.step()
                #expect(try await keys(running).records(gone: false, limit: 9).map(\.id) == [next.id])
                _ = try await running.client.getBookTicker(.init(symbol: "BTCUSDT"))
                let actions = try await running.auditActions()
                #expect(Set(actions).isSuperset(of: ["keys.prepared", "keys.activated", "keys.ended"]))
            }
        }
    }

    @Test("A revoked key serves nothing any more; the pair that takes its place serves once it is registered")
    func revocation() async throws {
        try await ReplayedExchange.run(SandboxConfiguration()) { exchange async throws in
            try await RunningMarketData.run(on: exchange) { running async throws in
                let old = try #require(try await keys(running).records(gone: false, limit: 9).first)
                let outcome = try await keys(running).revoke(old.id, Self.change)
                #expect(outcome.key.state == .gone && outcome.notes.first?.contains("read.pub.pem") == true)
                #expect(running.service.problem?.contains("revoked") == true)
                await #expect(throws: RPCError.self) { try await running.client.getPrice(.init(symbol: "BTCUSDT")) }
                #expect(try await keys(running).revoke(old.id, Self.change).key == outcome.key)
                await #expect(throws: RPCError.self) { try await keys(running).revoke("none", Self.change) }
                try hand(try await exchange.register(try pem(running), permissions: ["read"]), to: running)
                _ = await running.service.keeper.step()
                _ = try await running.client.getPrice(.init(symbol: "BTCUSDT"))
            }
        }
    }

    @Test("A person's read key that was revoked or replaced is erased, and a rotation that was asked for shows until they link another")
    func people() async throws {
        try await ReplayedExchange.run(SandboxConfiguration()) { exchange async throws in
            try await RunningMarketData.run(on: exchange) { running async throws in
                let keyring = try #require(running.service.exchangeKeys.first { $0.kind == .exchangeRead })
                func link() async throws -> String {
                    let key = try await running.readKeys.createReadKey(.init(), options: .bearer("ann"))
                    let apiKey = try await exchange.register(key.publicKeyPem, permissions: ["read"])
                    _ = try await running.readKeys.activateReadKey(.init(keyId: key.keyId, apiKey: apiKey), options: .bearer("ann"))
                    return key.keyId
                }
                let first = try await link()
                #expect(try await keyring.rotate(first, Self.change).key.rotationRequested == "test")
                let second = try await link()
                #expect(try await keyring.records(gone: false, limit: 9).map(\.id) == [second])
                _ = try await running.readKeys.getBalances(.init(), options: .bearer("ann"))
                #expect(try await keyring.revoke(second, Self.change).key.state == .gone)
                let error = await #expect(throws: RPCError.self) { try await running.readKeys.getBalances(.init(), options: .bearer("ann")) }
                #expect(error?.reason == "NO_READ_KEY")
                let left = try await running.database.readAll { db in
                    try String.fetchAll(db, sql: "SELECT hex(sealed_private_key) || coalesce(hex(sealed_api_key), '') FROM person_key")
                }
                #expect(left == ["", ""])
            }
        }
    }
}
