public import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOFoundationCompat
internal import NIOHTTP1

/// Does at the sandbox exchange what an operator does on a real exchange's web pages: makes an account and registers public keys.
public struct SandboxOperator: Sendable {
    static let timeout = TimeAmount.seconds(5)
    static let longestAnswer = 64 << 10

    private let url: String
    private let token: String
    private let client: HTTPClient

    /// - Parameter client: must trust the deployment's root.
    public init(url: String, token: String, client: HTTPClient) {
        self.url = url
        self.token = token
        self.client = client
    }

    /// - Parameter balances: amounts by asset, as decimals.
    /// - Returns: the account's id.
    public func makeAccount(balances: [String: String]) async throws -> String {
        let answer = try await post("/sandbox/v1/accounts", ["balances": balances], as: Account.self)
        return answer.accountId
    }

    /// - Parameters:
    ///   - publicKeyPEM: Ed25519, SubjectPublicKeyInfo.
    ///   - permissions: `read`, `trade`, `withdraw`.
    ///   - addresses: from where the key is to be taken; nil means from anywhere.
    /// - Returns: the API key.
    public func registerKey(
        account: String, publicKeyPEM: String, permissions: [String], addresses: [String]? = nil, label: String
    ) async throws -> String {
        let body = KeyRequest(type: "ed25519", publicKey: publicKeyPEM, permissions: permissions, ipAddresses: addresses, label: label)
        return try await post("/sandbox/v1/accounts/\(account)/keys", body, as: Key.self).apiKey
    }

    private struct Account: Decodable { var accountId: String }
    private struct Key: Decodable { var apiKey: String }
    private struct KeyRequest: Encodable {
        var type, publicKey: String
        var permissions: [String]
        var ipAddresses: [String]?
        var label: String
    }

    private func post<T: Decodable>(_ path: String, _ body: some Encodable, as type: T.Type) async throws -> T {
        var request = HTTPClientRequest(url: url + path)
        request.method = .POST
        request.headers = ["content-type": "application/json", "x-sandbox-operator": token]
        request.body = .bytes(ByteBuffer(data: try JSONEncoder().encode(body)))
        let response = try await client.execute(request, timeout: Self.timeout)
        let answer = try await response.body.collect(upTo: Self.longestAnswer)
        guard (200..<300).contains(response.status.code) else {
            throw DeploymentError("the sandbox exchange refused \(path): \(response.status) \(String(buffer: answer))")
        }
        return try JSONDecoder().decode(T.self, from: answer)
    }
}
