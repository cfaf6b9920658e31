internal import AuditClient
internal import KeyManagement
internal import Storage

extension DatabaseSchema {
    /// Accounts, sessions and counted attempts. What is personal or secret is sealed, hashed or a keyed index from the first migration on.
    static let auth = DatabaseSchema(
        migrations: [
            AuditOutbox.migration,
            Migration(
                "accounts and sessions",
                sql: """
                    CREATE TABLE data_keys (
                        purpose TEXT NOT NULL, id INTEGER NOT NULL, wrapped BLOB NOT NULL,
                        PRIMARY KEY (purpose, id)
                    ) STRICT, WITHOUT ROWID;

                    CREATE TABLE accounts (
                        user_id TEXT PRIMARY KEY NOT NULL,
                        email_index BLOB NOT NULL UNIQUE,
                        email BLOB NOT NULL,
                        password_hash TEXT NOT NULL,
                        totp_seed BLOB NOT NULL,
                        totp_last_step INTEGER NOT NULL DEFAULT -1,
                        confirmed INTEGER NOT NULL DEFAULT 0,
                        created_at INTEGER NOT NULL
                    ) STRICT;
                    CREATE INDEX accounts_pending ON accounts (created_at) WHERE confirmed = 0;

                    CREATE TABLE sessions (
                        session_id TEXT PRIMARY KEY NOT NULL,
                        user_id TEXT NOT NULL REFERENCES accounts (user_id) ON DELETE CASCADE,
                        created_at INTEGER NOT NULL,
                        expires_at INTEGER NOT NULL,
                        revoked_at INTEGER
                    ) STRICT;
                    CREATE INDEX sessions_of_user ON sessions (user_id, created_at);

                    CREATE TABLE refresh_tokens (
                        token_hash BLOB PRIMARY KEY NOT NULL,
                        session_id TEXT NOT NULL REFERENCES sessions (session_id) ON DELETE CASCADE,
                        user_id TEXT NOT NULL,
                        spent_at INTEGER
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX refresh_tokens_of_user ON refresh_tokens (user_id);
                    CREATE INDEX refresh_tokens_of_session ON refresh_tokens (session_id);

                    CREATE TABLE attempts (
                        id INTEGER PRIMARY KEY,
                        attempt_key BLOB NOT NULL UNIQUE,
                        failures INTEGER NOT NULL,
                        retry_at INTEGER NOT NULL,
                        last_at INTEGER NOT NULL
                    ) STRICT;
                    CREATE INDEX attempts_by_age ON attempts (last_at);
                    """),
            .meshIdentity, DataKeyTable.wrappedBy, KeyHistoryTable.migration, .standings, .joinTokenUse,
        ],
        userTables: [
            UserTable("accounts", owner: "user_id"), UserTable("sessions", owner: "user_id"),
            UserTable("refresh_tokens", owner: "user_id"), UserTable("verifications", owner: "user_id"),
        ])
}
