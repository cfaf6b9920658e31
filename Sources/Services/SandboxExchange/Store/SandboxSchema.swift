import GRDB
import KeyManagement
import Storage
import Trading

/// The exchange's own books. Decimals are canonical text; times are milliseconds since 1970.
enum SandboxSchema {
    static let schema = DatabaseSchema(migrations: [
        .init("1: accounts, keys, orders, trades", sql: first), .init("2: keys as hashes; what a key may do, and from where", second),
        KeyHistoryTable.migration, DataKeyTable.migration,
    ])

    /// Addresses with spaces between them; none means any.
    private static let second: @Sendable (Database) throws -> Void = { db in
        for key in try String.fetchAll(db, sql: "SELECT api_key FROM api_key") {
            try db.execute(sql: "UPDATE api_key SET api_key = ? WHERE api_key = ?", arguments: [SandboxTransaction.stored(key), key])
        }
        try db.execute(
            sql: """
                ALTER TABLE api_key ADD COLUMN can_withdraw INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE api_key ADD COLUMN addresses TEXT NOT NULL DEFAULT '';
                """)
    }

    private static let first = """
        CREATE TABLE account (
            id INTEGER PRIMARY KEY AUTOINCREMENT, created_ms INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE balance (
            account INTEGER NOT NULL REFERENCES account(id), asset TEXT NOT NULL, free TEXT NOT NULL, locked TEXT NOT NULL,
            PRIMARY KEY (account, asset)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE api_key (
            api_key TEXT PRIMARY KEY, account INTEGER NOT NULL REFERENCES account(id), type TEXT NOT NULL,
            material BLOB NOT NULL, can_trade INTEGER NOT NULL, label TEXT NOT NULL, created_ms INTEGER NOT NULL,
            revoked_ms INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE exchange_order (
            id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL REFERENCES account(id), symbol TEXT NOT NULL,
            client_order_id TEXT NOT NULL, side TEXT NOT NULL, kind TEXT NOT NULL, time_in_force TEXT NOT NULL,
            price TEXT NOT NULL, quantity TEXT NOT NULL, quote_quantity TEXT NOT NULL, executed TEXT NOT NULL,
            executed_quote TEXT NOT NULL, reserved TEXT NOT NULL, status TEXT NOT NULL, created_ms INTEGER NOT NULL,
            updated_ms INTEGER NOT NULL, checked_ms INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX exchange_order_by_client_id ON exchange_order (account, symbol, client_order_id);
        CREATE INDEX exchange_order_open ON exchange_order (account, symbol) WHERE status IN ('NEW', 'PARTIALLY_FILLED');
        CREATE TABLE trade (
            id INTEGER PRIMARY KEY AUTOINCREMENT, order_id INTEGER NOT NULL REFERENCES exchange_order(id),
            account INTEGER NOT NULL, symbol TEXT NOT NULL, price TEXT NOT NULL, quantity TEXT NOT NULL, quote TEXT NOT NULL,
            commission TEXT NOT NULL, commission_asset TEXT NOT NULL, is_buyer INTEGER NOT NULL, is_maker INTEGER NOT NULL,
            time_ms INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX trade_by_account ON trade (account, symbol, id);
        CREATE INDEX trade_by_order ON trade (order_id);
        CREATE TABLE liquidity (
            symbol TEXT PRIMARY KEY, candle_ms INTEGER NOT NULL, bought TEXT NOT NULL, sold TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE market_clock (
            market TEXT PRIMARY KEY, wall_ms INTEGER NOT NULL, market_ms INTEGER NOT NULL, speed INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
