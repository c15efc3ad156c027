-- The catalogue, as imported from shops or uploaded.
CREATE TABLE product (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT,
    category TEXT,
    room_types TEXT CHECK (json_valid(room_types)),
    model_filename TEXT,
    favorite_images TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(favorite_images)),
    scene_images TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(scene_images)),
    is_favorite BOOLEAN NOT NULL DEFAULT false CHECK (is_favorite IN (0, 1)),
    source TEXT NOT NULL DEFAULT 'uploaded',
    store_connection_id TEXT REFERENCES store_connection (id) ON DELETE SET NULL,
    erp_id TEXT,
    erp_sku TEXT,
    erp_url TEXT,
    imported_at TEXT,
    analysis_data TEXT CHECK (json_valid(analysis_data)),
    analysis_version TEXT,
    analyzed_at TEXT,
    price TEXT,
    currency TEXT,
    metadata TEXT CHECK (json_valid(metadata)),
    erp_status TEXT,
    erp_updated_at TEXT,
    erp_hash TEXT,
    last_synced_at TEXT,
    last_seen_run_id TEXT,
    erp_deleted_at TEXT,
    edited_fields TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(edited_fields)),
    version INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT product_source_check CHECK (source IN ('imported', 'uploaded')),
    CONSTRAINT product_imported_check CHECK (source <> 'imported' OR erp_id IS NOT NULL)
);
CREATE UNIQUE INDEX product_store_erp_unique ON product (store_connection_id, erp_id);
CREATE INDEX product_erp_sku_idx ON product (client_id, erp_sku);

CREATE TABLE product_variant (
    id TEXT NOT NULL PRIMARY KEY,
    product_id TEXT NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    store_connection_id TEXT,
    erp_variant_id TEXT NOT NULL,
    erp_sku TEXT,
    title TEXT,
    options TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(options)),
    price TEXT,
    currency TEXT,
    erp_image_id TEXT,
    position INTEGER NOT NULL DEFAULT 0,
    erp_hash TEXT,
    erp_deleted_at TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT product_variant_unique UNIQUE (product_id, erp_variant_id)
);

CREATE TABLE product_image (
    id TEXT NOT NULL PRIMARY KEY,
    product_id TEXT NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    r2_key_base TEXT NOT NULL,
    r2_key_preview TEXT,
    sort_order INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    is_primary BOOLEAN NOT NULL DEFAULT false CHECK (is_primary IN (0, 1)),
    sync_status TEXT NOT NULL DEFAULT 'local',
    external_image_id TEXT,
    original_store_url TEXT,
    generated_asset_id TEXT,
    sha256 TEXT,
    mime_type TEXT,
    width INTEGER,
    height INTEGER,
    alt_text TEXT,
    deleted_at TEXT,
    CONSTRAINT product_image_sync_status_check CHECK (sync_status IN ('local', 'synced', 'unsynced', 'removed'))
);
CREATE UNIQUE INDEX product_image_external_unique ON product_image (product_id, external_image_id);
CREATE UNIQUE INDEX product_image_primary_unique ON product_image (product_id) WHERE is_primary;
