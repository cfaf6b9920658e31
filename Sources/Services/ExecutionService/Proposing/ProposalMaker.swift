internal import AuditClient
internal import Cryptography
internal import FoundationEssentials
internal import MeshCall
internal import Storage
internal import Trading

/// Turns what the agent asks for into a proposal that a person can sign. Believes the agent nothing: what the person said is read from
/// the stored utterance, the market and balances are fetched here.
struct ProposalMaker: Sendable {
    let dependencies: ExecutionDependencies
    let catalog: InstrumentCatalog
    let books: BookSource
    let accounts: TradingAccounts
    let refusals: RefusalLog

    /// - Throws: `RPCError`; a refusal by the rules is in the audit log.
    func propose(_ terms: ProposedTerms, utteranceID: String, for caller: Caller) async throws -> StoredProposal {
        do {
            return try await make(terms, utteranceID: utteranceID, for: caller)
        } catch let error as RPCError where error.code == .failedPrecondition {
            await recordRefusal(error, utteranceID: utteranceID, terms: terms, caller: caller)
            throw error
        }
    }

    private func make(_ terms: ProposedTerms, utteranceID: String, for caller: Caller) async throws -> StoredProposal {
        let utterance = try await utterance(utteranceID, of: caller.user)
        let instruments = try await catalog.all()
        guard let instrument = instruments.first(where: { $0.symbol == terms.symbol }) else {
            throw Refusal.risk([.symbolNotAllowed], policy: dependencies.policy)
        }
        let plan = try await plan(terms, instrument: instrument, user: caller.user)
        let reading = UtteranceReading(of: utterance.text, vocabulary: AssetVocabulary(instruments))
        let findings = ProvenanceJudge(reading: reading, instrument: instrument).findings(on: terms, plan: plan)
        let secondFactor = try await check(plan, instrument: instrument, provenance: ProvenanceSummary(findings))
        let proposal = try proposal(plan, findings: findings, secondFactor: secondFactor, utterance: utterance, user: caller.user)
        try await keep(proposal, utterance: utterance, caller: caller)
        return proposal
    }

    private func utterance(_ id: String, of user: String) async throws -> UtteranceStore.Utterance {
        let (store, policy) = (dependencies.utterances, dependencies.policy)
        guard let utterance = try await dependencies.database.read(as: user, { try store.find(id, in: $0) }) else {
            throw Refusal.unknownUtterance
        }
        guard dependencies.now() - utterance.createdMilliseconds <= policy.utteranceLifetimeSeconds * 1000 else {
            throw Refusal.precondition("What you said was too long ago. Ask again.", "UTTERANCE_EXPIRED")
        }
        return utterance
    }

    private func plan(_ terms: ProposedTerms, instrument: Instrument, user: String) async throws -> OrderPlan {
        let book = try await books.top(of: terms.symbol, maxAgeMilliseconds: dependencies.limits.bookAgeMilliseconds)
        let free = if case .portion = terms.amount { try await accounts.freeBalances(of: user) } else { [Asset: Trading.Decimal]() }
        let planner = OrderPlanner(instrument: instrument, book: book, free: free, slippageCap: dependencies.policy.slippageCap)
        do {
            return try planner.plan(terms)
        } catch {
            throw Refusal.plan(error)
        }
    }

    /// - Returns: why signing off needs a one-time code.
    private func check(_ plan: OrderPlan, instrument: Instrument, provenance: ProvenanceSummary) async throws -> [SecondFactorReason] {
        let engaged = try await dependencies.database.readAll { try KillSwitchStore.read(in: $0).engaged }
        let rules = RiskRules(policy: dependencies.policy, killSwitchEngaged: engaged)
        switch rules.verdict(on: plan.draft, notional: plan.worstCaseNotional, instrument: instrument, provenance: provenance) {
        case .allowed(let secondFactor): return secondFactor
        case .refused(let reasons): throw Refusal.risk(reasons, policy: dependencies.policy)
        }
    }

    private func proposal(
        _ plan: OrderPlan, findings: [FieldFinding], secondFactor: [SecondFactorReason], utterance: UtteranceStore.Utterance, user: String
    ) throws -> StoredProposal {
        let (id, now) = (UUID().uuidString.lowercased(), dependencies.now())
        let expires = now + dependencies.policy.proposalLifetimeSeconds * 1000
        let order = CanonicalOrder(
            environment: dependencies.environment, userID: user, proposalID: id, draft: plan.draft, worstCasePrice: plan.worstCasePrice,
            worstCaseNotional: plan.worstCaseNotional, utteranceID: utterance.id, utteranceSHA256: utterance.sha256,
            provenance: ProvenanceSummary(findings), policyVersion: dependencies.policy.version, nonce: SecureRandom.bytes(32),
            expiresAtMilliseconds: expires)
        return StoredProposal(
            id: id, user: user, state: .open, canonical: try order.encoded(), findings: findings,
            secondFactorReason: secondFactor.map(\.text).joined(separator: " "), createdMilliseconds: now, expiresMilliseconds: expires)
    }

    private func keep(_ proposal: StoredProposal, utterance: UtteranceStore.Utterance, caller: Caller) async throws {
        let (proposals, utterances, policy, outbox) = (
            dependencies.proposals, dependencies.utterances, dependencies.policy, dependencies.audit.outbox
        )
        let details = [
            "utterance": utterance.id, "digest": proposal.digest.hex, "provenance": ProvenanceSummary(proposal.findings).text,
            "second_factor": proposal.secondFactorReason.isEmpty ? "no" : "yes",
        ]
        try await dependencies.database.write(as: caller.user) { db in
            guard try proposals.countOpen(user: caller.user, now: proposal.createdMilliseconds, in: db) < policy.maxOpenProposals else {
                throw RPCError(.resourceExhausted, "Too many proposals wait for you.", reason: "TOO_MANY_PROPOSALS")
            }
            guard try (utterances.find(utterance.id, in: db)?.proposals ?? .max) < policy.maxProposalsPerUtterance else {
                throw RPCError(.resourceExhausted, "Too many proposals from one utterance.", reason: "TOO_MANY_PROPOSALS")
            }
            try utterances.countProposal(of: utterance.id, in: db)
            try proposals.insert(proposal, utterance: utterance.id, in: db)
            try outbox.append(AuditEvent(.proposalCreated, of: proposal.id, by: caller, details: details), in: db)
        }
    }

    private func recordRefusal(_ error: RPCError, utteranceID: String, terms: ProposedTerms, caller: Caller) async {
        let event = AuditEvent(
            .proposalRefused, of: utteranceID, by: caller, outcome: .refused, reason: error.reason ?? "",
            details: ["symbol": terms.symbol.name, "side": terms.side.rawValue, "type": terms.type.rawValue])
        await refusals.record(event, of: caller.user)
    }
}
