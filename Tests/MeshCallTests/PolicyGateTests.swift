import MeshCall
import NIOCore
import Synchronization
import TestSupport
import Testing

/// Knows tokens by their text.
private struct KeysAway: Error {}

private struct TokenBook: TokenAuthenticator {
    var tokens: [String: Principal] = [
        "access": Principal(userID: "u1", tokenType: .access, scope: ["chat"], methods: ["pwd"], tokenID: "t1", expiresAt: .max),
        "strong": Principal(userID: "u1", tokenType: .access, scope: ["chat"], methods: ["pwd", "otp"], tokenID: "t2", expiresAt: .max),
        "agent": Principal(userID: "u1", tokenType: .agent, scope: ["chat"], methods: ["pwd", "otp"], tokenID: "t3", expiresAt: .max),
        "narrow": Principal(userID: "u1", tokenType: .access, scope: ["market:read"], methods: ["otp"], tokenID: "t4", expiresAt: .max),
    ]

    func authenticate(bearer token: String, accepting accepted: [TokenType]) async throws -> Principal {
        if token == "unreachable" { throw RPCError(.unavailable, "No keys.", reason: "KEYS_UNAVAILABLE", cause: KeysAway()) }
        guard let principal = tokens[token] else { throw RPCError(.unauthenticated, "Unknown token.", reason: "TOKEN_INVALID") }
        return principal
    }
}

struct PolicyGateTests {
    private static let policy = MethodPolicy(
        callers: ["gateway"], tokens: [.access], userScope: "chat", secondFactor: true, defaultDeadline: .seconds(10))

    /// Calls a method of this policy; what its handler saw, or how it was refused.
    private func call(
        _ policy: MethodPolicy = policy, as peer: PeerIdentity = TestService.gateway, token: String? = nil,
        log: LogRecorder = LogRecorder(),
        metadata: Metadata = [:]
    ) async -> Result<String, RPCError> {
        let method = TestService.unary("Guarded", policy) { _, context in ByteBuffer(string: context.principal?.userID ?? "nobody") }
        let channel = TestService.server([method], authenticator: TokenBook(), log: log).channel(as: peer)
        do {
            let options = token.map { CallOptions.bearer($0) } ?? CallOptions(metadata: metadata)
            return .success(try await channel.call("Guarded", options: options))
        } catch {
            return .failure(error as? RPCError ?? RPCError(.unknown, "\(error)"))
        }
    }

    private func reason(_ outcome: Result<String, RPCError>) -> String? {
        if case .failure(let error) = outcome { error.reason } else { nil }
    }

    @Test("a caller with all that the policy asks for gets in")
    func admitted() async throws {
        #expect(try await call(token: "strong").get() == "u1")
    }

    @Test("a method without a policy may be called by nobody")
    func noPolicy() async {
        #expect(await reason(call(MethodPolicy())) == "CALLER_NOT_ALLOWED")
        #expect(await reason(call(MethodPolicy(), token: "strong")) == "CALLER_NOT_ALLOWED")
    }

    @Test("another caller is denied before its token is looked at")
    func wrongCaller() async {
        #expect(await reason(call(as: TestService.agent, token: "forged")) == "CALLER_NOT_ALLOWED")
    }

    @Test("no token, a malformed one, two, and an unknown one are UNAUTHENTICATED")
    func tokens() async {
        var two = Metadata()
        two.append("Bearer strong", for: "authorization")
        two.append("Bearer strong", for: "authorization")
        #expect(await reason(call()) == "TOKEN_REQUIRED")
        #expect(await reason(call(metadata: ["authorization": "Basic strong"])) == "TOKEN_MALFORMED")
        #expect(await reason(call(metadata: ["authorization": "Bearer "])) == "TOKEN_MALFORMED")
        #expect(await reason(call(metadata: two)) == "TOKEN_MALFORMED")
        #expect(await reason(call(token: "forged")) == "TOKEN_INVALID")
    }

    @Test("a token of another kind, without the scope, without a second factor is denied")
    func tokenRules() async {
        #expect(await reason(call(token: "agent")) == "TOKEN_NOT_ACCEPTED")
        #expect(await reason(call(token: "narrow")) == "SCOPE_REQUIRED")
        #expect(await reason(call(token: "access")) == "SECOND_FACTOR_REQUIRED")
    }

    @Test("a caller that may come without a user does, and its token is still checked when it has one")
    func withoutUser() async throws {
        var policy = Self.policy
        policy.callersWithoutUser = ["gateway"]
        #expect(try await call(policy).get() == "nobody")
        #expect(await reason(call(policy, token: "forged")) == "TOKEN_INVALID")
    }

    @Test("naming a caller only as one without a user does not let it in")
    func onlyWithoutUser() async {
        #expect(await reason(call(MethodPolicy(callersWithoutUser: ["gateway"]))) == "CALLER_NOT_ALLOWED")
    }

    @Test("a method that takes no user token refuses one")
    func noTokensTaken() async {
        let policy = MethodPolicy(callers: ["gateway"], callersWithoutUser: ["gateway"])
        #expect(await reason(call(policy, token: "strong")) == "TOKEN_NOT_ACCEPTED")
    }

    @Test("a refused call logs one line that names method, peer and reason, and not the token")
    func logLine() async {
        let log = LogRecorder()
        _ = await call(token: "forged", log: log)
        let lines = log.lines.filter { $0.contains("call refused") }
        #expect(lines.count == 1)
        #expect(lines[0].contains("method=/test.v1.Test/Guarded"))
        #expect(lines[0].contains("peer=gateway"))
        #expect(lines[0].contains("reason=TOKEN_INVALID"))
        #expect(!lines[0].contains("forged"))
    }

    @Test("the line says why the token could not be checked")
    func causeInTheLine() async {
        let log = LogRecorder()
        #expect(await reason(call(token: "unreachable", log: log)) == "KEYS_UNAVAILABLE")
        #expect(log.lines.filter { $0.contains("KeysAway") }.count == 1)
        #expect(log.lines.filter { $0.contains("call refused") && $0.contains("cause=KeysAway()") }.count == 1)
    }

    @Test("an observer is told of each refusal: who, what, why, in which request; not of calls that get in")
    func observed() async throws {
        final class Observer: RefusalObserver {
            let seen = Mutex<[CallRefusal]>([])
            func refused(_ refusal: CallRefusal) { seen.withLock { $0.append(refusal) } }
        }
        let observer = Observer()
        let method = TestService.unary("Guarded", Self.policy) { message, _ in message }
        let server = InProcessServer(
            services: [ServiceDefinition(name: TestService.name, methods: [method])], authenticator: TokenBook(), refusals: observer,
            logger: LogRecorder().logger)
        _ = await failure { try await server.channel(as: TestService.agent).call("Guarded", options: .init(metadata: ["x-request-id": "r1"])) }
        _ = await failure { try await server.channel(as: TestService.gateway).call("Guarded", options: .bearer("forged")) }
        _ = try await server.channel(as: TestService.gateway).call("Guarded", options: .bearer("strong"))
        let seen = observer.seen.withLock { $0.map { [$0.peer.name, $0.method.path, $0.reason] } }
        #expect(seen == [["agent", "/test.v1.Test/Guarded", "CALLER_NOT_ALLOWED"], ["gateway", "/test.v1.Test/Guarded", "TOKEN_INVALID"]])
        #expect(observer.seen.withLock { $0.first?.requestID } == "r1")
    }

    @Test("no handler and no interceptor runs for a refused call")
    func nothingRuns() async {
        struct Trap: ServerInterceptor {
            let ran: Signal
            func intercept(_ context: ServerContext, next: @Sendable (ServerContext) async throws -> Void) async throws {
                ran.raise()
                try await next(context)
            }
        }
        let ran = Signal()
        let method = TestService.unary("Guarded", Self.policy) { message, _ in
            ran.raise()
            return message
        }
        let server = TestService.server([method], authenticator: TokenBook(), interceptors: [Trap(ran: ran)])
        let error = await failure { try await server.channel(as: TestService.agent).call("Guarded") }
        #expect(error?.code == .permissionDenied)
        #expect(!ran.isRaised)
    }
}
