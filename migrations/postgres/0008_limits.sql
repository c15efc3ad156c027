-- How much a client may use and has used, and the proof of an adoption.
CREATE TABLE quota_limit (
    id text NOT NULL PRIMARY KEY,
    client_id text NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    plan text NOT NULL DEFAULT 'free',
    monthly_generation_limit integer NOT NULL DEFAULT 100,
    storage_quota_mb integer NOT NULL DEFAULT 1000,
    max_products integer,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT quota_limit_client_id_unique UNIQUE (client_id)
);

CREATE TABLE usage_record (
    id text NOT NULL PRIMARY KEY,
    client_id text NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    month text NOT NULL,
    generation_count integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT usage_record_client_month_unique UNIQUE (client_id, month)
);

-- The ledger: what every picture and analysis was to cost and did cost, by client, shop and picture.
CREATE TABLE usage_entry (
    id text NOT NULL PRIMARY KEY,
    client_id text NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    store_connection_id text REFERENCES store_connection (id) ON DELETE SET NULL,
    product_id text REFERENCES product (id) ON DELETE SET NULL,
    generated_asset_id text REFERENCES generated_asset (id) ON DELETE SET NULL,
    month text NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    budget text,
    reserved_usd_micros bigint NOT NULL,
    usd_micros bigint NOT NULL,
    model text,
    input_tokens bigint,
    output_tokens bigint,
    created_at timestamptz NOT NULL,
    called_at timestamptz,
    settled_at timestamptz,
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
    budget text NOT NULL,
    month text NOT NULL,
    usd_micros bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT spending_pkey PRIMARY KEY (budget, month)
);

CREATE TABLE schema_adoption (
    id text NOT NULL PRIMARY KEY,
    fingerprint text NOT NULL,
    report jsonb NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz
);
