@testable import AuthService
import Cryptography
import Identity
import MeshCall
import ServiceAPI
import Testing

@Suite("Narrowed tokens and sign-offs")
struct TokenMintingTests {
    private let digest = [UInt8](0..<32)

    @Test("The agent's token names both, has the asked scope, and ends with the access token")
    func narrowed() async throws {
        let auth = try await AuthFixture()
        let (person, session) = try await auth.member()
        let narrowed = try await auth.client.narrowToken(
            .init(scope: ["market:read", "portfolio:read", "order:propose"]), options: .bearer(session.accessToken))
        #expect(narrowed.expiresIn == 270)
        let token = try await auth.verify(narrowed.token, .agent)
        #expect(token.userID == person.userID && token.actor == "agent")
        #expect(token.scope == ["market:read", "portfolio:read", "order:propose"])
        #expect(try await auth.actions().last == "auth.token_narrowed")
    }

    @Test(
        "No other scope can be had for the agent",
        arguments: [["order:sign"], ["market:read", "chat"], ["exchange:link"], ["audit:read"], ["*"], [""]])
    func scopes(scope: [String]) async throws {
        let auth = try await AuthFixture()
        let session = try await auth.member().session
        let error = try await refusal { try await auth.client.narrowToken(.init(scope: scope), options: .bearer(session.accessToken)) }
        #expect(error.code == .permissionDenied && error.reason == "SCOPE_NOT_ALLOWED")
    }

    @Test("At least one scope must be named, and not many")
    func scopeCount() async throws {
        let auth = try await AuthFixture()
        let session = try await auth.member().session
        for scope in [[], Array(repeating: "market:read", count: 4)] {
            let error = try await refusal { try await auth.client.narrowToken(.init(scope: scope), options: .bearer(session.accessToken)) }
            #expect(error.code == .invalidArgument)
        }
    }

    @Test("A narrowed token can neither narrow nor sign off")
    func agentTokenMintsNothing() async throws {
        let auth = try await AuthFixture()
        let session = try await auth.member().session
        let narrowed = try await auth.client.narrowToken(.init(scope: ["market:read"]), options: .bearer(session.accessToken))
        let options = CallOptions.bearer(narrowed.token)
        #expect(
            try await refusal {
                try await auth.client.narrowToken(.init(scope: ["market:read"]), options: options)
            }.code == .unauthenticated)
        #expect(try await refusal { try await auth.client.mintSignOff(.init(digest: digest), options: options) }.code == .unauthenticated)
    }

    @Test("Without a code a sign-off is vouched for by the session; with one, by the second factor")
    func methods() async throws {
        let auth = try await AuthFixture()
        let (person, session) = try await auth.member()
        let options = CallOptions.bearer(session.accessToken)
        let plain = try await auth.client.mintSignOff(.init(digest: digest), options: options)
        #expect(plain.expiresIn == 120)
        let first = try await auth.verify(plain.token, .signOff)
        #expect(first.methods == ["pwd"] && first.digest == digest && first.userID == person.userID)
        let confirmed = try await auth.client.mintSignOff(.init(digest: digest, code: auth.code(of: person)), options: options)
        let second = try await auth.verify(confirmed.token, .signOff)
        #expect(second.methods == ["otp"] && second.tokenID != first.tokenID)
        let told = try #require(try await auth.events().last)
        #expect(told.action == "auth.sign_off_minted" && told.object == second.tokenID)
        #expect(told.details.contains(.init(name: "digest", value: Hex.encode(digest))))
    }

    @Test("A code that signed in does not sign off, and the other way round; the next one does")
    func codeOnce() async throws {
        let auth = try await AuthFixture()
        let (person, _) = try await auth.member()
        let session = try await auth.signIn(person)
        let options = CallOptions.bearer(session.accessToken)
        let used = try await refusal {
            try await auth.client.mintSignOff(.init(digest: digest, code: auth.code(of: person)), options: options)
        }
        #expect(used.code == .permissionDenied && used.reason == "INVALID_CODE")
        auth.clock.advance(by: 30)
        _ = try await auth.client.mintSignOff(.init(digest: digest, code: auth.code(of: person)), options: options)
        #expect(try await refusal { try await auth.signIn(person) }.reason == "INVALID_CREDENTIALS")
    }

    @Test("Many sign-offs at once with one code give exactly one token")
    func concurrentCode() async throws {
        let auth = try await AuthFixture()
        let (person, session) = try await auth.member()
        let code = auth.code(of: person)
        let minted = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (try? await auth.client.mintSignOff(.init(digest: digest, code: code), options: .bearer(session.accessToken))) != nil
                }
            }
            return await group.reduce(into: 0) { count, opened in count += opened ? 1 : 0 }
        }
        #expect(minted == 1)
    }

    @Test("Wrong codes are counted, told, and delay the next try")
    func wrongCodes() async throws {
        let auth = try await AuthFixture()
        let session = try await auth.member().session
        let options = CallOptions.bearer(session.accessToken)
        for _ in 0..<5 {
            #expect(
                try await refusal {
                    try await auth.client.mintSignOff(.init(digest: digest, code: "000000"), options: options)
                }.reason == "INVALID_CODE")
        }
        let error = try await refusal { try await auth.client.mintSignOff(.init(digest: digest, code: "000000"), options: options) }
        #expect(error.reason == "TOO_MANY_ATTEMPTS")
        #expect(try await auth.actions().count { $0 == "auth.sign_off_minted WRONG_CODE" } == 5)
    }

    @Test("A person may ask for so many sign-offs at once and no more")
    func rate() async throws {
        let auth = try await AuthFixture()
        let session = try await auth.member().session
        for _ in 0..<10 { _ = try await auth.client.mintSignOff(.init(digest: digest), options: .bearer(session.accessToken)) }
        let error = try await refusal { try await auth.client.mintSignOff(.init(digest: digest), options: .bearer(session.accessToken)) }
        #expect(error.code == .resourceExhausted && error.reason == "RATE_LIMITED")
    }

    @Test("A digest of another length is refused", arguments: [0, 31, 33])
    func digestLength(count: Int) async throws {
        let auth = try await AuthFixture()
        let session = try await auth.member().session
        let error = try await refusal {
            try await auth.client.mintSignOff(.init(digest: .init(repeating: 0, count: count)), options: .bearer(session.accessToken))
        }
        #expect(error.code == .invalidArgument && error.reason == "INVALID_DIGEST")
    }

    @Test("Without a token, with a stranger's or with an expired one nothing is minted")
    func tokens() async throws {
        let auth = try await AuthFixture()
        let session = try await auth.member().session
        let elsewhere = try await AuthFixture()
        let foreign = try await elsewhere.member().session.accessToken
        for token in ["", "x.y.z", foreign] {
            #expect(
                try await refusal {
                    try await auth.client.mintSignOff(.init(digest: digest), options: .bearer(token))
                }.code == .unauthenticated)
        }
        #expect(try await refusal { try await auth.client.mintSignOff(.init(digest: digest)) }.code == .unauthenticated)
        auth.clock.advance(by: 270)
        let expired = try await refusal { try await auth.client.mintSignOff(.init(digest: digest), options: .bearer(session.accessToken)) }
        #expect(expired.code == .unauthenticated && expired.reason == "TOKEN_EXPIRED")
    }

    @Test("The agent's own certificate mints nothing, even with a good token")
    func agentCertificate() async throws {
        let auth = try await AuthFixture()
        let session = try await auth.member().session
        let agent = AuthV1.AuthClient(auth.server.channel(as: AuthFixture.peer("agent")))
        let error = try await refusal { try await agent.mintSignOff(.init(digest: digest), options: .bearer(session.accessToken)) }
        #expect(error.code == .permissionDenied)
    }
}
