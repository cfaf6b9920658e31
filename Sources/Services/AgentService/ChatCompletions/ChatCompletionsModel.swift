internal import AsyncHTTPClient
internal import MeshCall
internal import NIOCore
internal import OutboundHTTP

/// A language model behind OpenAI's chat completions API, streamed. Holds its key, and nothing that could spend; what it is asked has gone
/// through the redactor (`ChatMessage.withoutSecrets`).
public struct ChatCompletionsModel: ChatModel {
    private let name: String
    private let connection: CompletionsConnection
    private let key: ModelKey
    private let refused: @Sendable (String) async -> Void
    private let limits: CompletionsLimits

    /// - Parameters:
    ///   - name: of the model, as its server calls it.
    ///   - rootsPath: a PEM file with the roots that are trusted instead of the system's.
    ///   - key: read anew for each attempt. A question that still waits to be answered when its key is revoked is taken back.
    ///   - refused: told the id of a key that the server refuses; returns once it is known whether there is a newer one.
    init(
        _ address: ModelAddress, name: String, rootsPath: String?, limits: CompletionsLimits = CompletionsLimits(),
        key: ModelKey, refused: @escaping @Sendable (String) async -> Void = { _ in }
    ) {
        self.name = name
        self.limits = limits
        self.key = key
        self.refused = refused
        connection = CompletionsConnection(address, rootsPath: rootsPath, limits: limits)
    }

    /// - Throws: `RPCError`, what `emit` throws, `CancellationError`.
    public func turn(_ request: ModelRequest, emit: @escaping ModelEmitter) async throws {
        let limit = limits.deadline
        do {
            let body = try CompletionsRequest.body(request, model: name, limits: limits)
            try await withDeadline(limit) {
                try await answer(body, until: .now + limit, emit)
            } late: {
                ModelFailure.tooSlow("no whole answer within \(limit)")
            }
        } catch let failure as ModelFailure {
            throw RPCError(failure)
        }
    }

    private func answer(_ body: [UInt8], until end: ContinuousClock.Instant, _ emit: ModelEmitter) async throws {
        var answer = try await begin(body, until: end)
        var stream = AnswerStream(limits)
        var chunk: ByteBuffer? = answer.first
        while let bytes = chunk {
            for text in try stream.take(bytes.readableBytesView) { try await emit(.text(text)) }
            if stream.isOver { break }
            do {
                chunk = try await answer.rest.next()
            } catch {
                if Task.isCancelled { throw CancellationError() }
                throw ModelFailure.brokenOff(OutboundFailure.words(for: error))
            }
        }
        for call in try stream.end() { try await emit(.call(call)) }
    }

    // MARK: - Before the first byte

    /// Repeats only what the server has not begun to answer: a limit that says when to come again, a moment's unavailability, a key that was
    /// exchanged for another meanwhile.
    private func begin(_ body: [UInt8], until end: ContinuousClock.Instant) async throws -> CompletionsConnection.Answer {
        var attempts = 1
        while true {
            guard let usable = key.current else { throw ModelFailure.noKey }
            do {
                return try await key.whileUsable(usable.id) { try await connection.begin(body, key: usable.bytes, within: end - .now) }
            } catch let failure as ModelFailure {
                guard attempts < limits.attempts, try await isWorthAgain(failure, after: usable.id, attempts, until: end) else { throw failure }
            }
            attempts += 1
        }
    }

    private func isWorthAgain(_ failure: ModelFailure, after keyID: String, _ attempts: Int, until end: ContinuousClock.Instant) async throws -> Bool {
        switch failure {
        case .keyRefused:
            await refused(keyID)
            return isReplaced(keyID)
        case .keyEnded: return isReplaced(keyID)
        case .overLimit(let wait?): return try await pause(wait, until: end)
        case .refused(status: 503): return try await pause(limits.backoff * attempts * Double.random(in: 0.5...1), until: end)
        default: return false
        }
    }

    private func isReplaced(_ keyID: String) -> Bool { key.current.map { $0.id != keyID } ?? false }

    /// - Returns: false, at once, when the time would be over then.
    private func pause(_ wait: Duration, until end: ContinuousClock.Instant) async throws -> Bool {
        guard .now + wait < end else { return false }
        try await Task.sleep(for: wait)
        return true
    }
}
