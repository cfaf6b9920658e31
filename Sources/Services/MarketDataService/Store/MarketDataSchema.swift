import AuditClient
import KeyManagement
import Storage

/// Closed candles, the spans of them that are complete, the service's own sealed read key, and people's. Decimals are canonical text, times milliseconds since 1970.
enum MarketDataSchema {
    static let schema = DatabaseSchema(
        migrations: [
            AuditOutbox.migration, DatabaseSchema.Migration("market-data 1: candles, exchange key", sql: first),
            DatabaseSchema.Migration("market-data 2: API key", sql: "ALTER TABLE exchange_key ADD COLUMN sealed_api_key BLOB"),
            DatabaseSchema.Migration("market-data 3: people's keys", sql: third), DataKeyTable.migration, KeyHistoryTable.migration,
            DatabaseSchema.Migration("market-data 4: the life of people's keys", sql: fourth),
            DatabaseSchema.Migration("market-data 5: the next exchange key", sql: fifth),
        ],
        userTables: [.init("person_key", owner: "user_id")])

    /// Tables with columns that are sealed.
    static let sealedTables = ["exchange_key", "person_key"]

    private static let fifth = """
        CREATE TABLE exchange_key_next (
            id INTEGER PRIMARY KEY CHECK (id = 1), sealed_private_key BLOB NOT NULL, created_ms INTEGER NOT NULL
        ) STRICT;
        ALTER TABLE exchange_key ADD COLUMN activated_ms INTEGER;
        UPDATE exchange_key SET activated_ms = created_ms WHERE sealed_api_key IS NOT NULL;
        """

    /// A key with `gone_ms` is erased, and its row only says that it was.
    private static let fourth = """
        ALTER TABLE person_key ADD COLUMN activated_ms INTEGER;
        ALTER TABLE person_key ADD COLUMN gone_ms INTEGER;
        ALTER TABLE person_key ADD COLUMN rotation_requested TEXT;
        UPDATE person_key SET sealed_private_key = x'', sealed_api_key = NULL, gone_ms = created_ms WHERE state = 'retired';
        """

    private static let third = """
        CREATE TABLE person_key (
            id TEXT PRIMARY KEY, user_id TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'retired')),
            sealed_private_key BLOB NOT NULL, sealed_api_key BLOB, created_ms INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX person_key_of_user ON person_key (user_id, state);
        CREATE UNIQUE INDEX one_active_person_key ON person_key (user_id) WHERE state = 'active';
        """

    private static let first = """
        CREATE TABLE candle (
            symbol TEXT NOT NULL, interval TEXT NOT NULL, open_ms INTEGER NOT NULL, open TEXT NOT NULL, high TEXT NOT NULL,
            low TEXT NOT NULL, close TEXT NOT NULL, volume TEXT NOT NULL, close_ms INTEGER NOT NULL, quote_volume TEXT NOT NULL,
            trades INTEGER NOT NULL,
            PRIMARY KEY (symbol, interval, open_ms)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE candle_span (
            symbol TEXT NOT NULL, interval TEXT NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
            PRIMARY KEY (symbol, interval, first_ms)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE exchange_key (
            id INTEGER PRIMARY KEY CHECK (id = 1), sealed_private_key BLOB NOT NULL, created_ms INTEGER NOT NULL
        ) STRICT;
        """
}
