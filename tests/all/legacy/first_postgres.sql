-- The schema of the first state of this program, before adoption: files 0001 to 0006 as they were then.
-- Tenants and their people. Shapes are those of the older application, so that its rows fit unchanged.
CREATE TABLE client (
    id text NOT NULL PRIMARY KEY,
    name text NOT NULL,
    slug text,
    logo text,
    metadata jsonb,
    version integer NOT NULL DEFAULT 1,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now(),
    CONSTRAINT client_slug_unique UNIQUE (slug)
);

CREATE TABLE "user" (
    id text NOT NULL PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL,
    email_verified boolean NOT NULL DEFAULT false,
    image text,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now(),
    CONSTRAINT user_email_unique UNIQUE (email)
);

CREATE TABLE member (
    id text NOT NULL PRIMARY KEY,
    client_id text NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    user_id text NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
    role text NOT NULL DEFAULT 'member',
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now(),
    CONSTRAINT member_client_user_unique UNIQUE (client_id, user_id)
);
CREATE INDEX member_client_id_idx ON member (client_id);
CREATE INDEX member_user_id_idx ON member (user_id);
-- Connected shops, connects on their way, and how far each import has come.
-- No CHECK names a provider: a provider is a file, not a migration.
CREATE TABLE store_connection (
    id text NOT NULL PRIMARY KEY,
    client_id text NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    store_type text NOT NULL,
    store_url text NOT NULL,
    store_name text,
    external_store_id text,
    facts jsonb NOT NULL DEFAULT '{}',
    credentials_ciphertext text,
    credentials_iv text,
    credentials_tag text,
    credentials_key_id text,
    credentials_format integer NOT NULL DEFAULT 2,
    credentials_fingerprint text,
    scopes jsonb,
    token_expires_at timestamptz,
    refresh_expires_at timestamptz,
    token_refreshed_at timestamptz,
    token_version integer NOT NULL DEFAULT 1,
    refresh_locked_until timestamptz,
    refresh_locked_by text,
    api_version text,
    auto_sync_enabled boolean NOT NULL DEFAULT false,
    sync_on_approval boolean NOT NULL DEFAULT true,
    sync_interval_seconds integer NOT NULL DEFAULT 3600,
    sync_cron text,
    sync_timezone text NOT NULL DEFAULT 'UTC',
    import_filter jsonb,
    push_mode text NOT NULL DEFAULT 'append',
    next_sync_at timestamptz,
    last_sync_at timestamptz,
    last_success_at timestamptz,
    consecutive_failures integer NOT NULL DEFAULT 0,
    backoff_until timestamptz,
    status text NOT NULL DEFAULT 'active',
    last_error_code text,
    last_error text,
    last_webhook_at timestamptz,
    connected_by text REFERENCES "user" (id) ON DELETE SET NULL,
    disconnected_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT store_connection_unique UNIQUE (client_id, store_type, store_url),
    CONSTRAINT store_connection_interval_check CHECK (sync_interval_seconds >= 60),
    CONSTRAINT store_connection_push_mode_check CHECK (push_mode IN ('append', 'set_primary', 'replace_pushed')),
    CONSTRAINT store_connection_status_check CHECK (status IN ('pending', 'active', 'needs_reauth', 'disconnected', 'error')),
    CONSTRAINT store_connection_credentials_check CHECK (status <> 'active' OR credentials_ciphertext IS NOT NULL)
);
CREATE INDEX store_connection_client_id_idx ON store_connection (client_id);
CREATE INDEX store_connection_due_idx ON store_connection (next_sync_at) WHERE auto_sync_enabled AND status = 'active';

CREATE TABLE oauth_state (
    state_hash text NOT NULL PRIMARY KEY,
    client_id text NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    user_id text REFERENCES "user" (id) ON DELETE SET NULL,
    store_connection_id text REFERENCES store_connection (id) ON DELETE CASCADE,
    store_type text NOT NULL,
    store_url text NOT NULL,
    facts jsonb NOT NULL DEFAULT '{}',
    browser_hash text,
    requested_scopes jsonb NOT NULL,
    code_verifier_sealed text,
    return_url text,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    consumed_at timestamptz
);
CREATE INDEX oauth_state_expires_at_idx ON oauth_state (expires_at);

CREATE TABLE sync_cursor (
    store_connection_id text NOT NULL REFERENCES store_connection (id) ON DELETE CASCADE,
    resource text NOT NULL,
    cursor jsonb,
    updated_since timestamptz,
    full_sync_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (store_connection_id, resource),
    CONSTRAINT sync_cursor_resource_check CHECK (resource IN ('products', 'categories', 'images'))
);

-- What a full pass has seen, one small row a page: so that an unchanged product costs no write of its own row.
CREATE TABLE sync_seen (
    store_connection_id text NOT NULL REFERENCES store_connection (id) ON DELETE CASCADE,
    pass_id text NOT NULL,
    page integer NOT NULL,
    marks bytea NOT NULL,
    PRIMARY KEY (store_connection_id, pass_id, page)
);
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
    price numeric(12,2),
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
CREATE INDEX product_client_id_idx ON product (client_id);
CREATE INDEX product_favorite_idx ON product (client_id, is_favorite);
CREATE INDEX product_source_idx ON product (client_id, source);
CREATE UNIQUE INDEX product_store_erp_unique ON product (store_connection_id, erp_id);
CREATE INDEX product_erp_sku_idx ON product (client_id, erp_sku);
CREATE INDEX product_analyzed_idx ON product (client_id, analyzed_at);

CREATE TABLE product_variant (
    id text NOT NULL PRIMARY KEY,
    product_id text NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    store_connection_id text REFERENCES store_connection (id) ON DELETE SET NULL,
    erp_variant_id text NOT NULL,
    erp_sku text,
    title text,
    options jsonb NOT NULL DEFAULT '{}',
    price numeric(12,2),
    currency text,
    erp_image_id text,
    position integer NOT NULL DEFAULT 0,
    erp_hash text,
    erp_deleted_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT product_variant_unique UNIQUE (product_id, erp_variant_id)
);
CREATE INDEX product_variant_sku_idx ON product_variant (erp_sku);

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
CREATE INDEX product_image_product_id_idx ON product_image (product_id);
CREATE INDEX product_image_sort_order_idx ON product_image (product_id, sort_order);
CREATE UNIQUE INDEX product_image_external_unique ON product_image (product_id, external_image_id);
CREATE UNIQUE INDEX product_image_primary_unique ON product_image (product_id) WHERE is_primary;
-- Collections of products to make pictures for, and the attempts within them. Assets refer to these.
CREATE TABLE chat_session (
    id text NOT NULL PRIMARY KEY,
    product_id text NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    name text NOT NULL,
    selected_base_image_id text,
    version integer NOT NULL DEFAULT 1,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now()
);
CREATE INDEX chat_session_product_id_idx ON chat_session (product_id);

CREATE TABLE collection_session (
    id text NOT NULL PRIMARY KEY,
    client_id text NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    name text NOT NULL,
    product_ids jsonb NOT NULL DEFAULT '[]',
    selected_base_images jsonb NOT NULL DEFAULT '{}',
    status text NOT NULL DEFAULT 'draft',
    settings jsonb,
    version integer NOT NULL DEFAULT 1,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now(),
    CONSTRAINT collection_session_status_check CHECK (status IN ('draft', 'generating', 'completed'))
);
CREATE INDEX collection_session_client_id_idx ON collection_session (client_id);

CREATE TABLE generation_flow (
    id text NOT NULL PRIMARY KEY,
    collection_session_id text REFERENCES collection_session (id) ON DELETE CASCADE,
    client_id text NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    name text,
    product_ids jsonb NOT NULL DEFAULT '[]',
    selected_base_images jsonb NOT NULL DEFAULT '{}',
    status text NOT NULL DEFAULT 'empty',
    settings jsonb NOT NULL,
    is_favorite boolean NOT NULL DEFAULT false,
    current_image_index integer NOT NULL DEFAULT 0,
    version integer NOT NULL DEFAULT 1,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CONSTRAINT generation_flow_status_check CHECK (status IN ('empty', 'configured', 'generating', 'completed', 'error'))
);
CREATE INDEX generation_flow_collection_session_id_idx ON generation_flow (collection_session_id);
CREATE INDEX generation_flow_client_id_idx ON generation_flow (client_id);
CREATE INDEX generation_flow_status_idx ON generation_flow (status);
CREATE INDEX generation_flow_favorite_idx ON generation_flow (client_id, is_favorite);
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
-- Runs and their items, the state of every push, jobs and leases.
CREATE TABLE store_sync_log (
    id text NOT NULL PRIMARY KEY,
    store_connection_id text NOT NULL REFERENCES store_connection (id) ON DELETE CASCADE,
    client_id text NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    parent_id text REFERENCES store_sync_log (id) ON DELETE SET NULL,
    action text NOT NULL,
    "trigger" text NOT NULL,
    status text NOT NULL DEFAULT 'pending',
    generated_asset_id text REFERENCES generated_asset (id) ON DELETE SET NULL,
    product_id text REFERENCES product (id) ON DELETE SET NULL,
    external_image_id text,
    external_image_url text,
    items_total integer NOT NULL DEFAULT 0,
    items_processed integer NOT NULL DEFAULT 0,
    items_created integer NOT NULL DEFAULT 0,
    items_updated integer NOT NULL DEFAULT 0,
    items_unchanged integer NOT NULL DEFAULT 0,
    items_deleted integer NOT NULL DEFAULT 0,
    items_skipped integer NOT NULL DEFAULT 0,
    items_failed integer NOT NULL DEFAULT 0,
    api_calls integer NOT NULL DEFAULT 0,
    attempt integer NOT NULL DEFAULT 1,
    error_code text,
    error_message text,
    error_details jsonb,
    triggered_by text REFERENCES "user" (id) ON DELETE SET NULL,
    job_id text,
    instance text,
    heartbeat_at timestamptz,
    started_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz,
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
    id text NOT NULL PRIMARY KEY,
    sync_log_id text NOT NULL REFERENCES store_sync_log (id) ON DELETE CASCADE,
    entity_type text NOT NULL,
    entity_id text,
    external_id text,
    outcome text NOT NULL,
    error_code text,
    message text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT store_sync_item_entity_type_check CHECK (entity_type IN ('product', 'variant', 'product_image', 'generated_asset')),
    CONSTRAINT store_sync_item_outcome_check CHECK (outcome IN ('created', 'updated', 'unchanged', 'skipped', 'deleted', 'failed'))
);
CREATE INDEX store_sync_item_log_idx ON store_sync_item (sync_log_id, outcome);
CREATE INDEX store_sync_item_entity_idx ON store_sync_item (entity_id, created_at);

CREATE TABLE asset_push (
    id text NOT NULL PRIMARY KEY,
    client_id text NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    store_connection_id text NOT NULL REFERENCES store_connection (id) ON DELETE CASCADE,
    generated_asset_id text NOT NULL REFERENCES generated_asset (id) ON DELETE CASCADE,
    product_id text NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    status text NOT NULL DEFAULT 'queued',
    external_product_id text NOT NULL,
    external_image_id text,
    external_image_url text,
    pushed_sha256 text,
    position integer,
    idempotency_key text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    last_error_code text,
    last_error text,
    journal jsonb NOT NULL DEFAULT '{}',
    synced_by text REFERENCES "user" (id) ON DELETE SET NULL,
    synced_at timestamptz,
    verified_at timestamptz,
    removed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT asset_push_unique UNIQUE (store_connection_id, generated_asset_id, product_id),
    CONSTRAINT asset_push_idempotency_key_unique UNIQUE (idempotency_key),
    CONSTRAINT asset_push_status_check CHECK (status IN ('queued', 'pushing', 'synced', 'failed', 'removing', 'removed'))
);
CREATE INDEX asset_push_due_idx ON asset_push (status, next_attempt_at);
CREATE INDEX asset_push_product_idx ON asset_push (product_id);

CREATE TABLE job (
    id text NOT NULL PRIMARY KEY,
    client_id text NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    queue text NOT NULL,
    flow_id text REFERENCES generation_flow (id) ON DELETE SET NULL,
    store_connection_id text REFERENCES store_connection (id) ON DELETE CASCADE,
    type text NOT NULL,
    payload jsonb NOT NULL,
    status text NOT NULL DEFAULT 'pending',
    progress integer NOT NULL DEFAULT 0,
    result jsonb,
    error text,
    attempts integer NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL DEFAULT 3,
    scheduled_for timestamptz NOT NULL DEFAULT now(),
    locked_by text,
    locked_at timestamptz,
    lease_expires_at timestamptz,
    lane text NOT NULL,
    running_lane text,
    priority integer NOT NULL DEFAULT 100,
    dedupe_key text,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    completed_at timestamptz,
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
    name text NOT NULL PRIMARY KEY,
    holder text NOT NULL,
    expires_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE _sqlx_migrations (version bigint PRIMARY KEY);
