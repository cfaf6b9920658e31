internal import AuditClient
internal import Logging
internal import Storage

/// What the person, audit and the log are told of keys and orders that could not be brought to their end.
extension KeyRetirement {
    static func notEnded(_ key: StoredExchangeKey) -> String {
        guard let store = key.material.store else { return "Key \(key.id) is used for nothing new any more; what it placed is cancelled later." }
        return "The key is used for nothing any more, but \(TradeKeyHolder.place(store)) has not destroyed it yet: that is tried again."
    }

    static func notCancelled(_ order: StoredOrder) -> String {
        "Order \(order.clientOrderID) could not be cancelled and will be tried again: cancel it at the exchange."
    }

    /// Once for each key: to audit, which alerts, and to the log.
    func tell(notDestroyed key: StoredExchangeKey, _ error: any Error) async {
        let (outbox, now) = (dependencies.audit.outbox, dependencies.now())
        let event = AuditEvent(
            actor: .service(ExecutionNames.service), onBehalfOf: key.user, action: ExecutionAction.exchangeKeyNotDestroyed.rawValue, object: key.id,
            outcome: .failed, reason: String("\(error)".prefix(200)), details: ["store": key.material.store ?? ""])
        do {
            let isFirst = try await dependencies.database.write { db in
                let isFirst = try ExchangeKeyLife.noteDestroyFailed(key.id, now: now, in: db)
                if isFirst { try outbox.append(event, in: db, essential: true) }
                return isFirst
            }
            dependencies.logger.log(
                level: isFirst ? .error : .debug, "a key that ended was not destroyed", metadata: ["key": "\(key.id)", "why": "\(error)"])
        } catch {
            dependencies.logger.error("audit event lost", metadata: ["action": "\(event.action)", "error": "\(error)"])
        }
    }

    /// Once for each order: to audit, which alerts, and to the log.
    func tell(failed order: StoredOrder, _ error: any Error) async {
        let (outbox, now) = (dependencies.audit.outbox, dependencies.now())
        let event = AuditEvent(.orderCancelFailed, of: order, outcome: .failed, reason: String("\(error)".prefix(200)))
        do {
            let isFirst = try await dependencies.database.write { db in
                let isFirst = try OrderStore.noteCancelFailed(order.clientOrderID, now: now, in: db)
                if isFirst { try outbox.append(event, in: db, essential: true) }
                return isFirst
            }
            dependencies.logger.log(
                level: isFirst ? .error : .debug, "an order of a revoked key was not cancelled",
                metadata: ["order": "\(order.clientOrderID)", "why": "\(error)"])
        } catch {
            dependencies.logger.error("audit event lost", metadata: ["action": "\(event.action)", "error": "\(error)"])
        }
    }
}

extension StoredExchangeKey {
    var reasonOfEnd: String { isRevoked ? "revoked" : activatedMilliseconds == nil ? "not activated in time" : "retired" }
}
