internal import FoundationEssentials
internal import Secrets

/// One request to Vault: path, headers, body, and what came back as a value or a cause.
struct VaultClient: Sendable {
    let http: StoreHTTPClient
    let namespace: String?
    let limits: StoreLimits

    struct Call<Body: Encodable & Sendable>: Sendable {
        var method = "GET"
        /// After `/v1/`.
        var path: String
        var body: Body?
        /// Whether the request may be sent again when no answer came.
        var isRepeatable = true
    }

    /// - Throws: `SecretStoreError.Cause`, `CancellationError`.
    func answer<Body, Contents: Decodable & Sendable>(
        _ call: Call<Body>, token: SecretBytes?, as type: Contents.Type
    ) async throws -> VaultReply<Contents> {
        let reply = try await reply(to: call, token: token)
        guard reply.isSuccess else { throw VaultReplyReader.cause(reply) }
        return try VaultReplyReader.read(reply, as: type)
    }

    private func reply<Body>(to call: Call<Body>, token: SecretBytes?) async throws -> StoreHTTPClient.Reply {
        var request = StoreHTTPClient.Request(method: call.method, path: "/v1/" + call.path)
        // Vault refuses requests without it where it is configured to: no browser can be made to send it.
        request.headers = [("X-Vault-Request", "true"), ("Accept", "application/json")]
        if let namespace { request.headers.append(("X-Vault-Namespace", namespace)) }
        if let token { request.headers.append(("X-Vault-Token", token.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })) }
        if let body = call.body {
            request.headers.append(("Content-Type", "application/json"))
            request.body = Array(try JSONEncoder().encode(body))
        }
        let sent = request
        let attempt: @Sendable () async throws -> StoreHTTPClient.Reply = {
            let reply = try await http.send(sent)
            // Standbys, sealed servers and gateways in between: worth another attempt.
            guard reply.status < 500 && reply.status != 412 && reply.status != 429 else { throw VaultReplyReader.cause(reply) }
            return reply
        }
        return call.isRepeatable ? try await limits.repeating(attempt) : try await attempt()
    }
}

extension VaultClient.Call where Body == VaultNothing {
    init(_ method: String = "GET", _ path: String) {
        self.init(method: method, path: path, body: nil)
    }
}
