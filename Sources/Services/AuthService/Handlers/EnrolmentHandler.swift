internal import AuditClient
internal import Identity
internal import MeshCall
internal import ServiceAPI
internal import ServiceKit
internal import Synchronization

/// Serves `cryptopulse.auth.v1.Enrolment`: a certificate for whoever holds a join token, for one key. Who asks with that key again, because the answer
/// got lost, gets another for it while the token lives.
struct EnrolmentHandler: AuthV1.EnrolmentHandler {
    /// Strangers reach this method: together they may try so often.
    static let rate = RateLimit(perMinute: 120, burst: 60)

    let authority: IdentityAuthority
    let deployed: DeployedJoinTokens
    /// Tells of tokens that nobody made.
    let refusals: RefusalJournal
    private let limiter = EnrolmentRate(rate)

    init(authority: IdentityAuthority, deployed: DeployedJoinTokens, refusals: RefusalJournal) {
        self.authority = authority
        self.deployed = deployed
        self.refusals = refusals
    }

    func enrol(_ request: AuthV1.EnrolRequest, context: ServerContext) async throws -> AuthV1.IssuedCertificate {
        let wait = limiter.take(), given = JoinToken(request.joinToken)
        // Strangers' attempts must not keep out who has a token.
        if let wait, try await !isKnown(given) {
            throw RPCError(.resourceExhausted, "Too many enrolments at once.", reason: "RATE_LIMITED", retryAfter: wait)
        }
        guard let token = given else { throw Self.unknownToken }
        // The request comes first: a faulty one does not use the token up.
        let (csr, service) = try authority.request(request.certificateRequest, for: nil)
        let (leaf, issuer) = try authority.sign(csr, service: service)
        let events = IdentityEvents(caller: service, requestID: context.requestID)
        let claim = JoinTokenClaim(service: service, spiffeID: leaf.spiffeID, keyFingerprint: csr.keyFingerprint, serial: leaf.serial)
        let use = try await authority.store.enrolled(
            leaf, issuer: issuer, by: token, for: claim, deployed: deployed.grant(of: token), now: authority.issuer.now
        ) { Self.event($0, events, leaf, issuer) }
        guard use == .taken || use == .takenAgain else { throw refusal(use, leaf, context) }
        return AuthV1.IssuedCertificate(chain: leaf.chain)
    }

    private func isKnown(_ token: JoinToken?) async throws -> Bool {
        guard let token else { return false }
        if try await authority.store.knows(token) { return true }
        return deployed.grant(of: token) != nil
    }

    /// What a known token's holder did is told in the transaction that decides it; strangers' guesses go through the bounded journal.
    private static func event(_ use: JoinTokenTable.Use, _ events: IdentityEvents, _ leaf: IssuedLeaf, _ issuer: Int64) -> AuditEvent? {
        switch use {
        case .taken: events.issued(leaf, issuer: issuer, reason: "enrolment")
        case .takenAgain: events.issued(leaf, issuer: issuer, reason: "enrolment, asked again")
        case .used: events.refused("identity.enrolment_refused", leaf.spiffeID, reason: "JOIN_TOKEN_USED")
        case .expired: events.refused("identity.enrolment_refused", leaf.spiffeID, reason: "JOIN_TOKEN_EXPIRED")
        case .otherService: events.refused("identity.enrolment_refused", leaf.spiffeID, reason: "JOIN_TOKEN_OF_OTHER_SERVICE")
        case .unknown: nil
        }
    }

    private func refusal(_ use: JoinTokenTable.Use, _ leaf: IssuedLeaf, _ context: ServerContext) -> RPCError {
        switch use {
        case .used: return RPCError(.permissionDenied, "The join token was used before.", reason: "JOIN_TOKEN_USED")
        case .expired: return RPCError(.permissionDenied, "The join token has expired.", reason: "JOIN_TOKEN_EXPIRED")
        case .otherService:
            return RPCError(.permissionDenied, "The join token is for another service.", reason: "JOIN_TOKEN_OF_OTHER_SERVICE")
        case .unknown, .taken, .takenAgain:
            let events = IdentityEvents(caller: context.peer.name, requestID: context.requestID)
            refusals.record(events.refused("identity.enrolment_refused", leaf.spiffeID, reason: "JOIN_TOKEN_UNKNOWN"))
            return Self.unknownToken
        }
    }

    private static var unknownToken: RPCError {
        RPCError(.unauthenticated, "This is no join token.", reason: "JOIN_TOKEN_UNKNOWN")
    }
}

/// One bucket for all that comes to the enrolment port.
private final class EnrolmentRate: Sendable {
    private let bucket: Mutex<TokenBucket>

    init(_ limit: RateLimit) {
        bucket = Mutex(TokenBucket(limit, now: .now))
    }

    /// - Returns: nil when one more is allowed, otherwise how long to wait.
    func take() -> Duration? {
        bucket.withLock { $0.take(now: .now) }
    }
}
