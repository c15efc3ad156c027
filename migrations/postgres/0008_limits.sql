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

CREATE TABLE schema_adoption (
    id text NOT NULL PRIMARY KEY,
    fingerprint text NOT NULL,
    report jsonb NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz
);
