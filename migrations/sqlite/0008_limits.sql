-- How much a client may use and has used, and the proof of an adoption.
CREATE TABLE quota_limit (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    plan TEXT NOT NULL DEFAULT 'free',
    monthly_generation_limit INTEGER NOT NULL DEFAULT 100,
    storage_quota_mb INTEGER NOT NULL DEFAULT 1000,
    max_products INTEGER,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT quota_limit_client_id_unique UNIQUE (client_id)
);

CREATE TABLE usage_record (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    month TEXT NOT NULL,
    generation_count INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT usage_record_client_month_unique UNIQUE (client_id, month)
);

CREATE TABLE schema_adoption (
    id TEXT NOT NULL PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    report TEXT NOT NULL CHECK (json_valid(report)),
    started_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    completed_at TEXT
);
