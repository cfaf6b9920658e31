internal import MeshCall
internal import Trading

/// Whether a sign-off consents to exactly this proposal, now. A pure value: everything it looks at is given.
struct SignOffCheck: Sendable {
    let principal: Principal
    let proposal: StoredProposal
    let policy: RiskPolicy
    let environment: String
    /// Milliseconds since 1970.
    let now: Int64

    /// - Returns: the order, read from the bytes that the digest is of.
    /// - Throws: `RPCError` that says what is wrong.
    func order() throws(RPCError) -> CanonicalOrder {
        guard principal.tokenType == .signOff, !principal.tokenID.isEmpty else {
            throw RPCError(.permissionDenied, "This needs a sign-off.", reason: "SIGN_OFF_REQUIRED")
        }
        guard now / 1000 < principal.expiresAt else {
            throw RPCError(.unauthenticated, "The sign-off has expired.", reason: "TOKEN_EXPIRED")
        }
        guard let digest = principal.digest, digest == proposal.digest.bytes else {
            throw RPCError(.permissionDenied, "The sign-off is for another order than this one.", reason: "DIGEST_MISMATCH")
        }
        let order = try decoded()
        guard order.userID == principal.userID, proposal.user == principal.userID, order.proposalID == proposal.id else {
            throw RPCError(.permissionDenied, "The sign-off is for somebody else's order.", reason: "USER_MISMATCH")
        }
        try checkOpen(order)
        try checkSecondFactor(order)
        return order
    }

    private func decoded() throws(RPCError) -> CanonicalOrder {
        do {
            return try CanonicalOrder(decoding: proposal.canonical)
        } catch {
            throw RPCError(.dataLoss, "The proposal cannot be read.", reason: "PROPOSAL_UNREADABLE", cause: error)
        }
    }

    private func checkOpen(_ order: CanonicalOrder) throws(RPCError) {
        let life = ProposalLife(state: proposal.state, expiresAtMilliseconds: order.expiresAtMilliseconds)
        switch life.state(at: now) {
        case .open: break
        case .expired: throw Refusal.proposalExpired
        case .rejected: throw Refusal.precondition("You rejected this proposal.", "PROPOSAL_REJECTED")
        case .signed, .abandoned: throw Refusal.precondition("This proposal was signed off before.", "PROPOSAL_SIGNED")
        }
        guard order.environment == environment else {
            throw Refusal.precondition("The order is for another environment.", "WRONG_ENVIRONMENT")
        }
        guard order.policyVersion == policy.version else {
            throw Refusal.precondition("The limits have changed since. Ask for a new proposal.", "POLICY_CHANGED")
        }
    }

    private func checkSecondFactor(_ order: CanonicalOrder) throws(RPCError) {
        let reasons = RiskRules(policy: policy, killSwitchEngaged: false)
            .secondFactor(notional: order.worstCaseNotional, provenance: order.provenance)
        guard reasons.isEmpty || principal.methods.contains("otp") else {
            throw RPCError(
                .permissionDenied, "This order needs a one-time code: " + reasons.map(\.text).joined(separator: " "),
                reason: "SECOND_FACTOR_REQUIRED")
        }
    }
}
