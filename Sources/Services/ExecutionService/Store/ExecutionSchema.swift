internal import AuditClient
internal import KeyManagement
internal import Storage

/// What execution keeps, and whose rows are whose.
enum ExecutionSchema {
    static let schema = DatabaseSchema(
        migrations: [
            AuditOutbox.migration, DatabaseSchema.Migration("execution 1", sql: firstVersion), DataKeyTable.migration, KeyHistoryTable.migration,
            DatabaseSchema.Migration("execution 2: the life of exchange keys", sql: keyLife),
            DatabaseSchema.Migration("execution 3: exchange keys elsewhere", sql: remoteKeys),
            DatabaseSchema.Migration("execution 4: when exchange keys were made", sql: keysMade),
        ],
        userTables: [
            .init("utterances", owner: "user_id"), .init("proposals", owner: "user_id"), .init("burned_nonces", owner: "user_id"),
            .init("orders", owner: "user_id"), .init("fills", owner: "user_id"), .init("exchange_keys", owner: "user_id"),
        ])

    /// Tables with columns that are sealed.
    static let sealedTables = ["utterances", "proposals", "exchange_keys"]

    /// `retired` is a key that is used for nothing new; with `gone_ms` it is erased, and its row only says that it was.
    private static let keyLife = """
        ALTER TABLE exchange_keys ADD COLUMN retired_ms INTEGER;
        ALTER TABLE exchange_keys ADD COLUMN revoked_ms INTEGER;
        ALTER TABLE exchange_keys ADD COLUMN gone_ms INTEGER;
        ALTER TABLE exchange_keys ADD COLUMN rotation_requested TEXT;
        ALTER TABLE orders ADD COLUMN cancel_tries INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE orders ADD COLUMN cancel_tried_ms INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX exchange_keys_leaving ON exchange_keys (state, gone_ms);
        CREATE INDEX orders_of_key ON orders (exchange_key_id, state);
        """

    /// A key elsewhere has nothing in `private_key_sealed`. `making_until_ms`: somebody makes it now, and until then.
    private static let remoteKeys = """
        ALTER TABLE exchange_keys ADD COLUMN remote_store TEXT;
        ALTER TABLE exchange_keys ADD COLUMN remote_place TEXT;
        ALTER TABLE exchange_keys ADD COLUMN remote_key TEXT;
        ALTER TABLE exchange_keys ADD COLUMN making_until_ms INTEGER;
        ALTER TABLE exchange_keys ADD COLUMN destroy_tries INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE exchange_keys ADD COLUMN destroy_tried_ms INTEGER NOT NULL DEFAULT 0;
        """

    /// nil: it was never heard that it is there. Of older keys that is known of those only that somebody was making.
    private static let keysMade = """
        ALTER TABLE exchange_keys ADD COLUMN made_ms INTEGER;
        UPDATE exchange_keys SET made_ms = created_ms WHERE making_until_ms IS NULL;
        """

    private static let firstVersion = """
        CREATE TABLE utterances (
            id TEXT PRIMARY KEY, user_id TEXT NOT NULL, text_sealed BLOB NOT NULL, sha256 BLOB NOT NULL,
            created_ms INTEGER NOT NULL, proposals INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX utterances_of_user ON utterances (user_id, created_ms);

        CREATE TABLE proposals (
            id TEXT PRIMARY KEY, user_id TEXT NOT NULL, utterance_id TEXT NOT NULL REFERENCES utterances (id),
            state TEXT NOT NULL CHECK (state IN ('open', 'rejected', 'signed', 'abandoned')),
            canonical BLOB NOT NULL, findings_sealed BLOB NOT NULL, second_factor_reason TEXT NOT NULL,
            created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX proposals_of_user ON proposals (user_id, created_ms);

        CREATE TABLE burned_nonces (
            nonce BLOB PRIMARY KEY, user_id TEXT NOT NULL, proposal_id TEXT NOT NULL UNIQUE REFERENCES proposals (id),
            burned_by TEXT NOT NULL, burned_ms INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX burned_nonces_of_user ON burned_nonces (user_id);

        CREATE TABLE orders (
            client_order_id TEXT PRIMARY KEY, user_id TEXT NOT NULL, proposal_id TEXT NOT NULL UNIQUE REFERENCES proposals (id),
            sign_off_id TEXT NOT NULL UNIQUE, exchange_key_id TEXT NOT NULL REFERENCES exchange_keys (id),
            state TEXT NOT NULL, canonical BLOB NOT NULL,
            exchange_order_id INTEGER NOT NULL DEFAULT 0, executed_quantity TEXT NOT NULL DEFAULT '0', executed_quote TEXT NOT NULL DEFAULT '0',
            reason TEXT NOT NULL DEFAULT '', created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
            audit_sequence INTEGER NOT NULL, audit_index INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX orders_of_user ON orders (user_id, created_ms);
        CREATE INDEX orders_by_state ON orders (state);

        CREATE TABLE fills (
            user_id TEXT NOT NULL, client_order_id TEXT NOT NULL REFERENCES orders (client_order_id), trade_id INTEGER NOT NULL,
            price TEXT NOT NULL, quantity TEXT NOT NULL, commission TEXT NOT NULL, commission_asset TEXT NOT NULL,
            PRIMARY KEY (user_id, client_order_id, trade_id)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE exchange_keys (
            id TEXT PRIMARY KEY, user_id TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'retired')),
            private_key_sealed BLOB NOT NULL, api_key_sealed BLOB, created_ms INTEGER NOT NULL, activated_ms INTEGER
        ) STRICT;
        CREATE INDEX exchange_keys_of_user ON exchange_keys (user_id, state);
        CREATE UNIQUE INDEX one_active_key ON exchange_keys (user_id) WHERE state = 'active';

        CREATE TABLE kill_switch (
            id INTEGER PRIMARY KEY CHECK (id = 1), engaged INTEGER NOT NULL, reason TEXT NOT NULL, since_ms INTEGER NOT NULL
        ) STRICT;
        INSERT INTO kill_switch VALUES (1, 0, '', 0);
        """
}
