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

-- The ledger: what every picture and analysis was to cost and did cost, by client, shop and picture.
CREATE TABLE usage_entry (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    store_connection_id TEXT REFERENCES store_connection (id) ON DELETE SET NULL,
    product_id TEXT REFERENCES product (id) ON DELETE SET NULL,
    generated_asset_id TEXT REFERENCES generated_asset (id) ON DELETE SET NULL,
    month TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    budget TEXT,
    reserved_usd_micros INTEGER NOT NULL,
    usd_micros INTEGER NOT NULL,
    model TEXT,
    input_tokens INTEGER,
    output_tokens INTEGER,
    created_at TEXT NOT NULL,
    called_at TEXT,
    settled_at TEXT,
    CONSTRAINT usage_entry_kind_check CHECK (kind IN ('image', 'edit', 'product_analysis', 'scene_analysis', 'lost')),
    CONSTRAINT usage_entry_status_check CHECK (status IN ('reserved', 'settled', 'released'))
);
CREATE INDEX usage_entry_client_idx ON usage_entry (client_id, month);
CREATE INDEX usage_entry_reserved_idx ON usage_entry (kind, created_at) WHERE status = 'reserved';
CREATE INDEX usage_entry_asset_idx ON usage_entry (generated_asset_id);
CREATE INDEX usage_entry_product_idx ON usage_entry (product_id);
CREATE INDEX usage_entry_connection_idx ON usage_entry (store_connection_id);

-- A month's money of one key of a model: what was spent and what is promised.
CREATE TABLE spending (
    budget TEXT NOT NULL,
    month TEXT NOT NULL,
    usd_micros INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    CONSTRAINT spending_pkey PRIMARY KEY (budget, month)
);

CREATE TABLE schema_adoption (
    id TEXT NOT NULL PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    report TEXT NOT NULL CHECK (json_valid(report)),
    started_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    completed_at TEXT
);
