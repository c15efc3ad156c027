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
    token_mark text,
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
-- For the clean-up: what is old, what is the newest of its kind, and whose parent it is.
CREATE INDEX store_sync_log_old_idx ON store_sync_log (completed_at) WHERE instance IS NOT NULL;
CREATE INDEX store_sync_log_kind_idx ON store_sync_log (store_connection_id, action, started_at);
CREATE INDEX store_sync_log_parent_id_idx ON store_sync_log (parent_id);
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
    postponements integer NOT NULL DEFAULT 0,
    waiting_since timestamptz,
    max_attempts integer NOT NULL DEFAULT 3,
    scheduled_for timestamptz NOT NULL DEFAULT now(),
    locked_by text,
    locked_at timestamptz,
    lease_expires_at timestamptz,
    lane text NOT NULL,
    running_lane text,
    priority integer NOT NULL DEFAULT 100,
    turn bigint NOT NULL DEFAULT 0,
    dedupe_key text,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    completed_at timestamptz,
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
    name text NOT NULL PRIMARY KEY,
    holder text NOT NULL,
    expires_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- What a shop tells us by itself: what we asked it to tell, and what came in.
CREATE TABLE webhook_subscription (
    id text NOT NULL PRIMARY KEY,
    store_connection_id text NOT NULL REFERENCES store_connection (id) ON DELETE CASCADE,
    topic text NOT NULL,
    external_webhook_id text,
    secret_sealed text,
    previous_secret_sealed text,
    previous_until timestamptz,
    status text NOT NULL DEFAULT 'active',
    last_delivery_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT webhook_subscription_unique UNIQUE (store_connection_id, topic),
    CONSTRAINT webhook_subscription_status_check CHECK (status IN ('active', 'paused', 'failed', 'removed'))
);

CREATE TABLE webhook_event (
    id text NOT NULL PRIMARY KEY,
    store_connection_id text NOT NULL REFERENCES store_connection (id) ON DELETE CASCADE,
    delivery_id text NOT NULL,
    topic text NOT NULL,
    external_resource_id text,
    payload jsonb NOT NULL,
    status text NOT NULL DEFAULT 'received',
    attempts integer NOT NULL DEFAULT 0,
    error text,
    received_at timestamptz NOT NULL DEFAULT now(),
    processed_at timestamptz,
    CONSTRAINT webhook_event_unique UNIQUE (store_connection_id, delivery_id),
    CONSTRAINT webhook_event_status_check CHECK (status IN ('received', 'processing', 'processed', 'ignored', 'failed'))
);
CREATE INDEX webhook_event_status_idx ON webhook_event (status, received_at);
