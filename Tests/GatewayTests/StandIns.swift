import Cryptography
import MeshCall
import MeshMessages
import MeshTelemetry
import ServiceAPI
import Synchronization

// What the other services are here: their generated handlers, behind the real frames and the real policy, with just enough behaviour to
// see what gateway asks of them.

/// A call as a stand-in saw it.
struct SeenCall: Sendable {
    let method: String
    let token: TokenType?
    let userID: String?
    let requestID: String
    let trace: TraceParent?
}

final class Seen: Sendable {
    private let calls = Mutex<[SeenCall]>([])

    func note(_ context: ServerContext) {
        let call = SeenCall(
            method: context.method.name, token: context.principal?.tokenType, userID: context.principal?.userID,
            requestID: context.requestID, trace: context.metadata[TraceParent.headerName].flatMap(TraceParent.init(_:)))
        calls.withLock { $0.append(call) }
    }

    var all: [SeenCall] { calls.withLock { $0 } }
    var methods: [String] { all.map(\.method) }
}

/// Tokens are their own description: `access:<user>`, `agent:<user>`, `signoff:<user>:<digest>`.
struct PlainTokens: TokenAuthenticator {
    func authenticate(bearer token: String, accepting accepted: [TokenType]) async throws -> Principal {
        let parts = token.split(separator: ":").map(String.init)
        let types: [String: TokenType] = ["access": .access, "agent": .agent, "signoff": .signOff]
        guard parts.count >= 2, let type = types[parts[0]], accepted.contains(type) else {
            throw RPCError(.unauthenticated, "The token is not valid.", reason: "TOKEN_INVALID")
        }
        let scope: Set<String> = [
            "chat", "market:read", "portfolio:read", "order:propose", "order:read", "order:sign", "exchange:link", "audit:read",
        ]
        return Principal(
            userID: parts[1], tokenType: type, scope: parts[1] == "admin" ? scope.union(["users:verify"]) : scope, methods: ["pwd", "otp"], tokenID: token,
            actor: type == .agent ? "agent" : nil, digest: parts.count > 2 ? Hex.decode(parts[2]) : nil, expiresAt: .max)
    }
}

struct StandInAccounts: AuthV1.AccountsHandler {
    let seen: Seen

    func setRole(_ request: AuthV1.SetRoleRequest, context: ServerContext) async throws -> AuthV1.SetRoleResponse {
        throw RPCError(.permissionDenied, "not for gateway")
    }

    func recordVerification(
        _ request: AuthV1.RecordVerificationRequest, context: ServerContext
    ) async throws -> AuthV1.RecordVerificationResponse {
        seen.note(context)
        guard request.code == "123456" else { throw RPCError(.permissionDenied, "Wrong.", reason: "INVALID_CODE") }
        return .init(userId: "\(request.email) \(request.reason)", verifiedAt: request.withdrawn ? 0 : 7)
    }
}

struct StandInAuth: AuthV1.AuthHandler {
    let seen: Seen

    func signUp(_ request: AuthV1.SignUpRequest, context: ServerContext) async throws -> AuthV1.SignUpResponse {
        seen.note(context)
        guard request.password.count >= 12 else { throw RPCError(.invalidArgument, "The password is too short.", reason: "PASSWORD_SHORT") }
        return .init(userId: "ada", enrolment: .init(secret: "JBSWY3DP", uri: "otpauth://totp/x"))
    }

    func confirmTotp(_ request: AuthV1.ConfirmTotpRequest, context: ServerContext) async throws -> AuthV1.Session {
        seen.note(context)
        return session
    }

    func signIn(_ request: AuthV1.SignInRequest, context: ServerContext) async throws -> AuthV1.Session {
        seen.note(context)
        guard request.code == "123456" else { throw RPCError(.unauthenticated, "Wrong.", reason: "CREDENTIALS_WRONG") }
        return session
    }

    func refresh(_ request: AuthV1.RefreshRequest, context: ServerContext) async throws -> AuthV1.Session {
        seen.note(context)
        return session
    }

    func signOut(_ request: AuthV1.SignOutRequest, context: ServerContext) async throws -> AuthV1.SignOutResponse {
        seen.note(context)
        return .init()
    }

    func narrowToken(_ request: AuthV1.NarrowTokenRequest, context: ServerContext) async throws -> AuthV1.NarrowTokenResponse {
        seen.note(context)
        guard request.scope == ["market:read", "portfolio:read", "order:propose"] else { throw RPCError(.permissionDenied, "scope") }
        return .init(token: "agent:\(try context.user().userID)", expiresIn: 60)
    }

    func mintSignOff(_ request: AuthV1.MintSignOffRequest, context: ServerContext) async throws -> AuthV1.MintSignOffResponse {
        seen.note(context)
        return .init(token: "signoff:\(try context.user().userID):\(Hex.encode(request.digest))", expiresIn: 120)
    }

    func getKeys(_ request: AuthV1.GetKeysRequest, context: ServerContext) async throws -> AuthV1.GetKeysResponse { .init() }

    private var session: AuthV1.Session {
        .init(
            userId: "ada", accessToken: "access:ada", accessExpiresIn: 300, refreshToken: "r", refreshExpiresIn: 43_200, scope: ["chat"])
    }
}

struct StandInAgent: AgentV1.AgentHandler {
    let seen: Seen
    /// Told when an endless answer is given up.
    let ended: AsyncStream<Void>.Continuation

    func chat(_ request: AgentV1.ChatRequest, to writer: ResponseWriter<AgentV1.ChatEvent>, context: ServerContext) async throws {
        seen.note(context)
        guard request.utteranceId == "u1" else { throw RPCError(.invalidArgument, "utterance") }
        if request.text == "endless" {
            defer { ended.yield() }
            while true { try await writer.send(.init(event: .text(String(repeating: "and ", count: 1000)))) }
        }
        try await writer.send(.init(event: .text("Looking at \(request.text)\nnow")))
        try await writer.send(.init(event: .tool(.init(name: "price", summary: "BTCUSDT 1", failed: false))))
        if request.text == "break" { throw RPCError(.unavailable, "The model is away.", reason: "MODEL_UNAVAILABLE") }
        try await writer.send(.init(event: .proposal(.init(proposalId: "p1"))))
    }
}

struct StandInExecution: ExecutionV1.ExecutionHandler {
    let seen: Seen
    let canonical: [UInt8] = Array("an order, canonically".utf8)

    func proposal(needsSecondFactor: Bool = false) -> ExecutionV1.Proposal {
        .init(
            proposalId: needsSecondFactor ? "p2" : "p1", state: .open, canonical: canonical, digest: Hashing.sha256(canonical),
            fields: [.init(name: "symbol", value: "BTCUSDT", provenance: .user, source: "BTC")], needsSecondFactor: needsSecondFactor,
            createdMs: 1, expiresMs: 2)
    }

    func registerUtterance(
        _ request: ExecutionV1.RegisterUtteranceRequest, context: ServerContext
    ) async throws -> ExecutionV1.RegisterUtteranceResponse {
        seen.note(context)
        return .init(utteranceId: "u1")
    }

    func propose(_ request: ExecutionV1.ProposeRequest, context: ServerContext) async throws -> ExecutionV1.Proposal { proposal() }

    func getProposal(_ request: ExecutionV1.GetProposalRequest, context: ServerContext) async throws -> ExecutionV1.Proposal {
        seen.note(context)
        switch request.proposalId {
        case "p1": return proposal()
        case "p2": return proposal(needsSecondFactor: true)
        case "broken":
            var broken = proposal()
            broken.canonical.append(0)
            return broken
        default: throw RPCError(.notFound, "There is no such proposal.", reason: "PROPOSAL_NOT_FOUND")
        }
    }

    func listProposals(
        _ request: ExecutionV1.ListProposalsRequest, context: ServerContext
    ) async throws -> ExecutionV1.ListProposalsResponse {
        seen.note(context)
        return .init(proposals: [proposal()])
    }

    func signOff(_ request: ExecutionV1.SignOffRequest, context: ServerContext) async throws -> ExecutionV1.SignOffResponse {
        seen.note(context)
        guard try context.user().digest == Hashing.sha256(canonical) else { throw RPCError(.permissionDenied, "digest") }
        return .init(order: .init(clientOrderId: "c1", proposalId: request.proposalId, state: .filled, symbol: "BTCUSDT", side: .buy))
    }

    func reject(_ request: ExecutionV1.RejectRequest, context: ServerContext) async throws -> ExecutionV1.RejectResponse {
        seen.note(context)
        return .init(proposal: proposal())
    }

    func listOrders(_ request: ExecutionV1.ListOrdersRequest, context: ServerContext) async throws -> ExecutionV1.ListOrdersResponse {
        seen.note(context)
        guard request.limit <= 200 else { throw RPCError(.invalidArgument, "limit is at most 200.") }
        return .init(orders: [])
    }

    func getPortfolio(_ request: ExecutionV1.GetPortfolioRequest, context: ServerContext) async throws -> ExecutionV1.Portfolio {
        seen.note(context)
        return .init(balances: [.init(asset: "BTC", free: "0.5", locked: "0")], timeMs: 3)
    }

    func createExchangeKey(
        _ request: ExecutionV1.CreateExchangeKeyRequest, context: ServerContext
    ) async throws -> ExecutionV1.CreateExchangeKeyResponse {
        seen.note(context)
        return .init(keyId: "k1", publicKeyPem: "PEM")
    }

    func activateExchangeKey(
        _ request: ExecutionV1.ActivateExchangeKeyRequest, context: ServerContext
    ) async throws -> ExecutionV1.ActivateExchangeKeyResponse {
        seen.note(context)
        return .init()
    }

    func revokeExchangeKeys(
        _ request: ExecutionV1.RevokeExchangeKeysRequest, context: ServerContext
    ) async throws -> ExecutionV1.RevokeExchangeKeysResponse {
        seen.note(context)
        return .init(keyIds: ["k1"], notes: ["Order o was cancelled."])
    }

    func setKillSwitch(_ request: ExecutionV1.SetKillSwitchRequest, context: ServerContext) async throws -> ExecutionV1.KillSwitch {
        .init()
    }

    func getKillSwitch(_ request: ExecutionV1.GetKillSwitchRequest, context: ServerContext) async throws -> ExecutionV1.KillSwitch {
        .init()
    }
}

struct StandInAudit: AuditV1.AuditHandler {
    let records: AsyncStream<AuditV1.Record>.Continuation
    let next = Counter()

    final class Counter: Sendable {
        private let value = Mutex<UInt64>(0)
        func next() -> UInt64 {
            value.withLock { value in
                defer { value += 1 }
                return value
            }
        }
    }

    func append(_ request: AuditV1.AppendRequest, context: ServerContext) async throws -> AuditV1.AppendResponse {
        .init(
            acknowledgements: try request.records.map { bytes in
                records.yield(try AuditV1.Record(packed: bytes))
                return .init(index: next.next(), leafHash: MerkleTree.leafHash(bytes).bytes)
            })
    }

    func getCheckpoint(_ request: AuditV1.GetCheckpointRequest, context: ServerContext) async throws -> AuditV1.Checkpoint { .init() }

    func listRecords(_ request: AuditV1.ListRecordsRequest, context: ServerContext) async throws -> AuditV1.ListRecordsResponse {
        .init(records: [.init(index: 7, record: [1, 2], proof: [[3]])], checkpoint: .init(note: "note", verifierKey: "key"))
    }
}

/// One person has linked a key for reading: `eve`.
struct StandInReadKeys: MarketDataV1.ReadKeysHandler {
    let seen: Seen

    func createReadKey(_ request: MarketDataV1.CreateReadKeyRequest, context: ServerContext) async throws -> MarketDataV1.CreateReadKeyResponse {
        seen.note(context)
        return .init(keyId: "r1", publicKeyPem: "PEM")
    }

    func activateReadKey(
        _ request: MarketDataV1.ActivateReadKeyRequest, context: ServerContext
    ) async throws -> MarketDataV1.ActivateReadKeyResponse {
        seen.note(context)
        return .init(notChecked: ["whether the key may withdraw or transfer"])
    }

    func revokeReadKeys(_ request: MarketDataV1.RevokeReadKeysRequest, context: ServerContext) async throws -> MarketDataV1.RevokeReadKeysResponse {
        seen.note(context)
        return .init(keyIds: [request.reason])
    }

    func getBalances(_ request: MarketDataV1.GetBalancesRequest, context: ServerContext) async throws -> MarketDataV1.Balances {
        seen.note(context)
        guard context.principal?.userID == "eve" else { throw RPCError(.failedPrecondition, "No key.", reason: "NO_READ_KEY") }
        return .init(balances: [.init(asset: "BTC", free: "3", locked: "0")], timeMs: 7)
    }
}
