package import AsyncHTTPClient
import Foundation
package import NIOCore
import NIOFoundationCompat
package import NIOHTTP1

/// The gateway's HTTPS API.
package struct GatewayClient: Sendable {
    static let timeout = TimeAmount.seconds(30)
    /// A model may think for a while.
    static let chatTimeout = TimeAmount.seconds(90)
    static let longestAnswer = 4 << 20
    static let longestLine = 1 << 20

    package let url: String
    package let client: HTTPClient

    /// - Parameter client: trusts the deployment's root.
    package init(url: String, client: HTTPClient) {
        self.url = url
        self.client = client
    }

    // MARK: Accounts

    package func signUp(email: String, password: String) async throws -> SignUpAnswer {
        try await post("/v1/sign-up", ["email": email, "password": password])
    }

    package func confirmAuthenticator(email: String, password: String, code: String) async throws -> SessionAnswer {
        try await post("/v1/totp/confirm", ["email": email, "password": password, "code": code])
    }

    package func signIn(email: String, password: String, code: String) async throws -> SessionAnswer {
        try await post("/v1/sign-in", ["email": email, "password": password, "code": code])
    }

    package func refresh(_ token: String) async throws -> SessionAnswer {
        try await post("/v1/refresh", ["refresh_token": token])
    }

    package func signOut(_ token: String) async throws {
        _ = try await send(.POST, "/v1/sign-out", body: ["refresh_token": token], token: nil)
    }

    // MARK: Requests

    package func get<T: Decodable>(_ path: String, token: String) async throws -> T {
        try Self.decode(await send(.GET, path, body: nil, token: token))
    }

    package func post<T: Decodable>(_ path: String, _ body: [String: String], token: String? = nil) async throws -> T {
        try Self.decode(await send(.POST, path, body: body, token: token))
    }

    package func send(_ method: HTTPMethod, _ path: String, body: [String: String]?, token: String?) async throws -> ByteBuffer {
        let response = try await client.execute(request(method, path, body, token), timeout: Self.timeout)
        let answer = try await response.body.collect(upTo: Self.longestAnswer)
        try Self.check(response.status, answer)
        return answer
    }

    /// The lines of a streamed answer as they come.
    package func chat(_ text: String, token: String) async throws -> AsyncThrowingStream<ChatLine, any Error> {
        let response = try await client.execute(request(.POST, "/v1/chat", ["text": text], token), timeout: Self.chatTimeout)
        guard response.status == .ok else {
            try Self.check(response.status, await response.body.collect(upTo: Self.longestAnswer))
            return AsyncThrowingStream { $0.finish() }
        }
        return AsyncThrowingStream { continuation in
            let reader = Task {
                do {
                    var lines = LineSplitter(longest: Self.longestLine)
                    for try await piece in response.body {
                        for line in try lines.take(piece) { continuation.yield(try Self.decode(line)) }
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in reader.cancel() }
        }
    }

    private func request(_ method: HTTPMethod, _ path: String, _ body: [String: String]?, _ token: String?) throws -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url + path)
        request.method = method
        if let token { request.headers.add(name: "authorization", value: "Bearer \(token)") }
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(data: try JSONEncoder().encode(body)))
        }
        return request
    }

    private static func check(_ status: HTTPResponseStatus, _ answer: ByteBuffer) throws {
        guard !(200..<300).contains(status.code) else { return }
        let envelope: GatewayError.Envelope? = try? decode(answer)
        throw GatewayError(
            status: status.code,
            body: envelope?.error ?? GatewayError.Body(code: "HTTP \(status.code)", message: status.reasonPhrase))
    }

    private static func decode<T: Decodable>(_ answer: ByteBuffer) throws -> T {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(T.self, from: answer)
    }
}
