import AuditClient
import Storage

/// Closed candles, the spans of them that are complete, and the sealed read key. Decimals are canonical text, times milliseconds since 1970.
enum MarketDataSchema {
    static let schema = DatabaseSchema(
        migrations: [AuditOutbox.migration, DatabaseSchema.Migration("market-data 1: candles, exchange key", sql: first)])

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
