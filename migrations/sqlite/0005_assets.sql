-- Generated outputs, their approval, and which products they show.
CREATE TABLE generated_asset (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    generation_flow_id TEXT REFERENCES generation_flow (id) ON DELETE SET NULL,
    chat_session_id TEXT REFERENCES chat_session (id) ON DELETE SET NULL,
    asset_url TEXT,
    asset_type TEXT NOT NULL DEFAULT 'image',
    status TEXT NOT NULL DEFAULT 'pending',
    prompt TEXT,
    settings TEXT CHECK (json_valid(settings)),
    product_ids TEXT CHECK (json_valid(product_ids)),
    job_id TEXT,
    error TEXT,
    asset_analysis TEXT CHECK (json_valid(asset_analysis)),
    analysis_version TEXT,
    approval_status TEXT NOT NULL DEFAULT 'pending',
    approved_at TEXT,
    approved_by TEXT REFERENCES "user" (id) ON DELETE SET NULL,
    approval_note TEXT,
    original_asset_url TEXT,
    original_byte_size INTEGER,
    request TEXT CHECK (json_valid(request)),
    provenance TEXT CHECK (json_valid(provenance)),
    sha256 TEXT,
    mime_type TEXT,
    width INTEGER,
    height INTEGER,
    byte_size INTEGER,
    model TEXT,
    cost_usd_micros INTEGER,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    completed_at TEXT,
    deleted_at TEXT,
    from_legacy BOOLEAN NOT NULL DEFAULT false CHECK (from_legacy IN (0, 1)),
    CONSTRAINT generated_asset_type_check CHECK (asset_type IN ('image', 'video', '3d_model')),
    CONSTRAINT generated_asset_status_check CHECK (status IN ('pending', 'generating', 'completed', 'error')),
    CONSTRAINT generated_asset_approval_status_check CHECK (approval_status IN ('pending', 'approved', 'rejected')),
    CONSTRAINT generated_asset_url_check CHECK (status <> 'completed' OR asset_url IS NOT NULL),
    CONSTRAINT generated_asset_approval_check CHECK (approval_status <> 'approved' OR approved_at IS NOT NULL)
);
CREATE INDEX generated_asset_client_id_idx ON generated_asset (client_id);
CREATE INDEX generated_asset_generation_flow_id_idx ON generated_asset (generation_flow_id);
CREATE INDEX generated_asset_chat_session_id_idx ON generated_asset (chat_session_id);
CREATE INDEX generated_asset_created_at_idx ON generated_asset (created_at);
CREATE INDEX generated_asset_job_id_idx ON generated_asset (job_id);
CREATE INDEX generated_asset_status_idx ON generated_asset (status);
CREATE INDEX generated_asset_approval_status_idx ON generated_asset (client_id, approval_status);

CREATE TABLE generated_asset_product (
    id TEXT NOT NULL PRIMARY KEY,
    generated_asset_id TEXT NOT NULL REFERENCES generated_asset (id) ON DELETE CASCADE,
    product_id TEXT NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    is_primary BOOLEAN NOT NULL DEFAULT false CHECK (is_primary IN (0, 1)),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT generated_asset_product_unique UNIQUE (generated_asset_id, product_id)
);
CREATE INDEX generated_asset_product_asset_idx ON generated_asset_product (generated_asset_id);
CREATE INDEX generated_asset_product_product_idx ON generated_asset_product (product_id);
CREATE UNIQUE INDEX generated_asset_product_primary_unique ON generated_asset_product (generated_asset_id) WHERE is_primary;

-- A client's favourites among outputs, as the older application keeps them.
CREATE TABLE favorite_image (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    generated_asset_id TEXT NOT NULL REFERENCES generated_asset (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
CREATE INDEX favorite_image_client_id_idx ON favorite_image (client_id);
CREATE INDEX favorite_image_generated_asset_id_idx ON favorite_image (generated_asset_id);
