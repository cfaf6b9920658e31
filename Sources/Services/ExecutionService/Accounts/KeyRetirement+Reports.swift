internal import AuditClient
internal import GRDB
internal import Logging
internal import Storage

/// What the person, audit and the log are told of keys and orders that could not be brought to their end.
extension KeyRetirement {
    static func notEnded(_ key: StoredExchangeKey) -> String {
        guard let store = key.material.store else { return "Key \(key.id) is used for nothing new any more; what it placed is cancelled later." }
        return "The key is used for nothing any more, but \(TradeKeyHolder.place(store)) has not destroyed it yet: that is tried again."
    }

    static func unreadable(_ id: String) -> String {
        "Key \(id) is used for nothing any more, but what is kept of it cannot be read: look for its orders at the exchange, and delete the key there."
    }

    static func notCancelled(_ order: StoredOrder) -> String {
        "Order \(order.clientOrderID) could not be cancelled and will be tried again: cancel it at the exchange."
    }

    func tell(notDestroyed key: StoredExchangeKey, _ error: any Error) async {
        let now = dependencies.now()
        let event = AuditEvent(
            actor: .service(ExecutionNames.service), onBehalfOf: key.user, action: ExecutionAction.exchangeKeyNotDestroyed.rawValue, object: key.id,
            outcome: .failed, reason: Self.reason(error), details: ["store": key.material.store ?? ""])
        await tellOnce(event, "a key that ended was not destroyed", error) { try ExchangeKeyLife.noteDestroyFailed(key.id, now: now, in: $0) }
    }

    func tell(failed order: StoredOrder, _ error: any Error) async {
        let now = dependencies.now()
        let event = AuditEvent(.orderCancelFailed, of: order, outcome: .failed, reason: Self.reason(error))
        await tellOnce(event, "an order of a revoked key was not cancelled", error) { try OrderStore.noteCancelFailed(order.clientOrderID, now: now, in: $0) }
    }

    private static func reason(_ error: any Error) -> String { String("\(error)".prefix(200)) }

    /// To audit, which alerts, and to the log; what fails again, to the log for those who look into it.
    ///
    /// - Parameter note: keeps that it failed, and says whether it is the first time.
    private func tellOnce(
        _ event: AuditEvent, _ message: Logger.Message, _ error: any Error, _ note: @escaping @Sendable (Database) throws -> Bool
    ) async {
        let outbox = dependencies.audit.outbox
        do {
            let isFirst = try await dependencies.database.write { db in
                let isFirst = try note(db)
                if isFirst { try outbox.append(event, in: db, essential: true) }
                return isFirst
            }
            dependencies.logger.log(level: isFirst ? .error : .debug, message, metadata: ["of": "\(event.object)", "why": "\(error)"])
        } catch {
            dependencies.logger.error("audit event lost", metadata: ["action": "\(event.action)", "error": "\(error)"])
        }
    }
}

extension StoredExchangeKey {
    var reasonOfEnd: String {
        if isRevoked { return "revoked" }
        if activatedMilliseconds != nil { return "retired" }
        return isMade ? "not activated in time" : "not made"
    }
}
