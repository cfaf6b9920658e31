internal import Cryptography
internal import HTTPSKit
internal import Hummingbird
internal import MeshCall
internal import ServiceAPI

/// Signing up, in and out. Passwords and codes pass through to auth and are kept nowhere.
struct AccountRoutes: Sendable {
    let auth: AuthV1.AuthClient
    let limiter: RateLimiter
    let refusals: RefusalLog

    private struct Credentials: Decodable {
        let email: String
        let password: String
    }

    private struct CredentialsWithCode: Decodable {
        let email: String
        let password: String
        let code: String
    }

    private struct RefreshToken: Decodable {
        let refreshToken: String
    }

    func add(to group: RouterGroup<GatewayContext>) {
        group.post("sign-up", use: signUp)
        group.post("totp/confirm", use: confirm)
        group.post("sign-in", use: signIn)
        group.post("refresh", use: refresh)
        group.post("sign-out", use: signOut)
    }

    @Sendable private func signUp(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let body = try await JSONBody.decode(Credentials.self, from: request)
        try limit(context, account: body.email)
        let answer = try await auth.signUp(.init(email: body.email, password: body.password))
        return try JSONBody.response(SignUpView(answer), status: .created)
    }

    @Sendable private func confirm(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let body = try await JSONBody.decode(CredentialsWithCode.self, from: request)
        try limit(context, account: body.email)
        return try JSONBody.response(
            SessionView(try await auth.confirmTotp(.init(email: body.email, password: body.password, code: body.code))))
    }

    @Sendable private func signIn(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let body = try await JSONBody.decode(CredentialsWithCode.self, from: request)
        try limit(context, account: body.email)
        return try JSONBody.response(
            SessionView(try await auth.signIn(.init(email: body.email, password: body.password, code: body.code))))
    }

    @Sendable private func refresh(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let body = try await JSONBody.decode(RefreshToken.self, from: request)
        try limit(context, account: nil)
        return try JSONBody.response(SessionView(try await auth.refresh(.init(refreshToken: body.refreshToken))))
    }

    @Sendable private func signOut(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let body = try await JSONBody.decode(RefreshToken.self, from: request)
        _ = try await auth.signOut(.init(refreshToken: body.refreshToken))
        return try JSONBody.response(EmptyView())
    }

    /// - Parameter account: the e-mail address as sent; only its hash is kept.
    private func limit(_ context: GatewayContext, account: String?) throws(RateLimited) {
        try refusals.limiting(context) { () throws(RateLimited) in
            try limiter.take(.signInsPerAddress, for: AddressKey.of(context.origin.clientAddress))
            guard let account else { return }
            try limiter.take(.signInsPerAccount, for: Hex.encode(Hashing.sha256(Array(account.lowercased().utf8))))
        }
    }
}
