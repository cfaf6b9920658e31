import Foundation
import GRDB
import ServiceAPI
import Storage
import Testing
import Trading

@Suite("Changed after it was shown")
struct TamperingTests {
    /// The canonical bytes with one field replaced; bytes that decode to an order, as somebody with the database would write them.
    private static func variants(_ canonical: [UInt8]) throws -> [[UInt8]] {
        let order = try CanonicalOrder(decoding: canonical)
        func changed(_ change: (inout CanonicalOrder) throws -> Void) throws -> [UInt8] {
            var copy = order
            try change(&copy)
            return try copy.encoded()
        }
        func draft(_ symbol: String = "BTCUSDT", _ side: Trading.Side = .buy, _ amount: String = "0.01", price: String? = nil) throws
            -> OrderDraft
        {
            let (name, quantity) = (Symbol(symbol), Trading.Decimal(amount))
            return try OrderDraft(
                symbol: #require(name), side: side, amount: .quantity(#require(quantity)), price: price.flatMap { Trading.Decimal($0) })
        }
        let limit = ProvenanceSummary(
            MaterialField.allCases.filter { $0 != .quoteQuantity }.map {
                FieldFinding(field: $0, provenance: .user, source: "")
            })
        return try [
            changed { $0.draft = try draft("ETHUSDT") }, changed { $0.draft = try draft("BTCUSDT", .sell) },
            changed { $0.draft = try draft("BTCUSDT", .buy, "0.02") },
            changed {
                $0.draft = try draft(price: "1"); $0.provenance = limit
            },
            changed { $0.worstCasePrice = .one }, changed { $0.worstCaseNotional = .one }, changed { $0.environment = "production" },
            changed { $0.userID = bob }, changed { $0.proposalID = "other" }, changed { $0.utteranceID = "other" },
            changed { $0.utteranceSHA256[0] ^= 1 }, changed { $0.policyVersion = "0" }, changed { $0.nonce[0] ^= 1 },
            changed { $0.expiresAtMilliseconds += 1 },
        ]
    }

    @Test("Whatever field of the stored proposal is changed, the sign-off of what was shown fails and nothing is sent")
    func everyField() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            let proposal = try await running.proposeUsual(ann)
            let token = try await running.signOffToken(ann, proposal.digest)
            let variants = try Self.variants(proposal.canonical)
            #expect(Set(variants).count == 14)
            for variant in variants + [Array(proposal.canonical.dropLast()), []] {
                try await running.database.write { db in
                    try db.execute(sql: "UPDATE proposals SET canonical = ? WHERE id = ?", arguments: [Data(variant), proposal.proposalId])
                }
                #expect(await reason { _ = try await running.signOff(proposal.proposalId, token) } == "DIGEST_MISMATCH")
            }
            #expect(mesh.exchange.attempts.isEmpty)
            // Put back as it was shown, it can be signed: the check was of the bytes and nothing else.
            try await running.database.write { db in
                try db.execute(
                    sql: "UPDATE proposals SET canonical = ? WHERE id = ?", arguments: [Data(proposal.canonical), proposal.proposalId])
            }
            #expect(try await running.signOff(proposal.proposalId, token).state == .filled)
        }
    }

    @Test("A proposal set back to open by hand is still burned")
    func reopened() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            let proposal = try await running.proposeUsual(ann)
            _ = try await running.sign(ann, proposal)
            try await running.database.write { db in try db.execute(sql: "UPDATE proposals SET state = 'open'") }
            #expect(await reason { _ = try await running.sign(ann, proposal) } != nil)
            #expect(mesh.exchange.attempts.count == 1)
        }
    }

    @Test("Another person sees nothing of it, whatever the SQL")
    func rowLevelSecurity() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            _ = try await running.sign(ann, try await running.proposeUsual(ann))
            for table in ["utterances", "proposals", "orders", "fills", "exchange_keys", "burned_nonces"] {
                let count = { (user: String) in
                    try await running.database.read(as: user) { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") ?? 0 }
                }
                #expect(try await count(ann) > 0, "\(table)")
                #expect(try await count(bob) == 0, "\(table)")
            }
            #expect(try await running.orders(bob).isEmpty)
        }
    }

    @Test("Neither words nor keys lie in the database file in clear")
    func sealed() async throws {
        let mesh = try TestMesh()
        try await mesh.run { running in
            try await running.linkKey(ann)
            _ = try await running.propose(ann, saying: "please buy 0.01 bitcoin at market", .usual)
            let files = try FileManager.default.contentsOfDirectory(atPath: mesh.folder)
            let bytes = try files.map { try Data(contentsOf: URL(filePath: mesh.folder + "/" + $0)) }
            for secret in ["please buy", "bitcoin", "good-key"] {
                #expect(bytes.allSatisfy { $0.range(of: Data(secret.utf8)) == nil }, "\(secret)")
            }
            #expect(bytes.contains { $0.range(of: Data("BTCUSDT".utf8)) != nil })
        }
    }
}
