internal import Storage

extension DatabaseSchema.Migration {
    /// Issuing keys, join tokens, certificates that were issued, and what is revoked.
    static let meshIdentity = DatabaseSchema.Migration(
        "mesh identity",
        sql: """
            CREATE TABLE issuing_keys (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                state TEXT NOT NULL,
                wrapped BLOB,
                certificate BLOB,
                serial TEXT,
                created_at INTEGER NOT NULL,
                activated_at INTEGER,
                retired_at INTEGER,
                ends_at INTEGER
            ) STRICT;
            CREATE UNIQUE INDEX issuing_keys_active ON issuing_keys (state) WHERE state = 'active';

            CREATE TABLE join_tokens (
                token_hash BLOB PRIMARY KEY NOT NULL,
                service TEXT NOT NULL,
                expires_at INTEGER NOT NULL,
                used_at INTEGER
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE mesh_certificates (
                serial TEXT PRIMARY KEY NOT NULL,
                spiffe_id TEXT NOT NULL,
                issuer_id INTEGER NOT NULL,
                issued_at INTEGER NOT NULL,
                ends_at INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX mesh_certificates_by_end ON mesh_certificates (ends_at);

            CREATE TABLE revocations (
                kind TEXT NOT NULL,
                value TEXT NOT NULL,
                at INTEGER NOT NULL,
                ends_at INTEGER,
                PRIMARY KEY (kind, value)
            ) STRICT, WITHOUT ROWID;
            CREATE TABLE revocation_version (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL) STRICT;
            INSERT INTO revocation_version (id, version) VALUES (1, 0);
            """)

    /// Whom a used join token brought its certificate.
    static let joinTokenUse = DatabaseSchema.Migration(
        "join token use",
        sql: """
            ALTER TABLE join_tokens ADD COLUMN key_fingerprint BLOB;
            ALTER TABLE join_tokens ADD COLUMN serial TEXT;
            ALTER TABLE join_tokens ADD COLUMN answers INTEGER NOT NULL DEFAULT 0;
            """)
}
