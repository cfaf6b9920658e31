internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import OutboundHTTP
internal import Secrets

/// Sends one question and hands out the bytes of its answer.
struct CompletionsConnection: Sendable {
    private let client: OutboundHTTPClient
    private let url: String
    private let limits: CompletionsLimits

    init(_ address: ModelAddress, rootsPath: String?, limits: CompletionsLimits) {
        client = OutboundHTTPClient(rootsPath: rootsPath, connect: limits.connect, connections: limits.questions)
        url = address.completions
        self.limits = limits
    }

    /// An answer whose first bytes are there. One task at a time has it: it goes from the task that asked to the one that waited.
    struct Answer: @unchecked Sendable {
        var first: ByteBuffer
        var rest: HTTPClientResponse.Body.AsyncIterator
    }

    /// Returns when the first byte of an answer has come.
    ///
    /// - Throws: `ModelFailure`, `CancellationError`.
    func begin(_ body: [UInt8], key: SecretBytes, within time: Duration) async throws -> Answer {
        let limit = min(time, limits.firstByte)
        do {
            return try await withDeadline(limit) {
                try await self.exchange(body, key, within: limit)
            } late: {
                ModelFailure.tooSlow("no first byte within \(limit)")
            }
        } catch let failure as ModelFailure {
            throw failure
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw ModelFailure.unreachable(OutboundFailure.words(for: error))
        }
    }

    private func exchange(_ body: [UInt8], _ key: SecretBytes, within limit: Duration) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "accept", value: "text/event-stream")
        request.bear(key)
        request.body = .bytes(ByteBuffer(bytes: body))
        // The caller's own deadline comes first, and says so.
        let response = try await client.execute(request, timeout: limit + .seconds(1))
        try Self.check(response)
        var rest = response.body.makeAsyncIterator()
        guard let first = try await rest.next() else { throw ModelFailure.brokenOff("it is empty") }
        return Answer(first: first, rest: rest)
    }

    private static func check(_ response: HTTPClientResponse) throws(ModelFailure) {
        let status = response.status.code
        switch status {
        case 200..<300: break
        case 300..<400: throw .redirected(status: status)
        case 401, 403: throw .keyRefused(status: status)
        case 429: throw .overLimit(retryAfter: wait(response))
        default: throw .refused(status: status)
        }
        let type = response.headers.first(name: "content-type")?.split(separator: ";").first?.lowercased() ?? ""
        guard type == "text/event-stream" else { throw .malformed("it is no event stream") }
    }

    /// In seconds; a date is not read.
    private static func wait(_ response: HTTPClientResponse) -> Duration? {
        response.headers.first(name: "retry-after").flatMap { Int64($0) }.flatMap { (0...86_400).contains($0) ? .seconds($0) : nil }
    }
}
