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
    token_mark TEXT,
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
-- For the clean-up: what is old, what is the newest of its kind, and whose parent it is.
CREATE INDEX store_sync_log_old_idx ON store_sync_log (completed_at) WHERE instance IS NOT NULL;
CREATE INDEX store_sync_log_kind_idx ON store_sync_log (store_connection_id, action, started_at);
CREATE INDEX store_sync_log_parent_id_idx ON store_sync_log (parent_id);
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
    postponements INTEGER NOT NULL DEFAULT 0,
    waiting_since TEXT,
    max_attempts INTEGER NOT NULL DEFAULT 3,
    scheduled_for TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    locked_by TEXT,
    locked_at TEXT,
    lease_expires_at TEXT,
    lane TEXT NOT NULL,
    running_lane TEXT,
    priority INTEGER NOT NULL DEFAULT 100,
    turn INTEGER NOT NULL DEFAULT 0,
    dedupe_key TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    started_at TEXT,
    completed_at TEXT,
    CONSTRAINT job_status_check CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'cancelled')),
    CONSTRAINT job_progress_check CHECK (progress BETWEEN 0 AND 100),
    CONSTRAINT job_running_lane_unique UNIQUE (running_lane),
    CONSTRAINT job_running_lane_check CHECK (running_lane IS NULL OR (status = 'processing' AND running_lane = lane))
);
CREATE INDEX job_claimable_idx ON job (queue, priority, turn, scheduled_for, id) WHERE status = 'pending';
CREATE INDEX job_turn_idx ON job (queue, turn) WHERE status = 'pending';
CREATE INDEX job_lease_idx ON job (lease_expires_at) WHERE status = 'processing';
-- The last turn that a client has taken already.
CREATE INDEX job_client_turn_idx ON job (client_id, queue, turn) WHERE status = 'pending';
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

-- What a shop tells us by itself: what we asked it to tell, and what came in.
CREATE TABLE webhook_subscription (
    id TEXT NOT NULL PRIMARY KEY,
    store_connection_id TEXT NOT NULL REFERENCES store_connection (id) ON DELETE CASCADE,
    topic TEXT NOT NULL,
    external_webhook_id TEXT,
    secret_sealed TEXT,
    previous_secret_sealed TEXT,
    previous_until TEXT,
    status TEXT NOT NULL DEFAULT 'active',
    last_delivery_at TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT webhook_subscription_unique UNIQUE (store_connection_id, topic),
    CONSTRAINT webhook_subscription_status_check CHECK (status IN ('active', 'paused', 'failed', 'removed'))
);

CREATE TABLE webhook_event (
    id TEXT NOT NULL PRIMARY KEY,
    store_connection_id TEXT NOT NULL REFERENCES store_connection (id) ON DELETE CASCADE,
    delivery_id TEXT NOT NULL,
    topic TEXT NOT NULL,
    external_resource_id TEXT,
    payload TEXT NOT NULL CHECK (json_valid(payload)),
    status TEXT NOT NULL DEFAULT 'received',
    attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    received_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    processed_at TEXT,
    CONSTRAINT webhook_event_unique UNIQUE (store_connection_id, delivery_id),
    CONSTRAINT webhook_event_status_check CHECK (status IN ('received', 'processing', 'processed', 'ignored', 'failed'))
);
CREATE INDEX webhook_event_status_idx ON webhook_event (status, received_at);
