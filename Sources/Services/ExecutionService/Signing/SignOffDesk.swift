internal import AuditClient
internal import MeshCall
internal import OutboundHTTP
internal import Storage
internal import Trading

/// Takes sign-offs: one at a time for each person, and carried to their end whether or not the caller still waits.
struct SignOffDesk: Sendable {
    let dependencies: ExecutionDependencies
    let dispatcher: OrderDispatcher
    let locks: UserLocks
    let refusals: RefusalLog

    private static let refusalCodes: Set<StatusCode> = [.permissionDenied, .unauthenticated, .failedPrecondition, .notFound, .dataLoss]
    /// What somebody calls a proposal may be anything.
    private static let maxObjectCharacters = 64

    /// The order that the sign-off makes, or made before: the same sign-off twice is one order.
    ///
    /// - Throws: `RPCError`.
    func signOff(_ proposalID: String, by principal: Principal, context: ServerContext) async throws -> StoredOrder {
        let caller = try Caller(context)
        let deadline = context.deadline - dependencies.limits.answerReserve
        // Not a child task: a caller that goes away must not cancel an order half-way.
        let order = try await AnswerInTime.of(
            {
                try await locks.run(caller.user) {
                    try await recordingRefusal(of: proposalID, caller) {
                        try await underLock(proposalID, principal: principal, caller: caller, deadline: deadline)
                    }
                }
            }, until: deadline)
        if let order { return order }
        return try await late(proposalID, principal: principal)
    }

    private func recordingRefusal(
        of proposalID: String, _ caller: Caller, _ body: @Sendable () async throws -> StoredOrder
    ) async throws -> StoredOrder {
        do {
            return try await body()
        } catch let error as RPCError where SignOffDesk.refusalCodes.contains(error.code) {
            let event = AuditEvent(
                .signOffRefused, of: String(proposalID.prefix(SignOffDesk.maxObjectCharacters)), by: caller, outcome: .refused,
                reason: error.reason ?? "\(error.code)")
            await refusals.record(event, of: caller.user)
            throw error
        }
    }

    private func underLock(
        _ proposalID: String, principal: Principal, caller: Caller, deadline: ContinuousClock.Instant
    ) async throws -> StoredOrder {
        if let order = try await existing(proposalID, principal: principal) { return order }
        let store = dependencies.proposals
        guard let proposal = try await dependencies.database.read(as: caller.user, { try store.find(proposalID, in: $0) }) else {
            throw Refusal.unknownProposal
        }
        let check = SignOffCheck(
            principal: principal, proposal: proposal, policy: dependencies.policy, environment: dependencies.environment,
            now: dependencies.now())
        return try await dispatcher.dispatch(
            DispatchRequest(order: try check.order(), proposal: proposal, signOffID: principal.tokenID, caller: caller, deadline: deadline))
    }

    /// The order that this very sign-off made.
    private func existing(_ proposalID: String, principal: Principal) async throws -> StoredOrder? {
        let order = try await dependencies.database.read(as: principal.userID) { try OrderStore.find(proposal: proposalID, in: $0) }
        guard let order, order.signOffID == principal.tokenID, order.signedDigest == principal.digest else { return nil }
        return order
    }

    /// The caller's time is up. The order goes on; what is known of it is the answer.
    private func late(_ proposalID: String, principal: Principal) async throws -> StoredOrder {
        if let order = try await existing(proposalID, principal: principal), order.state != .intent { return order }
        throw RPCError(
            .deadlineExceeded, "The order is still being worked on. Look at your orders before signing anything again.",
            reason: "ORDER_IN_PROGRESS")
    }
}

extension StoredOrder {
    var signedDigest: [UInt8] { OrderDigest(of: canonical).bytes }
}
