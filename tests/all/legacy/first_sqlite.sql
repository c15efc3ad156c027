-- The schema of the first state of this program, before adoption: files 0001 to 0006 as they were then.
-- Tenants and their people. Shapes are those of the older application, so that its rows fit unchanged.
CREATE TABLE client (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    slug TEXT,
    logo TEXT,
    metadata TEXT CHECK (json_valid(metadata)),
    version INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT client_slug_unique UNIQUE (slug)
);

CREATE TABLE "user" (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    email_verified BOOLEAN NOT NULL DEFAULT false CHECK (email_verified IN (0, 1)),
    image TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT user_email_unique UNIQUE (email)
);

CREATE TABLE member (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
    role TEXT NOT NULL DEFAULT 'member',
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT member_client_user_unique UNIQUE (client_id, user_id)
);
CREATE INDEX member_client_id_idx ON member (client_id);
CREATE INDEX member_user_id_idx ON member (user_id);
-- Connected shops, connects on their way, and how far each import has come.
-- No CHECK names a provider: a provider is a file, not a migration.
CREATE TABLE store_connection (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    store_type TEXT NOT NULL,
    store_url TEXT NOT NULL,
    store_name TEXT,
    external_store_id TEXT,
    facts TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(facts)),
    credentials_ciphertext TEXT,
    credentials_iv TEXT,
    credentials_tag TEXT,
    credentials_key_id TEXT,
    credentials_format INTEGER NOT NULL DEFAULT 2,
    credentials_fingerprint TEXT,
    scopes TEXT CHECK (json_valid(scopes)),
    token_expires_at TEXT,
    refresh_expires_at TEXT,
    token_refreshed_at TEXT,
    token_version INTEGER NOT NULL DEFAULT 1,
    refresh_locked_until TEXT,
    refresh_locked_by TEXT,
    api_version TEXT,
    auto_sync_enabled BOOLEAN NOT NULL DEFAULT false CHECK (auto_sync_enabled IN (0, 1)),
    sync_on_approval BOOLEAN NOT NULL DEFAULT true CHECK (sync_on_approval IN (0, 1)),
    sync_interval_seconds INTEGER NOT NULL DEFAULT 3600,
    sync_cron TEXT,
    sync_timezone TEXT NOT NULL DEFAULT 'UTC',
    import_filter TEXT CHECK (json_valid(import_filter)),
    push_mode TEXT NOT NULL DEFAULT 'append',
    next_sync_at TEXT,
    last_sync_at TEXT,
    last_success_at TEXT,
    consecutive_failures INTEGER NOT NULL DEFAULT 0,
    backoff_until TEXT,
    status TEXT NOT NULL DEFAULT 'active',
    last_error_code TEXT,
    last_error TEXT,
    last_webhook_at TEXT,
    connected_by TEXT REFERENCES "user" (id) ON DELETE SET NULL,
    disconnected_at TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT store_connection_unique UNIQUE (client_id, store_type, store_url),
    CONSTRAINT store_connection_interval_check CHECK (sync_interval_seconds >= 60),
    CONSTRAINT store_connection_push_mode_check CHECK (push_mode IN ('append', 'set_primary', 'replace_pushed')),
    CONSTRAINT store_connection_status_check CHECK (status IN ('pending', 'active', 'needs_reauth', 'disconnected', 'error')),
    CONSTRAINT store_connection_credentials_check CHECK (status <> 'active' OR credentials_ciphertext IS NOT NULL)
);
CREATE INDEX store_connection_client_id_idx ON store_connection (client_id);
CREATE INDEX store_connection_due_idx ON store_connection (next_sync_at) WHERE auto_sync_enabled AND status = 'active';

CREATE TABLE oauth_state (
    state_hash TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    user_id TEXT REFERENCES "user" (id) ON DELETE SET NULL,
    store_connection_id TEXT REFERENCES store_connection (id) ON DELETE CASCADE,
    store_type TEXT NOT NULL,
    store_url TEXT NOT NULL,
    facts TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(facts)),
    browser_hash TEXT,
    requested_scopes TEXT NOT NULL CHECK (json_valid(requested_scopes)),
    code_verifier_sealed TEXT,
    return_url TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    expires_at TEXT NOT NULL,
    consumed_at TEXT
);
CREATE INDEX oauth_state_expires_at_idx ON oauth_state (expires_at);

CREATE TABLE sync_cursor (
    store_connection_id TEXT NOT NULL REFERENCES store_connection (id) ON DELETE CASCADE,
    resource TEXT NOT NULL,
    cursor TEXT CHECK (json_valid(cursor)),
    updated_since TEXT,
    full_sync_at TEXT,
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    PRIMARY KEY (store_connection_id, resource),
    CONSTRAINT sync_cursor_resource_check CHECK (resource IN ('products', 'categories', 'images'))
);

-- What a full pass has seen, one small row a page: so that an unchanged product costs no write of its own row.
CREATE TABLE sync_seen (
    store_connection_id TEXT NOT NULL REFERENCES store_connection (id) ON DELETE CASCADE,
    pass_id TEXT NOT NULL,
    page INTEGER NOT NULL,
    marks BLOB NOT NULL,
    PRIMARY KEY (store_connection_id, pass_id, page)
);
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
CREATE INDEX product_client_id_idx ON product (client_id);
CREATE INDEX product_favorite_idx ON product (client_id, is_favorite);
CREATE INDEX product_source_idx ON product (client_id, source);
CREATE UNIQUE INDEX product_store_erp_unique ON product (store_connection_id, erp_id);
CREATE INDEX product_erp_sku_idx ON product (client_id, erp_sku);
CREATE INDEX product_analyzed_idx ON product (client_id, analyzed_at);

CREATE TABLE product_variant (
    id TEXT NOT NULL PRIMARY KEY,
    product_id TEXT NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    store_connection_id TEXT REFERENCES store_connection (id) ON DELETE SET NULL,
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
CREATE INDEX product_variant_sku_idx ON product_variant (erp_sku);

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
CREATE INDEX product_image_product_id_idx ON product_image (product_id);
CREATE INDEX product_image_sort_order_idx ON product_image (product_id, sort_order);
CREATE UNIQUE INDEX product_image_external_unique ON product_image (product_id, external_image_id);
CREATE UNIQUE INDEX product_image_primary_unique ON product_image (product_id) WHERE is_primary;
-- Collections of products to make pictures for, and the attempts within them. Assets refer to these.
CREATE TABLE chat_session (
    id TEXT NOT NULL PRIMARY KEY,
    product_id TEXT NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    selected_base_image_id TEXT,
    version INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
CREATE INDEX chat_session_product_id_idx ON chat_session (product_id);

CREATE TABLE collection_session (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    product_ids TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(product_ids)),
    selected_base_images TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(selected_base_images)),
    status TEXT NOT NULL DEFAULT 'draft',
    settings TEXT CHECK (json_valid(settings)),
    version INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT collection_session_status_check CHECK (status IN ('draft', 'generating', 'completed'))
);
CREATE INDEX collection_session_client_id_idx ON collection_session (client_id);

CREATE TABLE generation_flow (
    id TEXT NOT NULL PRIMARY KEY,
    collection_session_id TEXT REFERENCES collection_session (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    name TEXT,
    product_ids TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(product_ids)),
    selected_base_images TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(selected_base_images)),
    status TEXT NOT NULL DEFAULT 'empty',
    settings TEXT NOT NULL CHECK (json_valid(settings)),
    is_favorite BOOLEAN NOT NULL DEFAULT false CHECK (is_favorite IN (0, 1)),
    current_image_index INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    deleted_at TEXT,
    CONSTRAINT generation_flow_status_check CHECK (status IN ('empty', 'configured', 'generating', 'completed', 'error'))
);
CREATE INDEX generation_flow_collection_session_id_idx ON generation_flow (collection_session_id);
CREATE INDEX generation_flow_client_id_idx ON generation_flow (client_id);
CREATE INDEX generation_flow_status_idx ON generation_flow (status);
CREATE INDEX generation_flow_favorite_idx ON generation_flow (client_id, is_favorite);
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
-- Runs and their items, the state of every push, jobs and leases.
CREATE TABLE store_sync_log (
    id TEXT NOT NULL PRIMARY KEY,
    store_connection_id TEXT NOT NULL REFERENCES store_connection (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    parent_id TEXT REFERENCES store_sync_log (id) ON DELETE SET NULL,
    action TEXT NOT NULL,
    "trigger" TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending',
    generated_asset_id TEXT REFERENCES generated_asset (id) ON DELETE SET NULL,
    product_id TEXT REFERENCES product (id) ON DELETE SET NULL,
    external_image_id TEXT,
    external_image_url TEXT,
    items_total INTEGER NOT NULL DEFAULT 0,
    items_processed INTEGER NOT NULL DEFAULT 0,
    items_created INTEGER NOT NULL DEFAULT 0,
    items_updated INTEGER NOT NULL DEFAULT 0,
    items_unchanged INTEGER NOT NULL DEFAULT 0,
    items_deleted INTEGER NOT NULL DEFAULT 0,
    items_skipped INTEGER NOT NULL DEFAULT 0,
    items_failed INTEGER NOT NULL DEFAULT 0,
    api_calls INTEGER NOT NULL DEFAULT 0,
    attempt INTEGER NOT NULL DEFAULT 1,
    error_code TEXT,
    error_message TEXT,
    error_details TEXT CHECK (json_valid(error_details)),
    triggered_by TEXT REFERENCES "user" (id) ON DELETE SET NULL,
    job_id TEXT,
    instance TEXT,
    heartbeat_at TEXT,
    started_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    completed_at TEXT,
    CONSTRAINT store_sync_log_action_check CHECK (action IN ('import', 'upload', 'update', 'delete', 'reconcile', 'refresh_token', 'webhook')),
    CONSTRAINT store_sync_log_trigger_check CHECK ("trigger" IN ('schedule', 'manual', 'approval', 'webhook', 'retry', 'startup')),
    CONSTRAINT store_sync_log_status_check CHECK (status IN ('pending', 'running', 'success', 'partial', 'failed', 'cancelled', 'skipped')),
    CONSTRAINT store_sync_log_done_check CHECK (completed_at IS NOT NULL OR status IN ('pending', 'running'))
);
CREATE INDEX store_sync_log_store_connection_id_idx ON store_sync_log (store_connection_id, started_at);
CREATE INDEX store_sync_log_generated_asset_id_idx ON store_sync_log (generated_asset_id);
CREATE INDEX store_sync_log_product_id_idx ON store_sync_log (product_id);
CREATE INDEX store_sync_log_status_idx ON store_sync_log (status);
CREATE INDEX store_sync_log_job_id_idx ON store_sync_log (job_id);
CREATE UNIQUE INDEX store_sync_log_one_import_unique ON store_sync_log (store_connection_id) WHERE action = 'import' AND status = 'running';

CREATE TABLE store_sync_item (
    id TEXT NOT NULL PRIMARY KEY,
    sync_log_id TEXT NOT NULL REFERENCES store_sync_log (id) ON DELETE CASCADE,
    entity_type TEXT NOT NULL,
    entity_id TEXT,
    external_id TEXT,
    outcome TEXT NOT NULL,
    error_code TEXT,
    message TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT store_sync_item_entity_type_check CHECK (entity_type IN ('product', 'variant', 'product_image', 'generated_asset')),
    CONSTRAINT store_sync_item_outcome_check CHECK (outcome IN ('created', 'updated', 'unchanged', 'skipped', 'deleted', 'failed'))
);
CREATE INDEX store_sync_item_log_idx ON store_sync_item (sync_log_id, outcome);
CREATE INDEX store_sync_item_entity_idx ON store_sync_item (entity_id, created_at);

CREATE TABLE asset_push (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    store_connection_id TEXT NOT NULL REFERENCES store_connection (id) ON DELETE CASCADE,
    generated_asset_id TEXT NOT NULL REFERENCES generated_asset (id) ON DELETE CASCADE,
    product_id TEXT NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    status TEXT NOT NULL DEFAULT 'queued',
    external_product_id TEXT NOT NULL,
    external_image_id TEXT,
    external_image_url TEXT,
    pushed_sha256 TEXT,
    position INTEGER,
    idempotency_key TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt_at TEXT,
    last_error_code TEXT,
    last_error TEXT,
    journal TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(journal)),
    synced_by TEXT REFERENCES "user" (id) ON DELETE SET NULL,
    synced_at TEXT,
    verified_at TEXT,
    removed_at TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT asset_push_unique UNIQUE (store_connection_id, generated_asset_id, product_id),
    CONSTRAINT asset_push_idempotency_key_unique UNIQUE (idempotency_key),
    CONSTRAINT asset_push_status_check CHECK (status IN ('queued', 'pushing', 'synced', 'failed', 'removing', 'removed'))
);
CREATE INDEX asset_push_due_idx ON asset_push (status, next_attempt_at);
CREATE INDEX asset_push_product_idx ON asset_push (product_id);

CREATE TABLE job (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    queue TEXT NOT NULL,
    flow_id TEXT REFERENCES generation_flow (id) ON DELETE SET NULL,
    store_connection_id TEXT REFERENCES store_connection (id) ON DELETE CASCADE,
    type TEXT NOT NULL,
    payload TEXT NOT NULL CHECK (json_valid(payload)),
    status TEXT NOT NULL DEFAULT 'pending',
    progress INTEGER NOT NULL DEFAULT 0,
    result TEXT CHECK (json_valid(result)),
    error TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL DEFAULT 3,
    scheduled_for TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    locked_by TEXT,
    locked_at TEXT,
    lease_expires_at TEXT,
    lane TEXT NOT NULL,
    running_lane TEXT,
    priority INTEGER NOT NULL DEFAULT 100,
    dedupe_key TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    started_at TEXT,
    completed_at TEXT,
    CONSTRAINT job_status_check CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'cancelled')),
    CONSTRAINT job_progress_check CHECK (progress BETWEEN 0 AND 100),
    CONSTRAINT job_running_lane_unique UNIQUE (running_lane),
    CONSTRAINT job_running_lane_check CHECK (running_lane IS NULL OR (status = 'processing' AND running_lane = lane))
);
CREATE INDEX job_claimable_idx ON job (queue, priority, scheduled_for) WHERE status = 'pending';
CREATE INDEX job_lease_idx ON job (lease_expires_at) WHERE status = 'processing';
CREATE INDEX job_client_idx ON job (client_id, created_at);
CREATE INDEX job_flow_idx ON job (flow_id);
CREATE INDEX job_store_connection_idx ON job (store_connection_id, created_at);
CREATE UNIQUE INDEX job_dedupe_unique ON job (dedupe_key) WHERE dedupe_key IS NOT NULL AND status IN ('pending', 'processing');

CREATE TABLE daemon_lease (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY);
