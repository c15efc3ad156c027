-- Generated outputs, their approval, and which products they show.
CREATE TABLE generated_asset (
    id text NOT NULL PRIMARY KEY,
    client_id text NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    generation_flow_id text REFERENCES generation_flow (id) ON DELETE SET NULL,
    chat_session_id text REFERENCES chat_session (id) ON DELETE SET NULL,
    asset_url text,
    asset_type text NOT NULL DEFAULT 'image',
    status text NOT NULL DEFAULT 'pending',
    prompt text,
    settings jsonb,
    product_ids jsonb,
    job_id text,
    error text,
    asset_analysis jsonb,
    analysis_version text,
    approval_status text NOT NULL DEFAULT 'pending',
    approved_at timestamptz,
    approved_by text REFERENCES "user" (id) ON DELETE SET NULL,
    approval_note text,
    original_asset_url text,
    original_byte_size bigint,
    request jsonb,
    provenance jsonb,
    sha256 text,
    mime_type text,
    width integer,
    height integer,
    byte_size bigint,
    model text,
    cost_usd_micros bigint,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now(),
    completed_at timestamptz,
    deleted_at timestamptz,
    from_legacy boolean NOT NULL DEFAULT false,
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
    id text NOT NULL PRIMARY KEY,
    generated_asset_id text NOT NULL REFERENCES generated_asset (id) ON DELETE CASCADE,
    product_id text NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    is_primary boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT generated_asset_product_unique UNIQUE (generated_asset_id, product_id)
);
CREATE INDEX generated_asset_product_asset_idx ON generated_asset_product (generated_asset_id);
CREATE INDEX generated_asset_product_product_idx ON generated_asset_product (product_id);
CREATE UNIQUE INDEX generated_asset_product_primary_unique ON generated_asset_product (generated_asset_id) WHERE is_primary;

-- A client's favourites among outputs, as the older application keeps them.
CREATE TABLE favorite_image (
    id text NOT NULL PRIMARY KEY,
    client_id text NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    generated_asset_id text NOT NULL REFERENCES generated_asset (id) ON DELETE CASCADE,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now()
);
CREATE INDEX favorite_image_client_id_idx ON favorite_image (client_id);
CREATE INDEX favorite_image_generated_asset_id_idx ON favorite_image (generated_asset_id);
