internal import Cryptography
internal import HTTPSKit
internal import Hummingbird
internal import MeshCall
internal import ServiceAPI

/// Reading proposals and answering them.
struct ProposalRoutes: Sendable {
    let peers: Peers
    let limiter: RateLimiter
    let refusals: RefusalLog

    private struct SignOff: Decodable {
        /// Hexadecimal: what the person read.
        let digest: String
        /// A one-time code.
        let code: String?
    }

    func add(to group: RouterGroup<GatewayContext>) {
        group.get("proposals", use: list)
        group.get("proposals/:id", use: get)
        group.post("proposals/:id/sign", use: sign)
        group.post("proposals/:id/reject", use: reject)
    }

    @Sendable private func list(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let limit = try QueryNumber.read("limit", request, UInt32.self) ?? 0
        let answer = try await peers.execution.listProposals(.init(limit: limit), options: context.call())
        return try JSONBody.response(ProposalListView(proposals: answer.proposals.map(ProposalView.init)))
    }

    @Sendable private func get(_ request: Request, _ context: GatewayContext) async throws -> Response {
        try JSONBody.response(ProposalView(try await proposal(context)))
    }

    @Sendable private func reject(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let answer = try await peers.execution.reject(.init(proposalId: context.id()), options: context.call())
        guard let proposal = answer.proposal else { throw APIError.internalError }
        return try JSONBody.response(ProposalView(proposal))
    }

    /// Turns the person's word into a sign-off token over exactly the bytes that execution keeps, and hands it to execution.
    /// The agent has no part in it.
    @Sendable private func sign(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let person = try context.signedIn()
        try refusals.limiting(context) { () throws(RateLimited) in
            try limiter.take(.signOffsPerAccount, for: person.principal.userID)
        }
        let body = try await JSONBody.decode(SignOff.self, from: request)
        let kept = try await proposal(context)
        try check(body, against: kept)
        let token = try await peers.auth.mintSignOff(.init(digest: kept.digest, code: body.code ?? ""), options: context.call())
        let answer = try await peers.execution.signOff(.init(proposalId: kept.proposalId), options: .bearer(token.token))
        guard let order = answer.order else { throw APIError.internalError }
        return try JSONBody.response(OrderView(order))
    }

    private func proposal(_ context: GatewayContext) async throws -> ExecutionV1.Proposal {
        try await peers.execution.getProposal(.init(proposalId: context.id()), options: context.call())
    }

    private func check(_ body: SignOff, against kept: ExecutionV1.Proposal) throws {
        guard Hashing.sha256(kept.canonical) == kept.digest else { throw APIError.internalError }
        guard let read = Hex.decode(body.digest), read.count == 32 else { throw APIError.invalid("digest must be 64 hexadecimal digits.") }
        guard read == kept.digest else {
            throw APIError(
                .conflict, code: "FAILED_PRECONDITION", reason: "DIGEST_MISMATCH",
                "This is not the digest of the proposal as it stands. Read it again before you sign.")
        }
        if kept.needsSecondFactor, (body.code ?? "").isEmpty {
            throw APIError(
                .forbidden, code: "PERMISSION_DENIED", reason: "SECOND_FACTOR_REQUIRED", "Signing this needs a one-time code.")
        }
    }
}
