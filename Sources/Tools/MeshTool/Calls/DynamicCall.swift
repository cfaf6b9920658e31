package import MeshCall
package import MeshMessages
import NIOCore

/// Calls a method that is known by its layouts alone: JSON goes in, JSON comes out.
package struct DynamicCall: Sendable {
    package let method: MethodReflection
    package let options: CallOptions
    package let output: MessageJSONOptions
    package let guide: CallGuide

    package init(
        _ method: MethodReflection, options: CallOptions = CallOptions(), output: MessageJSONOptions = MessageJSONOptions(), guide: CallGuide
    ) {
        self.method = method
        self.options = options
        self.output = output
        self.guide = guide
    }

    /// - Parameter show: gets each response as it comes.
    /// - Throws: `MeshCommandError`.
    package func run(on channel: any CallChannel, _ input: CallInput, show: @escaping @Sendable (String) throws -> Void) async throws {
        do {
            switch method.method.kind {
            case .unary: try show(json(await channel.unary(method.method, single(input), options: options).message))
            case .serverStreaming: try await showAll(channel.serverStreaming(method.method, single(input), options: options), show)
            case .clientStreaming: try await clientStreaming(channel, input, show)
            case .bidirectional: try await bidirectional(channel, input, show)
            }
        } catch let error as RPCError {
            throw MeshCommandError.call(error, of: method.method, guide)
        }
    }

    // MARK: - Kinds

    /// The one request; an empty message where nothing is given.
    private func single(_ input: CallInput) async throws -> ByteBuffer {
        var requests: [ByteBuffer] = []
        try await input.forEach(as: method.request) { bytes in
            guard requests.isEmpty else { throw MeshCommandError.usage("\(method.method.path) takes one message") }
            requests.append(ByteBuffer(bytes: bytes))
        }
        return requests.first ?? ByteBuffer()
    }

    private func clientStreaming(_ channel: any CallChannel, _ input: CallInput, _ show: @escaping @Sendable (String) throws -> Void) async throws {
        let call = try await channel.clientStreaming(method.method, options: options)
        try await exchange(input, call.requests) { try show(json(await call.answer().message)) }
    }

    private func bidirectional(_ channel: any CallChannel, _ input: CallInput, _ show: @escaping @Sendable (String) throws -> Void) async throws {
        let call = try await channel.bidirectional(method.method, options: options)
        try await exchange(input, call.requests) { try await showAll(call.replies, show) }
    }

    /// Requests go out as they come in, while `responses` takes what is answered. Whoever fails ends the other; a server that is done waits for no
    /// more input.
    private func exchange(_ input: CallInput, _ requests: RequestSink, responses: @escaping @Sendable () async throws -> Void) async throws {
        enum Half { case requests, responses }
        try await withThrowingTaskGroup(of: Half.self) { group in
            group.addTask {
                try await send(input, to: requests)
                try await requests.finish()
                return .requests
            }
            group.addTask {
                try await responses()
                return .responses
            }
            while let half = try await group.next() {
                if half == .responses { break }
            }
            group.cancelAll()
        }
    }

    private func send(_ input: CallInput, to requests: RequestSink) async throws {
        do {
            try await input.forEach(as: method.request) { try await requests.send(ByteBuffer(bytes: $0)) }
        } catch let error as RPCError where error.reason == "CALL_ENDED" {
            // The server has answered already: its answer is what there is to show.
        }
    }

    // MARK: - Responses

    private func showAll(_ replies: ReplyStream, _ show: (String) throws -> Void) async throws {
        for try await reply in replies { try show(json(reply)) }
    }

    private func json(_ message: ByteBuffer) throws -> String {
        do throws(MessageError) {
            return try method.response.json(Array(message.readableBytesView), output)
        } catch {
            throw MeshCommandError.failed("the answer is malformed: \(error)")
        }
    }
}
