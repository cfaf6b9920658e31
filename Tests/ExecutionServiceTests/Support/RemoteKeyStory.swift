import Crypto
import Foundation
import GRDB
import SecretServers
import SecretStores
import Secrets
import ServiceAPI
import Storage
import Testing

// What the tests of trade keys in a store elsewhere have in common.

/// A real OpenBao with a transit engine.
func withTransit(_ body: @Sendable (OpenBao, any RemoteKeyStore) async throws -> Void) async throws {
    try await OpenBao.with { bao in
        try await bao.run("secrets", "enable", "transit")
        try await body(bao, try bao.remoteKeys.open(in: "development"))
    }
}

func activeKey(_ running: Running) async throws -> String {
    try #require(try await running.keys.listKeys(.init()).keys.first { $0.state == "active" }).id
}

func revoke(_ id: String, in running: Running) async throws -> KeysV1.RevokeKeyResponse {
    try await running.keys.revokeKey(.init(kind: "exchange-trade", id: id, reason: "stolen"))
}

/// Links a key, and returns its public half as the person was shown it.
func link(_ running: Running, as name: String = "good-key") async throws -> Curve25519.Signing.PublicKey {
    let gateway = running.client(as: "gateway"), access = try await running.access(ann)
    let key = try await gateway.createExchangeKey(.init(), options: access)
    _ = try await gateway.activateExchangeKey(.init(keyId: key.keyId, apiKey: name), options: access)
    let der = try #require(Data(base64Encoded: key.publicKeyPem.split(separator: "\n").dropFirst().dropLast().joined()))
    return try Curve25519.Signing.PublicKey(rawRepresentation: der.suffix(32))
}

func expectSigned(_ order: ExecutionV1.Order, by key: Curve25519.Signing.PublicKey, on mesh: TestMesh) throws {
    var text: String?
    mesh.exchange.set { text = $0.signatures[order.clientOrderId] }
    let signature = try #require(text.flatMap { Data(base64Encoded: $0) })
    #expect(order.state == .filled && key.isValidSignature(signature, for: Data(order.clientOrderId.utf8)))
}

/// Everything that the database has of keys and could sign with.
func kept(_ running: Running) async throws -> [String] {
    try await running.database.readAll { db in
        try String.fetchAll(db, sql: "SELECT hex(private_key_sealed) || '/' || coalesce(remote_store, '') || '/' || coalesce(remote_key, '') FROM exchange_keys")
    }
}
