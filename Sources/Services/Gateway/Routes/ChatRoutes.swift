internal import HTTPSKit
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import MeshCall
internal import NIOCore
internal import ServiceAPI

/// A person's words on their way to the agent.
///
/// Execution has them first, so that what the agent proposes later can be held against what was really said. The agent gets a token
/// that can look and propose, never one that can sign.
struct ChatRoutes: Sendable {
    static let agentScope = ["market:read", "portfolio:read", "order:propose"]
    static let answerTime: Duration = .seconds(60)

    let peers: Peers
    let limiter: RateLimiter
    let refusals: RefusalLog

    private struct Utterance: Decodable {
        let text: String
    }

    func add(to group: RouterGroup<GatewayContext>) {
        group.post("chat", use: chat)
    }

    @Sendable private func chat(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let person = try context.signedIn()
        try refusals.limiting(context) { () throws(RateLimited) in
            try limiter.take(.chatsPerAccount, for: person.principal.userID)
        }
        let text = try await JSONBody.decode(Utterance.self, from: request).text
        let stored = try await peers.execution.registerUtterance(.init(text: text), options: context.call())
        let narrowed = try await peers.auth.narrowToken(.init(scope: Self.agentScope), options: context.call())
        let events = try await open(AgentV1.ChatRequest(utteranceId: stored.utteranceId, text: text), narrowed.token, context)
        return Response(
            status: .ok, headers: [.contentType: "application/x-ndjson"],
            body: ResponseBody { writer in try await Self.write(events, to: &writer, context.logger) })
    }

    /// The answer may take longer than other requests.
    private func open(
        _ request: AgentV1.ChatRequest, _ token: String, _ context: GatewayContext
    ) async throws -> MessageStream<AgentV1.ChatEvent> {
        let call = CallContext(deadline: .now + Self.answerTime, requestID: context.origin.requestID)
        return try await CallContext.$current.withValue(call) {
            try await peers.agent.chat(request, options: .bearer(token, timeout: Self.answerTime))
        }
    }

    /// Each event as it comes; then `done`, or the error that ended the answer. A client that is gone ends the call.
    private static func write(
        _ events: MessageStream<AgentV1.ChatEvent>, to writer: inout any ResponseBodyWriter, _ logger: Logger
    ) async throws {
        var last = ChatLine.end
        var iterator = events.makeAsyncIterator()
        while true {
            do {
                guard let event = try await iterator.next() else { break }
                guard let line = ChatLine(event) else { continue }
                try await writer.write(encoded(line))
            } catch let error as RPCError {
                logger.info("answer broke off", metadata: ["error": "\(error)"])
                last = ChatLine(error)
                break
            }
        }
        try await writer.write(encoded(last))
        try await writer.finish(nil)
    }

    private static func encoded(_ line: ChatLine) throws -> ByteBuffer {
        var buffer = try JSONBody.encode(line)
        buffer.writeString("\n")
        return buffer
    }
}
