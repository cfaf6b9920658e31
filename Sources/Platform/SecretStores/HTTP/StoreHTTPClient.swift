internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import OutboundHTTP
internal import Secrets

/// Sends requests to one store and reads the whole answers, within a deadline and a size limit. Follows no redirect.
final class StoreHTTPClient: Sendable {
    struct Request: Sendable {
        var method = "GET"
        /// Begins with a slash; holds no secret.
        var path: String
        var headers: [(name: String, value: String)] = []
        var body: [UInt8] = []
    }

    struct Reply: Sendable {
        var status: Int
        var body: [UInt8]

        var isSuccess: Bool { (200..<300).contains(status) }
    }

    typealias Certificate = OutboundHTTPClient.Certificate

    private let client: OutboundHTTPClient
    private let address: StoreAddress
    private let limits: StoreLimits

    /// - Parameter rootsPath: a PEM file with the roots that are trusted instead of the system's.
    /// - Throws: `unusable` when a certificate file cannot be used.
    init(_ address: StoreAddress, rootsPath: String?, certificate: Certificate? = nil, limits: StoreLimits) throws {
        client = try Self.client(rootsPath, certificate, limits)
        self.address = address
        self.limits = limits
    }

    /// One attempt.
    ///
    /// - Throws: `unavailable` when no whole answer came; `CancellationError`.
    func send(_ request: Request) async throws -> Reply {
        let time = StoreOperation.end.map { min(limits.attempt, $0 - .now) } ?? limits.attempt
        let late: @Sendable () -> SecretStoreError.Cause = { [address, limits] in
            .unavailable("\(address.text): no answer within \(time < limits.attempt ? "the operation's time" : "\(time)")")
        }
        guard time > .zero else { throw late() }
        do {
            return try await withDeadline(time) { try await self.exchange(request, time) } late: { late() }
        } catch let cause as SecretStoreError.Cause {
            throw cause
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw SecretStoreError.Cause.unavailable("\(address.text): \(OutboundFailure.words(for: error))")
        }
    }

    private func exchange(_ request: Request, _ time: Duration) async throws -> Reply {
        var outgoing = HTTPClientRequest(url: address.text + request.path)
        outgoing.method = .RAW(value: request.method)
        for (name, value) in request.headers { outgoing.headers.add(name: name, value: value) }
        if !request.body.isEmpty { outgoing.body = .bytes(request.body) }
        let response = try await client.execute(outgoing, timeout: time)
        let body = try await response.body.collect(upTo: limits.maximumReplyBytes)
        return Reply(status: Int(response.status.code), body: Array(body.readableBytesView))
    }

    private static func client(_ rootsPath: String?, _ certificate: Certificate?, _ limits: StoreLimits) throws -> OutboundHTTPClient {
        guard let certificate else { return OutboundHTTPClient(rootsPath: rootsPath, connect: limits.connect) }
        do {
            return try OutboundHTTPClient(rootsPath: rootsPath, certificate: certificate, connect: limits.connect)
        } catch {
            throw SecretStoreError.Cause.unusable("the client certificate \(certificate.chainPath) or its key cannot be used")
        }
    }
}
