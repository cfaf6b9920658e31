import AuditClient
import Foundation
@testable import Gateway
import HTTPSKit
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import MeshCall
import MeshTelemetry
import ServiceAPI
import ServiceKit
import Storage
import Testing
import Tracing

/// The gateway's API with its real parts in front of stand-ins for the services.
struct TestGateway: Sendable {
    let seen = Seen()
    let api: GatewayAPI
    let refusals = RefusalLog()
    /// What reaches the audit log.
    let records: AsyncStream<AuditV1.Record>
    /// An answer of the agent was given up.
    let ended: AsyncStream<Void>
    private let channels: [any CallChannel]
    private let logger: Logger

    /// - Parameters:
    ///   - absent: services that do not exist.
    ///   - tracer: of gateway and its calls.
    ///   - logger: of its requests.
    init(
        limits: [String: RateLimit] = [:], allowedOrigins: Set<String> = [], absent: Set<String> = [], tracer: any Tracer = NoOpTracer(),
        logger: Logger = Self.silent
    ) {
        self.logger = logger
        let (records, continuation) = AsyncStream.makeStream(of: AuditV1.Record.self)
        self.records = records
        let (ended, endedContinuation) = AsyncStream.makeStream(of: Void.self)
        self.ended = ended
        func channel(_ name: String, _ services: ServiceDefinition...) -> any CallChannel {
            let server: any CallChannel = absent.contains(name)
                ? AbsentService()
                : InProcessServer(services: services, authenticator: PlainTokens(), logger: Self.silent)
                    .channel(as: PeerIdentity(spiffeID: "spiffe://test.cryptopulse.internal/gateway", name: "gateway"))
            return InterceptedChannel(server, interceptors: [ClientTelemetry(peer: name, tracer: tracer)])
        }
        let auth = channel("auth", .auth(StandInAuth(seen: seen)), .accounts(StandInAccounts(seen: seen)))
        let agent = channel("agent", .agent(StandInAgent(seen: seen, ended: endedContinuation)))
        let marketData = channel("market-data", .readKeys(StandInReadKeys(seen: seen)))
        let execution = channel("execution", .execution(StandInExecution(seen: seen)))
        let audit = channel("audit", .audit(StandInAudit(records: continuation)))
        channels = [auth, agent, execution, audit]
        api = GatewayAPI(
            peers: Peers(auth: auth, agent: agent, marketData: marketData, execution: execution, audit: audit), authenticator: PlainTokens(),
            limiter: RateLimiter(overrides: limits), refusals: refusals, allowedOrigins: allowedOrigins,
            trace: RequestTrace(tracer: tracer))
    }

    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    /// Runs `body` with the port of a server without TLS.
    func testLive(_ body: @escaping @Sendable (Int) async throws -> Void) async throws {
        let configuration = ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0))
        let application = Application(responder: api.router().buildResponder(), configuration: configuration, logger: Self.silent)
        try await application.test(.live) { client in try await body(try #require(client.port)) }
    }

    /// Runs `body` with a client of the API; the audit part works meanwhile.
    func test(_ body: @escaping @Sendable (APIClient) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "gateway-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let database = try ServiceDatabase(folder: folder.path, name: "gateway", schema: GatewayProgram.schema, logger: Self.silent)
        let audit = AuditClient(database: database, source: "gateway", channel: channels[3], logger: Self.silent)
        let application = Application(responder: api.router().buildResponder(), logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await audit.run() }
            tasks.addTask { [refusals] in await refusals.run(audit.outbox, database, Self.silent) }
            try await application.test(.router) { try await body(APIClient(client: $0)) }
            tasks.cancelAll()
        }
    }
}

/// A service that cannot be reached.
struct AbsentService: CallChannel {
    func unary(_ method: MethodDescriptor, _ request: ByteBuffer, options: CallOptions) async throws -> UnaryReply {
        throw RPCError(.unavailable, "The peer cannot be reached.", reason: "UNREACHABLE")
    }

    func serverStreaming(_ method: MethodDescriptor, _ request: ByteBuffer, options: CallOptions) async throws -> ReplyStream {
        throw RPCError(.unavailable, "The peer cannot be reached.", reason: "UNREACHABLE")
    }

    func clientStreaming(_ method: MethodDescriptor, options: CallOptions) async throws -> ClientStreamingCall {
        throw RPCError(.unavailable, "The peer cannot be reached.", reason: "UNREACHABLE")
    }

    func bidirectional(_ method: MethodDescriptor, options: CallOptions) async throws -> BidirectionalCall {
        throw RPCError(.unavailable, "The peer cannot be reached.", reason: "UNREACHABLE")
    }
}

struct APIClient: Sendable {
    let client: any TestClientProtocol

    struct Answer: Sendable {
        let status: Int
        let headers: HTTPFields
        let text: String

        func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }
        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:]
        }
        /// What stands in `error`.
        var error: [String: String] { json["error"] as? [String: String] ?? [:] }
        var lines: [[String: Any]] {
            text.split(separator: "\n").map { (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any] ?? [:] }
        }
    }

    func get(_ path: String, token: String? = "access:ada", headers: HTTPFields = [:]) async throws -> Answer {
        try await send(path, .get, headers, token, nil)
    }

    func post(
        _ path: String, _ body: String? = nil, token: String? = "access:ada", headers: HTTPFields = [:]
    ) async throws -> Answer {
        var headers = headers
        if body != nil, headers[.contentType] == nil { headers[.contentType] = "application/json" }
        return try await send(path, .post, headers, token, body)
    }

    func send(
        _ path: String, _ method: HTTPRequest.Method, _ headers: HTTPFields, _ token: String?, _ body: String?
    ) async throws -> Answer {
        var headers = headers
        if let token { headers[.authorization] = "Bearer \(token)" }
        let buffer = body.map { ByteBuffer(string: $0) }
        return try await client.execute(uri: path, method: method, headers: headers, body: buffer) { response in
            Answer(status: response.status.code, headers: response.headers, text: String(buffer: response.body))
        }
    }
}
