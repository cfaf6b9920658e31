internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// Posts to the webhook. Follows no redirect, reads no answer but its status.
final class AlertSender: Sendable {
    private static let timeout = TimeAmount.seconds(10)

    private let url: String
    private let client: HTTPClient

    /// - Parameter rootsPath: a PEM file with the roots that are trusted instead of the system's.
    init(url: String, rootsPath: String?) {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let rootsPath { tls.trustRoots = .file(rootsPath) }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow, timeout: .init(connect: .seconds(5)), decompression: .disabled)
        configuration.httpVersion = .http1Only
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        self.url = url
    }

    deinit {
        client.shutdown { _ in }
    }

    /// - Throws: `AlertFailure.refused` for a status that is not 2xx; connection errors.
    func send(_ body: [UInt8], headers: [(String, String)]) async throws {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: body))
        let response = try await client.execute(request, timeout: Self.timeout)
        guard (200..<300).contains(response.status.code) else { throw AlertFailure.refused(status: response.status.code) }
    }
}
