@testable import AuthService
import Foundation
import GRDB
import Identity
import MeshCall
import ServiceAPI
import Storage
import Testing

@Suite("Admins and verified persons", .timeLimit(.minutes(1)))
struct AccountsTests {
    private let auth: AuthFixture
    private let admin: AuthFixture.Person
    private let person: AuthFixture.Person

    init() async throws {
        auth = try await AuthFixture()
        admin = try await auth.signUp("admin@example.com")
        try await auth.confirm(admin)
        person = try await auth.signUp("ada@example.com")
        try await auth.confirm(person)
    }

    /// Signs in with a code that was not used yet.
    private func session(of person: AuthFixture.Person) async throws -> AuthV1.Session {
        auth.clock.advance(by: 30)
        return try await auth.signIn(person)
    }

    private func makeAdmin(_ person: AuthFixture.Person, role: String = "admin") async throws {
        _ = try await auth.operatorsAccounts.setRole(.init(email: person.email, role: role, reason: "case 7"))
    }

    /// With a fresh code.
    private func verify(
        _ email: String = "ada@example.com", by session: AuthV1.Session, code: String? = nil, reason: String = "case 8", withdrawn: Bool = false
    ) async throws -> AuthV1.RecordVerificationResponse {
        if code == nil { auth.clock.advance(by: 30) }
        return try await auth.accounts.recordVerification(
            .init(email: email, reason: reason, code: code ?? auth.code(of: admin), withdrawn: withdrawn), options: .bearer(session.accessToken))
    }

    private func reason(_ call: () async throws -> some Any) async throws -> String? {
        (try await #require(throws: RPCError.self) { _ = try await call() }).reason
    }

    @Test("An admin's token lets them verify, a verified person's lets them go live, nobody else's either")
    func scopes() async throws {
        #expect(try await session(of: admin).scope.contains(PersonScopes.verifyUsers) == false)
        try await makeAdmin(admin)
        let session = try await session(of: admin)
        #expect(session.scope.contains("users:verify") && !session.scope.contains("exchange:live"))
        let before = try await self.session(of: person)
        #expect(!before.scope.contains("exchange:live") && !before.scope.contains("users:verify"))
        let answer = try await verify(by: session)
        #expect(answer.userId == person.userID && answer.verifiedAt == auth.clock.now)
        let after = try await auth.client.refresh(.init(refreshToken: before.refreshToken))
        #expect(after.scope.contains("exchange:live") && !after.scope.contains("users:verify"))
        let row = try await auth.database.readAll { db in
            try Row.fetchOne(db, sql: "SELECT admin_id, reason, verified_at FROM verifications WHERE user_id = ?", arguments: [answer.userId]).map {
                [$0["admin_id"] as String, $0["reason"] as String, String($0["verified_at"] as Int64)]
            }
        }
        #expect(row == [admin.userID, "case 8", "\(answer.verifiedAt)"])
        // And back.
        #expect(try await verify(by: session, withdrawn: true).verifiedAt == 0)
        #expect(try await auth.client.refresh(.init(refreshToken: after.refreshToken)).scope.contains("exchange:live") == false)
    }

    @Test("Without the scope there is no verifying; the operator gives it and the gateway cannot")
    func gate() async throws {
        #expect(try await reason { try await verify(by: try await session(of: person), code: "000000") } == "SCOPE_REQUIRED")
        let byGateway = try await reason { try await auth.accounts.setRole(.init(email: admin.email, role: "admin", reason: "x")) }
        #expect(byGateway == "CALLER_NOT_ALLOWED")
        let byOperator = try await reason {
            try await auth.operatorsAccounts.recordVerification(.init(email: person.email, reason: "x", code: "000000"))
        }
        #expect(byOperator == "CALLER_NOT_ALLOWED")
    }

    @Test("Each verification needs a code of its own")
    func freshCode() async throws {
        try await makeAdmin(admin)
        let session = try await session(of: admin)
        let used = auth.code(of: admin)
        #expect(try await reason { try await verify(by: session, code: used) } == "INVALID_CODE")
        auth.clock.advance(by: 60)
        #expect(try await reason { try await verify(by: session, code: "") } == "INVALID_CODE")
        auth.clock.advance(by: 60)
        // The person's own code is no admin's.
        #expect(try await reason { try await verify(by: session, code: auth.code(of: person)) } == "INVALID_CODE")
        auth.clock.advance(by: 60)
        let code = auth.code(of: admin)
        #expect(try await verify(by: session, code: code).verifiedAt > 0)
        #expect(try await reason { try await verify(by: session, code: code) } == "INVALID_CODE")
    }

    @Test("A role that was taken away ends at once, whatever the token says")
    func demoted() async throws {
        try await makeAdmin(admin)
        let session = try await session(of: admin)
        try await makeAdmin(admin, role: "user")
        #expect(try await reason { try await verify(by: session) } == "NOT_ADMIN")
        #expect(try await auth.client.refresh(.init(refreshToken: session.refreshToken)).scope.contains("users:verify") == false)
    }

    @Test("Nobody verifies themselves; unknown persons, roles and empty reasons are refused")
    func refused() async throws {
        try await makeAdmin(admin)
        let session = try await session(of: admin)
        #expect(try await reason { try await verify(admin.email, by: session) } == "OWN_ACCOUNT")
        auth.clock.advance(by: 60)
        #expect(try await reason { try await verify("nobody@example.com", by: session) } == "ACCOUNT_UNKNOWN")
        #expect(try await reason { try await verify(by: session, reason: "") } == "REASON_REQUIRED")
        #expect(try await reason { try await auth.operatorsAccounts.setRole(.init(email: person.email, role: "root", reason: "x")) } == "UNKNOWN_ROLE")
        #expect(try await reason { try await auth.operatorsAccounts.setRole(.init(email: person.email, role: "admin")) } == "REASON_REQUIRED")
        let unconfirmed = try await auth.signUp("later@example.com")
        #expect(try await reason { try await makeAdmin(unconfirmed) } == "ACCOUNT_UNKNOWN")
    }

    @Test("The log has each step: who, about whom, why; and no address")
    func events() async throws {
        try await makeAdmin(admin)
        let session = try await session(of: admin)
        _ = try await verify(by: session)
        _ = try await verify(by: session, withdrawn: true)
        #expect(try await reason { try await verify(by: session, code: "000000") } == "INVALID_CODE")
        let records = try await auth.events().suffix(6)
        let set = try #require(records.first { $0.action == "auth.role_set" })
        #expect(set.reason == "case 7" && set.object == admin.userID)
        let verified = try #require(records.first { $0.action == "auth.user_verified" })
        #expect(verified.reason == "case 8" && verified.object == person.userID && verified.onBehalfOf == person.userID)
        #expect(records.contains { $0.action == "auth.verification_withdrawn" })
        #expect(records.last?.action == "auth.user_verified" && records.last?.reason == "INVALID_CODE")
        #expect(!"\(records)".contains("example.com"))
    }

    @Test("An agent's token and a sign-off carry neither scope")
    func notDelegated() async throws {
        try await makeAdmin(admin)
        let session = try await session(of: admin)
        for scope in ["users:verify", "exchange:live"] {
            #expect(try await reason { try await auth.client.narrowToken(.init(scope: [scope]), options: .bearer(session.accessToken)) } == "SCOPE_NOT_ALLOWED")
        }
    }
}
