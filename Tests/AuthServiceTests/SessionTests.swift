@testable import AuthService
import Cryptography
import GRDB
import Identity
import MeshCall
import ServiceAPI
import Storage
import Testing

@Suite("Sessions")
struct SessionTests {
    @Test("Refreshing gives a new pair for the same session and keeps its end")
    func refresh() async throws {
        let auth = try await AuthFixture()
        let (person, first) = try await auth.member()
        auth.clock.advance(by: 1000)
        let second = try await auth.client.refresh(.init(refreshToken: first.refreshToken))
        #expect(second.userId == person.userID && second.refreshToken != first.refreshToken && second.accessToken != first.accessToken)
        #expect(second.refreshExpiresIn == 12 * 3600 - 1030)
        let (before, after) = (try await auth.verify(second.accessToken, .access).sessionID, try await auth.events().last?.object)
        #expect(before == after)
    }

    @Test("A session ends twelve hours after sign-in, however often it was refreshed")
    func absoluteEnd() async throws {
        let auth = try await AuthFixture()
        var session = try await auth.member().session
        for _ in 0..<11 {
            auth.clock.advance(by: 3600)
            session = try await auth.client.refresh(.init(refreshToken: session.refreshToken))
        }
        auth.clock.advance(by: 3600)
        let last = session.refreshToken
        let error = try await refusal { try await auth.client.refresh(.init(refreshToken: last)) }
        #expect(error.code == .unauthenticated && error.reason == "SESSION_ENDED")
    }

    @Test("Using a spent refresh token ends the session for both holders and is told")
    func reuse() async throws {
        let auth = try await AuthFixture()
        let (person, first) = try await auth.member()
        let second = try await auth.client.refresh(.init(refreshToken: first.refreshToken))
        for token in [first.refreshToken, second.refreshToken] {
            #expect(try await refusal { try await auth.client.refresh(.init(refreshToken: token)) }.reason == "SESSION_ENDED")
        }
        let told = try await auth.events().first { $0.action == "auth.refresh_reuse" }
        #expect(told?.onBehalfOf == person.userID && told?.outcome == "refused")
    }

    @Test("Two refreshes at once with one token: one wins, and the session is over")
    func concurrentRefresh() async throws {
        let auth = try await AuthFixture()
        let session = try await auth.member().session
        let winners = await withTaskGroup(of: AuthV1.Session?.self) { group in
            for _ in 0..<8 { group.addTask { try? await auth.client.refresh(.init(refreshToken: session.refreshToken)) } }
            return await group.reduce(into: [AuthV1.Session]()) { winners, won in won.map { winners.append($0) } }
        }
        #expect(winners.count == 1)
        let next = try #require(winners.first?.refreshToken)
        #expect(try await refusal { try await auth.client.refresh(.init(refreshToken: next)) }.reason == "SESSION_ENDED")
    }

    @Test("Signing out ends the session; doing it again, or with nonsense, is no error")
    func signOut() async throws {
        let auth = try await AuthFixture()
        let session = try await auth.member().session
        for token in [session.refreshToken, session.refreshToken, "nonsense", ""] {
            _ = try await auth.client.signOut(.init(refreshToken: token))
        }
        #expect(try await refusal { try await auth.client.refresh(.init(refreshToken: session.refreshToken)) }.reason == "SESSION_ENDED")
        #expect(try await auth.actions().count { $0 == "auth.sign_out" } == 1)
    }

    @Test("After signing out the access token mints nothing any more")
    func signOutStopsMinting() async throws {
        let auth = try await AuthFixture()
        let session = try await auth.member().session
        _ = try await auth.client.signOut(.init(refreshToken: session.refreshToken))
        let options = CallOptions.bearer(session.accessToken)
        #expect(
            try await refusal {
                try await auth.client.narrowToken(.init(scope: ["market:read"]), options: options)
            }.reason == "SESSION_ENDED")
        let digest = [UInt8](repeating: 1, count: 32)
        #expect(try await refusal { try await auth.client.mintSignOff(.init(digest: digest), options: options) }.reason == "SESSION_ENDED")
    }

    @Test(
        "What is no refresh token is refused",
        arguments: ["", "x", String(repeating: "A", count: 43), String(repeating: "A", count: 5000)])
    func nonsense(token: String) async throws {
        let auth = try await AuthFixture()
        #expect(try await refusal { try await auth.client.refresh(.init(refreshToken: token)) }.reason == "SESSION_ENDED")
    }

    @Test("Of too many sessions the oldest gives way")
    func manySessions() async throws {
        let auth = try await AuthFixture()
        let (person, first) = try await auth.member()
        for _ in 0..<SessionRules.mostPerUser {
            _ = try await auth.signIn(person)
            auth.clock.advance(by: 30)
        }
        #expect(try await refusal { try await auth.client.refresh(.init(refreshToken: first.refreshToken)) }.reason == "SESSION_ENDED")
        let rows = try await auth.database.readAll { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM sessions") }
        #expect(rows == SessionRules.mostPerUser)
    }

    @Test("Sessions outlive a restart")
    func restart() async throws {
        let auth = try await AuthFixture()
        let token = try await auth.member().session.refreshToken
        let again = try await AuthFixture(after: auth)
        #expect(try await again.client.refresh(.init(refreshToken: token)).accessExpiresIn == 300)
    }
}
