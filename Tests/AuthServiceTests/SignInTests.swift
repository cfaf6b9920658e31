@testable import AuthService
import Cryptography
import Foundation
import GRDB
import Identity
import MeshCall
import ServiceAPI
import Storage
import Testing

@Suite("Signing up and in")
struct SignInTests {
    @Test("Sign up, confirm with the first code, sign in with the next: a session whose token verifies with the published keys")
    func wholeWay() async throws {
        let auth = try await AuthFixture()
        let person = try await auth.signUp()
        let first = try await auth.confirm(person)
        auth.clock.advance(by: 30)
        let second = try await auth.signIn(person)
        #expect(first.userId == person.userID && second.userId == person.userID)
        #expect(second.accessExpiresIn == 300 && second.refreshExpiresIn == 12 * 3600)
        #expect(second.scope == ["chat", "market:read", "portfolio:read", "order:read", "order:sign", "exchange:link", "audit:read"])
        let token = try await auth.verify(second.accessToken, .access)
        #expect(token.userID == person.userID && token.methods == ["pwd", "otp"] && token.scope == Set(second.scope))
        #expect(try await auth.actions() == ["auth.sign_up", "auth.totp_confirmed", "auth.sign_in"])
    }

    @Test("An unconfirmed account cannot be signed in to")
    func unconfirmed() async throws {
        let auth = try await AuthFixture()
        let person = try await auth.signUp()
        let error = try await refusal { try await auth.signIn(person) }
        #expect(error.code == .unauthenticated && error.reason == "INVALID_CREDENTIALS")
    }

    @Test("An unknown address, a wrong password, a wrong code and an unconfirmed account get one answer and cost one hash each")
    func equalRefusals() async throws {
        let auth = try await AuthFixture()
        let (person, _) = try await auth.member()
        let pending = try await auth.signUp("pending@example.com")
        let stranger = AuthFixture.Person(email: "nobody@example.com", password: "whatever it may be", userID: "", seed: person.seed)
        var answers: Set<String> = []
        for attempt in [
            { try await auth.signIn(stranger) }, { try await auth.signIn(person, password: "wrong horse battery") },
            { try await auth.signIn(person, code: "000000") }, { try await auth.signIn(person, code: "") },
            { try await auth.signIn(pending) },
        ] as [@Sendable () async throws -> AuthV1.Session] {
            let before = auth.components.hasher.runs
            let error = try await refusal { try await attempt() }
            answers.insert("\(error.code) \(error.reason ?? "") \(error.message)")
            #expect(auth.components.hasher.runs - before == 1)
        }
        #expect(answers.count == 1)
        #expect(
            try await auth.actions().suffix(5) == [
                "auth.sign_in_refused UNKNOWN_ACCOUNT", "auth.sign_in_refused WRONG_PASSWORD", "auth.sign_in_refused WRONG_CODE",
                "auth.sign_in_refused WRONG_CODE", "auth.sign_in_refused NOT_CONFIRMED",
            ])
    }

    @Test("A success costs one hash as well")
    func equalSuccess() async throws {
        let auth = try await AuthFixture()
        let (person, _) = try await auth.member()
        let before = auth.components.hasher.runs
        _ = try await auth.signIn(person)
        #expect(auth.components.hasher.runs - before == 1)
    }

    @Test("A code works once, whatever it was used for")
    func codeReplay() async throws {
        let auth = try await AuthFixture()
        let person = try await auth.signUp()
        try await auth.confirm(person)
        #expect(try await refusal { try await auth.signIn(person) }.reason == "INVALID_CREDENTIALS")
        auth.clock.advance(by: 30)
        _ = try await auth.signIn(person)
        #expect(try await refusal { try await auth.signIn(person) }.reason == "INVALID_CREDENTIALS")
        let earlier = person.code(at: auth.clock.now - 30)
        #expect(try await refusal { try await auth.signIn(person, code: earlier) }.reason == "INVALID_CREDENTIALS")
    }

    @Test("Many sign-ins at once with one code give exactly one session")
    func concurrentCode() async throws {
        let auth = try await AuthFixture()
        let (person, _) = try await auth.member()
        let sessions = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<16 { group.addTask { (try? await auth.signIn(person)) != nil } }
            return await group.reduce(into: 0) { count, opened in count += opened ? 1 : 0 }
        }
        #expect(sessions == 1)
        let rows = try await auth.database.readAll { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM sessions") }
        #expect(rows == 2)
        #expect(try await auth.actions().count { $0 == "auth.sign_in" } == 1)
    }

    @Test("Confirming works once")
    func confirmOnce() async throws {
        let auth = try await AuthFixture()
        let (person, _) = try await auth.member()
        #expect(try await refusal { try await auth.confirm(person) }.reason == "INVALID_CREDENTIALS")
    }

    @Test("The address is found in whatever case it is written")
    func addressCase() async throws {
        let auth = try await AuthFixture()
        let (person, _) = try await auth.member("Grace@Example.COM")
        let session = try await auth.client.signIn(
            .init(email: "grace@example.com", password: person.password, code: auth.code(of: person)))
        #expect(session.userId == person.userID)
    }

    @Test("Signing up again is answered like any sign-up, changes nothing, and leads nowhere")
    func secondSignUp() async throws {
        let auth = try await AuthFixture()
        let (person, _) = try await auth.member()
        let before = auth.components.hasher.runs
        let again = try await auth.signUp(password: "another password")
        #expect(auth.components.hasher.runs - before == 1)
        #expect(again.userID != person.userID && again.seed.count == 20)
        #expect(try await refusal { try await auth.confirm(again) }.reason == "INVALID_CREDENTIALS")
        #expect(try await auth.signIn(person).userId == person.userID)
        #expect(try await auth.actions().contains("auth.sign_up ACCOUNT_EXISTS"))
    }

    @Test("A sign-up that nobody confirmed gives way to the next one for that address")
    func squatting() async throws {
        let auth = try await AuthFixture()
        let squatter = try await auth.signUp(password: "squatter's password")
        let owner = try await auth.signUp()
        #expect(try await refusal { try await auth.confirm(squatter) }.reason == "INVALID_CREDENTIALS")
        #expect(try await auth.confirm(owner).userId == owner.userID)
    }

    @Test(
        "What is no address is refused with a reason",
        arguments: [
            "", "ada", "@example.com", "ada@", "ada@@example.com", "a da@example.com", "ada@example", "ada@.com", "ada@exa mple.com",
            "ada\n@example.com",
        ])
    func addresses(email: String) async throws {
        let auth = try await AuthFixture()
        let error = try await refusal { try await auth.signUp(email) }
        #expect(error.code == .invalidArgument && error.reason == "INVALID_EMAIL")
        #expect(auth.components.hasher.runs == 0)
    }

    @Test(
        "Weak passwords are refused with a reason",
        arguments: [
            ("short", "PASSWORD_TOO_SHORT"), ("elevenchars", "PASSWORD_TOO_SHORT"), ("Password1234", "PASSWORD_TOO_COMMON"),
            ("aaaaaaaaaaaaaaaa", "PASSWORD_TOO_COMMON"), ("ada@example.com", "PASSWORD_TOO_COMMON"),
            (String(repeating: "abcd", count: 65), "PASSWORD_TOO_LONG"),
        ])
    func passwords(password: String, reason: String) async throws {
        let auth = try await AuthFixture()
        let error = try await refusal { try await auth.signUp(password: password) }
        #expect(error.code == .invalidArgument && error.reason == reason)
    }

    @Test(
        "Passwords are taken as they come: spaces, any script, 256 characters",
        arguments: ["  twelve chars  ", "пароль-длинный-🔑", String(repeating: "wxyz", count: 64)])
    func unusualPasswords(password: String) async throws {
        let auth = try await AuthFixture()
        let person = try await auth.signUp(password: password)
        #expect(try await auth.confirm(person).userId == person.userID)
    }

    @Test("Nobody but the gateway may try, and nobody at all with a user token")
    func callers() async throws {
        let auth = try await AuthFixture()
        for name in ["agent", "execution", "market-data", "audit", "operator"] {
            let client = AuthV1.AuthClient(auth.server.channel(as: AuthFixture.peer(name)))
            let error = try await refusal { try await client.signIn(.init(email: "a@example.com", password: "x", code: "")) }
            #expect(error.code == .permissionDenied)
        }
    }
}
