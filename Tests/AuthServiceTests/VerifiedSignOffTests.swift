@testable import AuthService
import MeshCall
import ServiceAPI
import Testing

@Suite("Sign-offs where there is real money", .timeLimit(.minutes(1)))
struct VerifiedSignOffTests {
    private let digest = [UInt8](0..<32)

    @Test("In production only a person whose verification stands signs off, from that moment on, whatever their token says", arguments: ["production", "staging"])
    func verified(environment: String) async throws {
        let auth = try await AuthFixture(environment: environment)
        let admin = try await auth.signUp("admin@example.com"), person = try await auth.signUp("ada@example.com")
        for one in [admin, person] { try await auth.confirm(one) }
        _ = try await auth.operatorsAccounts.setRole(.init(email: admin.email, role: "admin", reason: "case 7"))
        auth.clock.advance(by: 30)
        let adminSession = try await auth.signIn(admin), session = try await auth.signIn(person)

        func sign() async throws -> String? {
            do {
                return try await auth.client.mintSignOff(.init(digest: digest), options: .bearer(session.accessToken)).token.isEmpty ? "" : nil
            } catch let error as RPCError {
                return error.reason
            }
        }
        func verify(withdrawn: Bool) async throws {
            auth.clock.advance(by: 30)
            _ = try await auth.accounts.recordVerification(
                .init(email: person.email, reason: "case 8", code: auth.code(of: admin), withdrawn: withdrawn), options: .bearer(adminSession.accessToken))
        }
        let refusal = environment == "production" ? "NOT_VERIFIED" : nil
        #expect(try await sign() == refusal)
        try await verify(withdrawn: false)
        #expect(try await sign() == nil)
        try await verify(withdrawn: true)
        #expect(try await sign() == refusal)
        let refused = try await auth.events().filter { $0.action == "auth.sign_off_minted" && $0.reason == "NOT_VERIFIED" }
        #expect(refused.count == (refusal == nil ? 0 : 2) && refused.allSatisfy { "\($0.actor, default: "")".contains(person.userID) })
    }
}
