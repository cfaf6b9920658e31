internal import HTTPSKit
internal import Hummingbird
internal import MeshCall
internal import ServiceAPI

/// What admins do. Who is one, and whether the code is right, auth decides.
struct AdminRoutes: Sendable {
    let accounts: AuthV1.AccountsClient
    let limiter: RateLimiter
    let refusals: RefusalLog

    private struct Verification: Decodable {
        /// The person's.
        let email: String
        let reason: String
        /// A fresh one-time code of the admin's.
        let code: String
    }

    private struct VerificationView: Encodable {
        let userId: String
        /// Seconds since 1970; 0 when it was taken back.
        let verifiedAt: Int64
    }

    func add(to group: RouterGroup<GatewayContext>) {
        group.post("admin/verifications") { try await record(false, $0, $1) }
        group.post("admin/verifications/withdraw") { try await record(true, $0, $1) }
    }

    private func record(_ withdrawn: Bool, _ request: Request, _ context: GatewayContext) async throws -> Response {
        let person = try context.signedIn()
        try refusals.limiting(context) { () throws(RateLimited) in
            try limiter.take(.signOffsPerAccount, for: person.principal.userID)
        }
        let body = try await JSONBody.decode(Verification.self, from: request)
        let answer = try await accounts.recordVerification(
            .init(email: body.email, reason: body.reason, code: body.code, withdrawn: withdrawn), options: context.call())
        return try JSONBody.response(VerificationView(userId: answer.userId, verifiedAt: answer.verifiedAt))
    }
}
