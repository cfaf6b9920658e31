import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import OutboundHTTP

/// Sends one request and reads its whole answer, within a deadline and a size limit.
final class HTTPTransport: Sendable {
    struct Request: Sendable {
        var method: String
        var path: String
        /// Percent-encoded, without the question mark; holds the signature. A POST has it as its body: addresses end up in logs.
        var parameters: String
        var apiKey: String?
        /// Asked right before the body of a POST goes out; what it throws keeps it back.
        var lastLook: (@Sendable () async throws -> Void)?

        var hasBody: Bool { method == "POST" }
    }

    struct Reply: Sendable {
        var status: Int
        var usedWeight: Int?
        var retryAfter: Duration?
        var body: [UInt8]
    }

    /// Whether the bytes of the request may have reached the exchange.
    enum Failure: Error {
        case notSent(String)
        /// The last look did not let it go.
        case withheld
        case maybeSent(String)
    }

    private let client: OutboundHTTPClient
    private let baseURL: String
    private let maximumReplyBytes: Int

    init(baseURL: String, rootsPath: String?, limits: ExchangeLimits) {
        client = OutboundHTTPClient(rootsPath: rootsPath, connect: limits.connectTimeout)
        self.baseURL = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
        maximumReplyBytes = limits.maximumReplyBytes
    }

    /// - Throws: `Failure`, or `CancellationError` when the task was cancelled.
    func send(_ request: Request, timeout: Duration) async throws -> Reply {
        do {
            return try await withDeadline(timeout) {
                try await self.exchange(request, timeout: timeout)
            } late: {
                Failure.maybeSent("no answer within \(timeout)")
            }
        } catch let error as Failure {
            throw error
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw Self.failure(error)
        }
    }

    private func exchange(_ request: Request, timeout: Duration) async throws -> Reply {
        let response = try await client.execute(outgoing(request), timeout: timeout)
        let body = try await response.body.collect(upTo: maximumReplyBytes)
        return Reply(
            status: Int(response.status.code),
            usedWeight: response.headers.first(name: "X-MBX-USED-WEIGHT-1M").flatMap { Int($0) },
            retryAfter: response.headers.first(name: "Retry-After").flatMap { Int64($0) }.map { .seconds(min($0, 86_400 * 3)) },
            body: Array(body.readableBytesView))
    }

    private func outgoing(_ request: Request) -> HTTPClientRequest {
        let isInAddress = !request.hasBody && !request.parameters.isEmpty
        var outgoing = HTTPClientRequest(url: baseURL + request.path + (isInAddress ? "?" + request.parameters : ""))
        outgoing.method = .RAW(value: request.method)
        outgoing.headers.add(name: "Accept", value: "application/json")
        if let apiKey = request.apiKey { outgoing.headers.add(name: "X-MBX-APIKEY", value: apiKey) }
        if request.hasBody {
            let body = LateBody(bytes: ByteBuffer(string: request.parameters), lastLook: request.lastLook)
            outgoing.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
            outgoing.body = .stream(body, length: .known(Int64(body.bytes.readableBytes)))
        }
        return outgoing
    }

    /// Only what is known never to have left counts as not sent. The text names the kind of failure, never the address.
    private static func failure(_ error: any Error) -> Failure {
        let words = OutboundFailure.words(for: error)
        return OutboundFailure.isBeforeSending(error) ? .notSent(words) : .maybeSent(words)
    }
}
