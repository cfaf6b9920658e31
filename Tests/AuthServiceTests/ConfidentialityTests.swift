@testable import AuthService
import Cryptography
import Foundation
import GRDB
import MeshCall
import MeshMessages
import ServiceAPI
import Storage
import KeyManagement
import Testing

@Suite("What the database and the log give away")
struct ConfidentialityTests {
    @Test("The files hold neither address, password, seed, refresh token nor data key; and the check would see them")
    func fileBytes() async throws {
        let auth = try await AuthFixture()
        let (person, session) = try await auth.member("marker.person@example.com")
        _ = try await auth.signIn(person)
        let secrets = [
            Array("marker.person".utf8), Array("example.com".utf8), Array(person.password.utf8), person.seed,
            Array(Base32.encode(person.seed).utf8), Array(session.refreshToken.utf8), try #require(Base64URL.decode(session.refreshToken)),
            Array(try Data(contentsOf: URL(filePath: auth.folder + "/secrets/data-key"))),
        ]
        let files = try databaseFiles(auth)
        for secret in secrets { #expect(!files.contains { $0.firstRange(of: Data(secret)) != nil }) }
        // The same search finds what is not secret.
        #expect(files.contains { $0.firstRange(of: Data(person.userID.utf8)) != nil })
    }

    private func databaseFiles(_ auth: AuthFixture) throws -> [Data] {
        let folder = URL(filePath: auth.folder + "/data")
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).map { try Data(contentsOf: $0) }
    }

    @Test("No event carries an address, a code, a password or a token")
    func events() async throws {
        let auth = try await AuthFixture()
        let (person, session) = try await auth.member("marker.person@example.com")
        _ = try? await auth.signIn(person, password: "wrong-marker-password")
        let next = try await auth.client.refresh(.init(refreshToken: session.refreshToken))
        _ = try await auth.client.narrowToken(.init(scope: ["market:read"]), options: .bearer(next.accessToken))
        let minted = try await auth.client.mintSignOff(
            .init(digest: .init(repeating: 1, count: 32), code: auth.code(of: person)), options: .bearer(next.accessToken))
        _ = try await auth.client.signOut(.init(refreshToken: next.refreshToken))
        let told = try await auth.events().flatMap { try $0.packed() }
        for secret in ["marker", "example.com", person.password, next.refreshToken, next.accessToken, minted.token] {
            #expect(Data(told).firstRange(of: Data(secret.utf8)) == nil)
        }
        #expect(
            try await auth.actions() == [
                "auth.sign_up", "auth.totp_confirmed", "auth.sign_in_refused WRONG_PASSWORD", "auth.refresh", "auth.token_narrowed",
                "auth.sign_off_minted", "auth.sign_out",
            ])
    }

    @Test("A person's reads show their rows alone, whatever the SQL says")
    func rowSecurity() async throws {
        let auth = try await AuthFixture()
        let (ada, _) = try await auth.member()
        let (bob, _) = try await auth.member("bob@example.com")
        for (table, person) in [("accounts", ada), ("sessions", ada), ("refresh_tokens", bob), ("accounts", bob)] {
            let owners = try await auth.database.read(as: person.userID) { db in
                try String.fetchAll(db, sql: "SELECT user_id FROM \(table) WHERE 1 = 1 OR user_id <> ''")
            }
            #expect(owners == [person.userID])
        }
    }

    @Test("Tables that are nobody's do not exist for a person", arguments: ["attempts", "data_keys", "audit_outbox"])
    func hiddenTables(table: String) async throws {
        let auth = try await AuthFixture()
        let (ada, _) = try await auth.member()
        await #expect(throws: (any Error).self) {
            try await auth.database.read(as: ada.userID) { db in try Row.fetchAll(db, sql: "SELECT * FROM \(table)").count }
        }
    }

    @Test("A write for one person cannot touch another's rows")
    func writeGuards() async throws {
        let auth = try await AuthFixture()
        let (ada, _) = try await auth.member()
        let (bob, _) = try await auth.member("bob@example.com")
        await #expect(throws: StorageError.notOwner(table: "accounts")) {
            try await auth.database.write(as: ada.userID) { db in
                try db.execute(sql: "UPDATE accounts SET totp_last_step = -1 WHERE user_id = ?", arguments: [bob.userID])
            }
        }
    }

    @Test("A database opened under another data key is refused, not read as garbage")
    func otherDataKey() async throws {
        let auth = try await AuthFixture()
        _ = try await auth.member()
        // It names both keys.
        await #expect(throws: DataKeyFailure.self) {
            _ = try await AuthFixture(after: auth, withDataKey: SecureRandom.bytes(32))
        }
        #expect(try await AuthFixture(after: auth).client.getKeys(.init()).keys.count == 1)
    }

    @Test("Two accounts' sealed seeds cannot be exchanged")
    func swappedSeeds() async throws {
        let auth = try await AuthFixture()
        let (ada, _) = try await auth.member()
        let (bob, _) = try await auth.member("bob@example.com")
        try await auth.database.write { db in
            try db.execute(
                sql: "UPDATE accounts SET totp_seed = (SELECT totp_seed FROM accounts WHERE user_id = ?) WHERE user_id = ?",
                arguments: [bob.userID, ada.userID])
        }
        let asBob = try await refusal { try await auth.signIn(ada, code: auth.code(of: bob)) }
        #expect(asBob.code == .internalError)
    }

    @Test("The published keys are the issuer's, one algorithm each, and hold no private half")
    func publishedKeys() async throws {
        let auth = try await AuthFixture()
        let published = try await auth.client.getKeys(.init())
        #expect(published.issuer == "https://auth.development.cryptopulse.internal")
        #expect(published.keys.map(\.algorithm) == ["EdDSA"])
        let seed = try Data(contentsOf: URL(filePath: auth.folder + "/secrets/token-signing-key"))
        #expect(Data(try published.packed()).firstRange(of: seed) == nil)
    }
}
