internal import AuditClient
internal import MeshCall
internal import Storage
internal import Trading

/// Reads and rejects a person's proposals.
struct ProposalDesk: Sendable {
    let dependencies: ExecutionDependencies

    /// - Throws: `RPCError` NOT_FOUND, also for somebody else's.
    func find(_ id: String, of user: String) async throws -> StoredProposal {
        let store = dependencies.proposals
        guard let proposal = try await dependencies.database.read(as: user, { try store.find(id, in: $0) }) else {
            throw Refusal.unknownProposal
        }
        return proposal
    }

    /// Newest first.
    func list(of user: String, limit: Int) async throws -> [StoredProposal] {
        let store = dependencies.proposals
        return try await dependencies.database.read(as: user) { try store.list(limit: limit, in: $0) }
    }

    /// Burns the nonce: the proposal can never be signed. Rejecting again changes nothing.
    func reject(_ id: String, for caller: Caller) async throws -> StoredProposal {
        let (store, now, outbox) = (dependencies.proposals, dependencies.now(), dependencies.audit.outbox)
        return try await dependencies.database.write(as: caller.user) { db in
            guard var proposal = try store.find(id, in: db), proposal.user == caller.user else { throw Refusal.unknownProposal }
            if proposal.state == .rejected { return proposal }
            guard let next = proposal.life.after(.reject, at: now) else {
                throw Refusal.precondition("The proposal is no longer open.", "PROPOSAL_NOT_OPEN")
            }
            let order = try CanonicalOrder(decoding: proposal.canonical)
            try store.burn(order.nonce, of: proposal, by: "reject", now: now, in: db)
            try store.setState(next, of: id, in: db)
            try outbox.append(AuditEvent(.proposalRejected, of: id, by: caller), in: db, essential: true)
            proposal.state = next
            return proposal
        }
    }
}
