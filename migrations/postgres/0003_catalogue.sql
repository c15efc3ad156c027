-- The catalogue, as imported from shops or uploaded.
CREATE TABLE product (
    id text NOT NULL PRIMARY KEY,
    client_id text NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    name text NOT NULL,
    description text,
    category text,
    room_types jsonb,
    model_filename text,
    favorite_images jsonb NOT NULL DEFAULT '[]',
    scene_images jsonb NOT NULL DEFAULT '[]',
    is_favorite boolean NOT NULL DEFAULT false,
    source text NOT NULL DEFAULT 'uploaded',
    store_connection_id text REFERENCES store_connection (id) ON DELETE SET NULL,
    erp_id text,
    erp_sku text,
    erp_url text,
    imported_at timestamptz,
    analysis_data jsonb,
    analysis_version text,
    analyzed_at timestamptz,
    price numeric,
    currency text,
    metadata jsonb,
    erp_status text,
    erp_updated_at timestamptz,
    erp_hash text,
    last_synced_at timestamptz,
    last_seen_run_id text,
    erp_deleted_at timestamptz,
    edited_fields jsonb NOT NULL DEFAULT '[]',
    version integer NOT NULL DEFAULT 1,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now(),
    CONSTRAINT product_source_check CHECK (source IN ('imported', 'uploaded')),
    CONSTRAINT product_imported_check CHECK (source <> 'imported' OR erp_id IS NOT NULL)
);
CREATE UNIQUE INDEX product_store_erp_unique ON product (store_connection_id, erp_id);
CREATE INDEX product_erp_sku_idx ON product (client_id, erp_sku);

CREATE TABLE product_variant (
    id text NOT NULL PRIMARY KEY,
    product_id text NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    store_connection_id text,
    erp_variant_id text NOT NULL,
    erp_sku text,
    title text,
    options jsonb NOT NULL DEFAULT '{}',
    price numeric,
    currency text,
    erp_image_id text,
    position integer NOT NULL DEFAULT 0,
    erp_hash text,
    erp_deleted_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT product_variant_unique UNIQUE (product_id, erp_variant_id)
);

CREATE TABLE product_image (
    id text NOT NULL PRIMARY KEY,
    product_id text NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    r2_key_base text NOT NULL,
    r2_key_preview text,
    sort_order integer NOT NULL DEFAULT 0,
    version integer NOT NULL DEFAULT 1,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now(),
    is_primary boolean NOT NULL DEFAULT false,
    sync_status text NOT NULL DEFAULT 'local',
    external_image_id text,
    original_store_url text,
    generated_asset_id text,
    sha256 text,
    mime_type text,
    width integer,
    height integer,
    alt_text text,
    deleted_at timestamptz,
    CONSTRAINT product_image_sync_status_check CHECK (sync_status IN ('local', 'synced', 'unsynced', 'removed'))
);
CREATE UNIQUE INDEX product_image_external_unique ON product_image (product_id, external_image_id);
CREATE UNIQUE INDEX product_image_primary_unique ON product_image (product_id) WHERE is_primary;
