internal import AuditClient
internal import Exchange
internal import FoundationEssentials
internal import KeyManagement
internal import Logging
public import MeshCall
public import ServiceAPI
internal import Storage
internal import Trading

extension ExecutionService {
    public func registerUtterance(
        _ request: ExecutionV1.RegisterUtteranceRequest, context: ServerContext
    ) async throws -> ExecutionV1.RegisterUtteranceResponse {
        guard (1...UtteranceReading.maxCharacters).contains(request.text.unicodeScalars.count) else {
            throw Refusal.invalid("text has 1 to 4000 characters.", "UTTERANCE_LENGTH")
        }
        let caller = try Caller(context)
        let (id, now) = (UUID().uuidString.lowercased(), dependencies.now())
        let (store, outbox, limits) = (dependencies.utterances, dependencies.audit.outbox, dependencies.limits)
        try await dependencies.database.write(as: caller.user) { db in
            try store.prune(user: caller.user, before: now - limits.utteranceRetentionMilliseconds, in: db)
            guard try store.countIdle(user: caller.user, in: db) < limits.keptUtterances else {
                throw RPCError(.resourceExhausted, "You have said too much today.", reason: "TOO_MANY_UTTERANCES")
            }
            try store.insert(id: id, user: caller.user, text: request.text, now: now, in: db)
            try outbox.append(AuditEvent(.utteranceRegistered, of: id, by: caller), in: db)
        }
        return ExecutionV1.RegisterUtteranceResponse(utteranceId: id)
    }

    public func getPortfolio(_ request: ExecutionV1.GetPortfolioRequest, context: ServerContext) async throws -> ExecutionV1.Portfolio {
        let account = try await accounts.account(of: context.user().userID)
        let balances = account.balances.map {
            ExecutionV1.Balance(asset: $0.asset, free: $0.free.description, locked: $0.locked.description)
        }
        return ExecutionV1.Portfolio(balances: balances.sorted { $0.asset < $1.asset }, timeMs: dependencies.now())
    }

    public func createExchangeKey(
        _ request: ExecutionV1.CreateExchangeKeyRequest, context: ServerContext
    ) async throws -> ExecutionV1.CreateExchangeKeyResponse {
        let key = try await keys.create(for: Caller(context))
        return ExecutionV1.CreateExchangeKeyResponse(keyId: key.id, publicKeyPem: key.publicKeyPEM)
    }

    public func activateExchangeKey(
        _ request: ExecutionV1.ActivateExchangeKeyRequest, context: ServerContext
    ) async throws -> ExecutionV1.ActivateExchangeKeyResponse {
        let unchecked = try await keys.activate(request.keyId, apiKey: request.apiKey, for: Caller(context))
        return ExecutionV1.ActivateExchangeKeyResponse(notChecked: unchecked)
    }

    public func revokeExchangeKeys(
        _ request: ExecutionV1.RevokeExchangeKeysRequest, context: ServerContext
    ) async throws -> ExecutionV1.RevokeExchangeKeysResponse {
        let (user, change) = (try context.user().userID, try KeyChange.byPerson(context, reason: request.reason))
        let (ids, notes) = try await TradeKeyring(dependencies: dependencies, retirement: retirement).revokeAll(of: user, change)
        return ExecutionV1.RevokeExchangeKeysResponse(keyIds: ids, notes: notes)
    }

    // MARK: - Kill switch

    public func setKillSwitch(_ request: ExecutionV1.SetKillSwitchRequest, context: ServerContext) async throws -> ExecutionV1.KillSwitch {
        guard (1...ExecutionLimits.maxReasonCharacters).contains(request.reason.unicodeScalars.count) else {
            throw Refusal.invalid("reason has 1 to 500 characters.", "REASON_REQUIRED")
        }
        let outbox = dependencies.audit.outbox
        let state = KillSwitchStore.State(engaged: request.engaged, reason: request.reason, sinceMilliseconds: dependencies.now())
        let event = AuditEvent(
            actor: .operator, action: ExecutionAction.killSwitchSet.rawValue, object: "kill_switch", reason: request.reason,
            requestID: context.requestID, details: ["engaged": request.engaged ? "yes" : "no"])
        if request.engaged {
            // Stopping matters more than its record: first the one, then the other.
            try await dependencies.database.write { db in try KillSwitchStore.write(state, in: db) }
            do {
                try await dependencies.database.write { db in _ = try outbox.append(event, in: db, essential: true) }
            } catch {
                dependencies.logger.error("kill switch is engaged, but audit was not told", metadata: ["error": "\(error)"])
            }
        } else {
            try await dependencies.database.write { db in
                try KillSwitchStore.write(state, in: db)
                try outbox.append(event, in: db)
            }
        }
        dependencies.logger.notice("kill switch set", metadata: ["engaged": "\(request.engaged)"])
        return ExecutionV1.KillSwitch(state)
    }

    public func getKillSwitch(_ request: ExecutionV1.GetKillSwitchRequest, context: ServerContext) async throws -> ExecutionV1.KillSwitch {
        ExecutionV1.KillSwitch(try await dependencies.database.readAll { try KillSwitchStore.read(in: $0) })
    }
}
