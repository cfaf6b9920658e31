internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import OutboundHTTP

/// Posts to the webhook. Follows no redirect, reads no answer but its status.
final class AlertSender: Sendable {
    private static let timeout = Duration.seconds(10)

    private let url: String
    private let client: OutboundHTTPClient

    /// - Parameter rootsPath: a PEM file with the roots that are trusted instead of the system's.
    init(url: String, rootsPath: String?) {
        client = OutboundHTTPClient(rootsPath: rootsPath, connect: .seconds(5))
        self.url = url
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
