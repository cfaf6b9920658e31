internal import Exchange
internal import GRDB
internal import Trading

/// An order as it is kept. Its terms stand in `canonical` alone.
struct StoredOrder: Sendable {
    var clientOrderID: String
    var user: String
    var proposalID: String
    /// The `jti` of the sign-off that made it.
    var signOffID: String
    /// The key that it is sent and asked about with, also after the person has changed to another.
    var exchangeKeyID: String
    var state: Trading.OrderState
    var canonical: [UInt8]
    var exchangeOrderID: Int64 = 0
    var executedQuantity = Decimal.zero
    var executedQuote = Decimal.zero
    var reason = ""
    var createdMilliseconds: Int64
    var updatedMilliseconds: Int64
    var auditSequence: UInt64
    /// Of the intent in the audit log; 0 until acknowledged.
    var auditIndex: UInt64 = 0
}

enum OrderStore {
    static func insert(_ order: StoredOrder, in db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO orders (client_order_id, user_id, proposal_id, sign_off_id, exchange_key_id, state, canonical, created_ms,
                updated_ms, audit_sequence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                order.clientOrderID, order.user, order.proposalID, order.signOffID, order.exchangeKeyID, order.state.rawValue,
                Blob(order.canonical), order.createdMilliseconds, order.updatedMilliseconds, Int64(clamping: order.auditSequence),
            ])
    }

    /// Writes what changes in an order's life.
    static func update(_ order: StoredOrder, in db: Database) throws {
        try db.execute(
            sql: """
                UPDATE orders SET state = ?, exchange_order_id = ?, executed_quantity = ?, executed_quote = ?, reason = ?, updated_ms = ?,
                audit_index = ? WHERE client_order_id = ?
                """,
            arguments: [
                order.state.rawValue, order.exchangeOrderID, order.executedQuantity.description, order.executedQuote.description,
                order.reason,
                order.updatedMilliseconds, Int64(clamping: order.auditIndex), order.clientOrderID,
            ])
    }

    static func find(_ clientOrderID: String, in db: Database) throws -> StoredOrder? {
        try Row.fetchOne(db, sql: "SELECT * FROM orders WHERE client_order_id = ?", arguments: [clientOrderID]).map(read)
    }

    static func find(proposal: String, in db: Database) throws -> StoredOrder? {
        try Row.fetchOne(db, sql: "SELECT * FROM orders WHERE proposal_id = ?", arguments: [proposal]).map(read)
    }

    /// Newest first.
    static func list(limit: Int, openOnly: Bool, in db: Database) throws -> [StoredOrder] {
        let open = OrderState.allCases.filter { !$0.isFinal }.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        let filter = openOnly ? "WHERE state IN (\(open))" : ""
        return try Row.fetchAll(
            db, sql: "SELECT * FROM orders \(filter) ORDER BY created_ms DESC, client_order_id LIMIT ?", arguments: [limit]
        ).map(read)
    }

    /// In a random order, so that none waits for ever behind the others.
    static func inStates(_ states: [Trading.OrderState], limit: Int, in db: Database) throws -> [StoredOrder] {
        let names = states.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        return try Row.fetchAll(
            db, sql: "SELECT * FROM orders WHERE state IN (\(names)) ORDER BY random() LIMIT ?", arguments: [limit]
        ).map(read)
    }

    /// Orders of one key that are to be cancelled, those that were not tried for longest first. After each failure the pause doubles, to an hour.
    ///
    /// - Parameter now: nil: whatever was tried when.
    static func toCancel(ofKey id: String, now: Int64?, limit: Int, in db: Database) throws -> [StoredOrder] {
        let open = OrderState.allCases.filter { !$0.isFinal }.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        return try Row.fetchAll(
            db, sql: """
                SELECT * FROM orders WHERE exchange_key_id = :key AND state IN (\(open))
                    AND (:now IS NULL OR cancel_tries = 0 OR :now >= cancel_tried_ms + min(5000 << min(cancel_tries, 10), 3600000))
                ORDER BY cancel_tried_ms, created_ms LIMIT :limit
                """, arguments: ["key": id, "now": now, "limit": limit]
        ).map(read)
    }

    /// - Returns: whether it is the first failure of this order.
    static func noteCancelFailed(_ clientOrderID: String, now: Int64, in db: Database) throws -> Bool {
        let tries = try Int.fetchOne(db, sql: "SELECT cancel_tries FROM orders WHERE client_order_id = ?", arguments: [clientOrderID]) ?? 0
        try db.execute(
            sql: "UPDATE orders SET cancel_tries = cancel_tries + 1, cancel_tried_ms = ? WHERE client_order_id = ?", arguments: [now, clientOrderID])
        return tries == 0
    }

    private static func read(_ row: Row) throws -> StoredOrder {
        guard let state = OrderState(rawValue: row["state"]), let quantity = Decimal(row["executed_quantity"] as String),
            let quote = Decimal(row["executed_quote"] as String)
        else { throw StoreError.unreadable("orders") }
        return StoredOrder(
            clientOrderID: row["client_order_id"], user: row["user_id"], proposalID: row["proposal_id"], signOffID: row["sign_off_id"],
            exchangeKeyID: row["exchange_key_id"], state: state, canonical: row.bytes("canonical"),
            exchangeOrderID: row["exchange_order_id"], executedQuantity: quantity,
            executedQuote: quote, reason: row["reason"], createdMilliseconds: row["created_ms"], updatedMilliseconds: row["updated_ms"],
            auditSequence: UInt64(clamping: row["audit_sequence"] as Int64), auditIndex: UInt64(clamping: row["audit_index"] as Int64))
    }
}

/// The trades that filled orders.
enum FillStore {
    /// Trades already kept stay as they are.
    static func insert(_ fills: [OrderFill], of order: StoredOrder, in db: Database) throws {
        for fill in fills {
            try db.execute(
                sql: "INSERT OR IGNORE INTO fills VALUES (?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    order.user, order.clientOrderID, fill.tradeID, fill.price.description, fill.quantity.description,
                    fill.commission.description, fill.commissionAsset,
                ])
        }
    }

    static func list(of clientOrderID: String, in db: Database) throws -> [OrderFill] {
        try Row.fetchAll(db, sql: "SELECT * FROM fills WHERE client_order_id = ? ORDER BY trade_id", arguments: [clientOrderID]).map {
            row in
            guard let price = Decimal(row["price"] as String), let quantity = Decimal(row["quantity"] as String),
                let commission = Decimal(row["commission"] as String)
            else { throw StoreError.unreadable("fills") }
            return OrderFill(
                tradeID: row["trade_id"], price: price, quantity: quantity, commission: commission, commissionAsset: row["commission_asset"]
            )
        }
    }
}
