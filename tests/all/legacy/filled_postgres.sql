-- A database that the program of 0dd0e60 filled; see tests/all/earlier.rs.
CREATE FUNCTION public.forget_marks() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM tag_assignment WHERE entity_type = TG_TABLE_NAME AND entity_id = OLD.id;
    DELETE FROM user_favorite WHERE entity_type = TG_TABLE_NAME AND entity_id = OLD.id;
    RETURN OLD;
END
$$;
CREATE TABLE public.admin_user (
    id text NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    password_hash text NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp without time zone DEFAULT now() NOT NULL,
    updated_at timestamp without time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.asset_push (
    id text NOT NULL,
    client_id text NOT NULL,
    store_connection_id text NOT NULL,
    generated_asset_id text NOT NULL,
    product_id text NOT NULL,
    status text DEFAULT 'queued'::text NOT NULL,
    external_product_id text NOT NULL,
    external_image_id text,
    external_image_url text,
    pushed_sha256 text,
    "position" integer,
    idempotency_key text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone,
    last_error_code text,
    last_error text,
    journal jsonb DEFAULT '{}'::jsonb NOT NULL,
    synced_by text,
    synced_at timestamp with time zone,
    verified_at timestamp with time zone,
    removed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT asset_push_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'pushing'::text, 'synced'::text, 'failed'::text, 'removing'::text, 'removed'::text])))
);
CREATE TABLE public.chat_session (
    id text NOT NULL,
    product_id text NOT NULL,
    name text NOT NULL,
    selected_base_image_id text,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp without time zone DEFAULT now() NOT NULL,
    updated_at timestamp without time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.client (
    id text NOT NULL,
    name text NOT NULL,
    slug text,
    logo text,
    metadata jsonb,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp without time zone DEFAULT now() NOT NULL,
    updated_at timestamp without time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.collection_session (
    id text NOT NULL,
    client_id text NOT NULL,
    name text NOT NULL,
    product_ids jsonb DEFAULT '[]'::jsonb NOT NULL,
    selected_base_images jsonb DEFAULT '{}'::jsonb NOT NULL,
    status text DEFAULT 'draft'::text NOT NULL,
    settings jsonb,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp without time zone DEFAULT now() NOT NULL,
    updated_at timestamp without time zone DEFAULT now() NOT NULL,
    CONSTRAINT collection_session_status_check CHECK ((status = ANY (ARRAY['draft'::text, 'generating'::text, 'completed'::text])))
);
CREATE TABLE public.daemon_lease (
    name text NOT NULL,
    holder text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.favorite_image (
    id text NOT NULL,
    client_id text NOT NULL,
    generated_asset_id text NOT NULL,
    created_at timestamp without time zone DEFAULT now() NOT NULL,
    updated_at timestamp without time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.generated_asset (
    id text NOT NULL,
    client_id text NOT NULL,
    generation_flow_id text,
    chat_session_id text,
    asset_url text,
    asset_type text DEFAULT 'image'::text NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    prompt text,
    settings jsonb,
    product_ids jsonb,
    job_id text,
    error text,
    asset_analysis jsonb,
    analysis_version text,
    approval_status text DEFAULT 'pending'::text NOT NULL,
    approved_at timestamp with time zone,
    approved_by text,
    approval_note text,
    original_asset_url text,
    original_byte_size bigint,
    provenance jsonb,
    sha256 text,
    mime_type text,
    width integer,
    height integer,
    byte_size bigint,
    model text,
    cost_usd_micros bigint,
    created_at timestamp without time zone DEFAULT now() NOT NULL,
    updated_at timestamp without time zone DEFAULT now() NOT NULL,
    completed_at timestamp with time zone,
    deleted_at timestamp with time zone,
    from_legacy boolean DEFAULT false NOT NULL,
    CONSTRAINT generated_asset_approval_check CHECK (((approval_status <> 'approved'::text) OR (approved_at IS NOT NULL))),
    CONSTRAINT generated_asset_approval_status_check CHECK ((approval_status = ANY (ARRAY['pending'::text, 'approved'::text, 'rejected'::text]))),
    CONSTRAINT generated_asset_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'generating'::text, 'completed'::text, 'error'::text]))),
    CONSTRAINT generated_asset_type_check CHECK ((asset_type = ANY (ARRAY['image'::text, 'video'::text, '3d_model'::text]))),
    CONSTRAINT generated_asset_url_check CHECK (((status <> 'completed'::text) OR (asset_url IS NOT NULL)))
);
CREATE TABLE public.generated_asset_product (
    id text NOT NULL,
    generated_asset_id text NOT NULL,
    product_id text NOT NULL,
    is_primary boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.generation_event (
    id text NOT NULL,
    client_id text NOT NULL,
    generation_flow_id text,
    product_id text,
    generated_asset_id text,
    user_id text,
    event_type text NOT NULL,
    metadata jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT generation_event_type_check CHECK ((event_type = ANY (ARRAY['started'::text, 'completed'::text, 'error'::text, 'viewed'::text, 'approved'::text, 'rejected'::text, 'exported'::text])))
);
CREATE TABLE public.generation_flow (
    id text NOT NULL,
    collection_session_id text,
    client_id text NOT NULL,
    name text,
    product_ids jsonb DEFAULT '[]'::jsonb NOT NULL,
    selected_base_images jsonb DEFAULT '{}'::jsonb NOT NULL,
    status text DEFAULT 'empty'::text NOT NULL,
    settings jsonb NOT NULL,
    is_favorite boolean DEFAULT false NOT NULL,
    current_image_index integer DEFAULT 0 NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp without time zone DEFAULT now() NOT NULL,
    updated_at timestamp without time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    from_legacy boolean DEFAULT false NOT NULL,
    CONSTRAINT generation_flow_status_check CHECK ((status = ANY (ARRAY['empty'::text, 'configured'::text, 'generating'::text, 'completed'::text, 'error'::text])))
);
CREATE TABLE public.inspiration_image (
    id text NOT NULL,
    collection_session_id text NOT NULL,
    url text NOT NULL,
    r2_key text,
    source text NOT NULL,
    analysis jsonb,
    display_order integer DEFAULT 0 NOT NULL,
    sha256 text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT inspiration_image_source_check CHECK ((source = ANY (ARRAY['upload'::text, 'unsplash'::text, 'url'::text, 'library'::text, 'stock'::text])))
);
CREATE TABLE public.job (
    id text NOT NULL,
    client_id text NOT NULL,
    queue text NOT NULL,
    flow_id text,
    store_connection_id text,
    type text NOT NULL,
    payload jsonb NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    progress integer DEFAULT 0 NOT NULL,
    result jsonb,
    error text,
    attempts integer DEFAULT 0 NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    postponements integer DEFAULT 0 NOT NULL,
    waiting_since timestamp with time zone,
    max_attempts integer DEFAULT 3 NOT NULL,
    scheduled_for timestamp with time zone DEFAULT now() NOT NULL,
    locked_by text,
    locked_at timestamp with time zone,
    lease_expires_at timestamp with time zone,
    lane text NOT NULL,
    running_lane text,
    priority integer DEFAULT 100 NOT NULL,
    turn bigint DEFAULT 0 NOT NULL,
    dedupe_key text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    CONSTRAINT job_progress_check CHECK (((progress >= 0) AND (progress <= 100))),
    CONSTRAINT job_running_lane_check CHECK (((running_lane IS NULL) OR ((status = 'processing'::text) AND (running_lane = lane)))),
    CONSTRAINT job_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'processing'::text, 'completed'::text, 'failed'::text, 'cancelled'::text])))
);
CREATE TABLE public.member (
    id text NOT NULL,
    client_id text NOT NULL,
    user_id text NOT NULL,
    role text DEFAULT 'member'::text NOT NULL,
    created_at timestamp without time zone DEFAULT now() NOT NULL,
    updated_at timestamp without time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.message (
    id text NOT NULL,
    chat_session_id text,
    collection_session_id text,
    role text NOT NULL,
    parts jsonb NOT NULL,
    base_image_id text,
    base_image_ids jsonb,
    inspiration_image_id text,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp without time zone DEFAULT now() NOT NULL,
    updated_at timestamp without time zone DEFAULT now() NOT NULL,
    from_legacy boolean DEFAULT false NOT NULL,
    CONSTRAINT message_session_check CHECK ((((chat_session_id IS NOT NULL) AND (collection_session_id IS NULL)) OR ((chat_session_id IS NULL) AND (collection_session_id IS NOT NULL))))
);
CREATE TABLE public.oauth_state (
    state_hash text NOT NULL,
    client_id text NOT NULL,
    user_id text,
    store_connection_id text,
    store_type text NOT NULL,
    store_url text NOT NULL,
    facts jsonb DEFAULT '{}'::jsonb NOT NULL,
    browser_hash text,
    requested_scopes jsonb NOT NULL,
    code_verifier_sealed text,
    grant_sealed text,
    return_url text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    consumed_at timestamp with time zone
);
CREATE TABLE public.product (
    id text NOT NULL,
    client_id text NOT NULL,
    name text NOT NULL,
    description text,
    category text,
    room_types jsonb,
    model_filename text,
    favorite_images jsonb DEFAULT '[]'::jsonb NOT NULL,
    scene_images jsonb DEFAULT '[]'::jsonb NOT NULL,
    is_favorite boolean DEFAULT false NOT NULL,
    source text DEFAULT 'uploaded'::text NOT NULL,
    store_connection_id text,
    erp_id text,
    erp_sku text,
    erp_url text,
    imported_at timestamp with time zone,
    analysis_data jsonb,
    analysis_version text,
    analyzed_at timestamp with time zone,
    price numeric(12,2),
    currency text,
    metadata jsonb,
    erp_status text,
    erp_updated_at timestamp with time zone,
    erp_hash text,
    last_synced_at timestamp with time zone,
    last_seen_run_id text,
    erp_deleted_at timestamp with time zone,
    edited_fields jsonb DEFAULT '[]'::jsonb NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp without time zone DEFAULT now() NOT NULL,
    updated_at timestamp without time zone DEFAULT now() NOT NULL,
    CONSTRAINT product_imported_check CHECK (((source <> 'imported'::text) OR (erp_id IS NOT NULL))),
    CONSTRAINT product_source_check CHECK ((source = ANY (ARRAY['imported'::text, 'uploaded'::text])))
);
CREATE TABLE public.product_image (
    id text NOT NULL,
    product_id text NOT NULL,
    r2_key_base text NOT NULL,
    r2_key_preview text,
    sort_order integer DEFAULT 0 NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp without time zone DEFAULT now() NOT NULL,
    updated_at timestamp without time zone DEFAULT now() NOT NULL,
    is_primary boolean DEFAULT false NOT NULL,
    sync_status text DEFAULT 'local'::text NOT NULL,
    external_image_id text,
    original_store_url text,
    generated_asset_id text,
    sha256 text,
    mime_type text,
    width integer,
    height integer,
    alt_text text,
    deleted_at timestamp with time zone,
    CONSTRAINT product_image_sync_status_check CHECK ((sync_status = ANY (ARRAY['local'::text, 'synced'::text, 'unsynced'::text, 'removed'::text])))
);
CREATE TABLE public.product_variant (
    id text NOT NULL,
    product_id text NOT NULL,
    store_connection_id text,
    erp_variant_id text NOT NULL,
    erp_sku text,
    title text,
    options jsonb DEFAULT '{}'::jsonb NOT NULL,
    price numeric(12,2),
    currency text,
    erp_image_id text,
    "position" integer DEFAULT 0 NOT NULL,
    erp_hash text,
    erp_deleted_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.quota_limit (
    id text NOT NULL,
    client_id text NOT NULL,
    plan text DEFAULT 'free'::text NOT NULL,
    monthly_generation_limit integer DEFAULT 100 NOT NULL,
    storage_quota_mb integer DEFAULT 1000 NOT NULL,
    max_products integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.schema_adoption (
    id text NOT NULL,
    fingerprint text NOT NULL,
    report jsonb NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    completed_at timestamp with time zone
);
CREATE TABLE public.spending (
    budget text NOT NULL,
    month text NOT NULL,
    usd_micros bigint NOT NULL,
    updated_at timestamp with time zone NOT NULL
);
CREATE TABLE public.store_connection (
    id text NOT NULL,
    client_id text NOT NULL,
    store_type text NOT NULL,
    store_url text NOT NULL,
    store_name text,
    external_store_id text,
    facts jsonb DEFAULT '{}'::jsonb NOT NULL,
    credentials_ciphertext text,
    credentials_iv text,
    credentials_tag text,
    credentials_key_id text,
    credentials_format integer DEFAULT 2 NOT NULL,
    credentials_fingerprint text,
    scopes jsonb,
    token_expires_at timestamp with time zone,
    refresh_expires_at timestamp with time zone,
    token_refreshed_at timestamp with time zone,
    keep_alive_at timestamp with time zone,
    renew_at timestamp with time zone,
    warn_at timestamp with time zone,
    token_version integer DEFAULT 1 NOT NULL,
    refresh_locked_until timestamp with time zone,
    refresh_locked_by text,
    api_version text,
    auto_sync_enabled boolean DEFAULT false NOT NULL,
    sync_on_approval boolean DEFAULT true NOT NULL,
    sync_interval_seconds integer DEFAULT 3600 NOT NULL,
    sync_cron text,
    sync_timezone text DEFAULT 'UTC'::text NOT NULL,
    import_filter jsonb,
    push_mode text DEFAULT 'append'::text NOT NULL,
    next_sync_at timestamp with time zone,
    last_sync_at timestamp with time zone,
    last_success_at timestamp with time zone,
    consecutive_failures integer DEFAULT 0 NOT NULL,
    backoff_until timestamp with time zone,
    status text DEFAULT 'active'::text NOT NULL,
    last_error_code text,
    last_error text,
    last_webhook_at timestamp with time zone,
    connected_by text,
    disconnected_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT store_connection_credentials_check CHECK (((status <> 'active'::text) OR (credentials_ciphertext IS NOT NULL))),
    CONSTRAINT store_connection_interval_check CHECK ((sync_interval_seconds >= 60)),
    CONSTRAINT store_connection_push_mode_check CHECK ((push_mode = ANY (ARRAY['append'::text, 'set_primary'::text, 'replace_pushed'::text]))),
    CONSTRAINT store_connection_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'active'::text, 'needs_reauth'::text, 'disconnected'::text, 'error'::text])))
);
CREATE TABLE public.store_sync_item (
    id text NOT NULL,
    sync_log_id text NOT NULL,
    entity_type text NOT NULL,
    entity_id text,
    external_id text,
    outcome text NOT NULL,
    error_code text,
    message text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT store_sync_item_entity_type_check CHECK ((entity_type = ANY (ARRAY['product'::text, 'variant'::text, 'product_image'::text, 'generated_asset'::text]))),
    CONSTRAINT store_sync_item_outcome_check CHECK ((outcome = ANY (ARRAY['created'::text, 'updated'::text, 'unchanged'::text, 'skipped'::text, 'deleted'::text, 'failed'::text])))
);
CREATE TABLE public.store_sync_log (
    id text NOT NULL,
    store_connection_id text NOT NULL,
    client_id text NOT NULL,
    parent_id text,
    action text NOT NULL,
    trigger text NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    generated_asset_id text,
    product_id text,
    external_image_id text,
    external_image_url text,
    items_total integer DEFAULT 0 NOT NULL,
    items_processed integer DEFAULT 0 NOT NULL,
    items_created integer DEFAULT 0 NOT NULL,
    items_updated integer DEFAULT 0 NOT NULL,
    items_unchanged integer DEFAULT 0 NOT NULL,
    items_deleted integer DEFAULT 0 NOT NULL,
    items_skipped integer DEFAULT 0 NOT NULL,
    items_failed integer DEFAULT 0 NOT NULL,
    api_calls integer DEFAULT 0 NOT NULL,
    attempt integer DEFAULT 1 NOT NULL,
    error_code text,
    error_message text,
    error_details jsonb,
    triggered_by text,
    job_id text,
    instance text,
    heartbeat_at timestamp with time zone,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    completed_at timestamp with time zone,
    CONSTRAINT store_sync_log_action_check CHECK ((action = ANY (ARRAY['import'::text, 'upload'::text, 'update'::text, 'delete'::text, 'reconcile'::text, 'refresh_token'::text, 'webhook'::text]))),
    CONSTRAINT store_sync_log_done_check CHECK (((completed_at IS NOT NULL) OR (status = ANY (ARRAY['pending'::text, 'running'::text])))),
    CONSTRAINT store_sync_log_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'running'::text, 'success'::text, 'partial'::text, 'failed'::text, 'cancelled'::text, 'skipped'::text]))),
    CONSTRAINT store_sync_log_trigger_check CHECK ((trigger = ANY (ARRAY['schedule'::text, 'manual'::text, 'approval'::text, 'webhook'::text, 'retry'::text, 'startup'::text])))
);
CREATE TABLE public.sync_cursor (
    store_connection_id text NOT NULL,
    resource text NOT NULL,
    cursor jsonb,
    updated_since timestamp with time zone,
    full_sync_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT sync_cursor_resource_check CHECK ((resource = ANY (ARRAY['products'::text, 'categories'::text, 'images'::text])))
);
CREATE TABLE public.sync_seen (
    store_connection_id text NOT NULL,
    pass_id text NOT NULL,
    page integer NOT NULL,
    marks bytea NOT NULL
);
CREATE TABLE public.tag (
    id text NOT NULL,
    client_id text NOT NULL,
    name text NOT NULL,
    color text,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.tag_assignment (
    id text NOT NULL,
    tag_id text NOT NULL,
    entity_type text NOT NULL,
    entity_id text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tag_assignment_entity_type_check CHECK ((entity_type = ANY (ARRAY['product'::text, 'generation_flow'::text])))
);
CREATE TABLE public.usage_entry (
    id text NOT NULL,
    client_id text NOT NULL,
    store_connection_id text,
    product_id text,
    generated_asset_id text,
    month text NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    budget text,
    reserved_usd_micros bigint NOT NULL,
    usd_micros bigint NOT NULL,
    model text,
    input_tokens bigint,
    output_tokens bigint,
    created_at timestamp with time zone NOT NULL,
    called_at timestamp with time zone,
    settled_at timestamp with time zone,
    CONSTRAINT usage_entry_kind_check CHECK ((kind = ANY (ARRAY['image'::text, 'edit'::text, 'product_analysis'::text, 'scene_analysis'::text, 'lost'::text]))),
    CONSTRAINT usage_entry_status_check CHECK ((status = ANY (ARRAY['reserved'::text, 'settled'::text, 'released'::text])))
);
CREATE TABLE public.usage_record (
    id text NOT NULL,
    client_id text NOT NULL,
    month text NOT NULL,
    generation_count integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public."user" (
    id text NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    email_verified boolean DEFAULT false NOT NULL,
    image text,
    created_at timestamp without time zone DEFAULT now() NOT NULL,
    updated_at timestamp without time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.user_favorite (
    id text NOT NULL,
    user_id text NOT NULL,
    entity_type text NOT NULL,
    entity_id text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT user_favorite_entity_type_check CHECK ((entity_type = ANY (ARRAY['product'::text, 'generation_flow'::text])))
);
CREATE TABLE public.webhook_event (
    id text NOT NULL,
    store_connection_id text NOT NULL,
    delivery_id text NOT NULL,
    topic text NOT NULL,
    external_resource_id text,
    payload jsonb NOT NULL,
    status text DEFAULT 'received'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    error text,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    processed_at timestamp with time zone,
    CONSTRAINT webhook_event_status_check CHECK ((status = ANY (ARRAY['received'::text, 'processing'::text, 'processed'::text, 'ignored'::text, 'failed'::text])))
);
CREATE TABLE public.webhook_subscription (
    id text NOT NULL,
    store_connection_id text NOT NULL,
    topic text NOT NULL,
    external_webhook_id text,
    secret_sealed text,
    status text DEFAULT 'active'::text NOT NULL,
    last_delivery_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT webhook_subscription_status_check CHECK ((status = ANY (ARRAY['active'::text, 'paused'::text, 'failed'::text, 'removed'::text])))
);
INSERT INTO public.asset_push VALUES
	('01a22242-6841-71a9-bdc8-cad35f031fe2', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22242-427b-77b1-af68-b2fadb9a4cf7', '01a22241-ff9d-7b6b-bd9f-e47443195db2', 'failed', '1001', NULL, NULL, NULL, NULL, '01a22241-ff6a-7105-835c-7170a49283a2:01a22242-427b-77b1-af68-b2fadb9a4cf7:01a22241-ff9d-7b6b-bd9f-e47443195db2:80bd7b392f20e67e74247c92f94f797778c1ecd36ecdaff75111f9c03ac77906', 1, NULL, 'http_422', 'Sandbox shop: POST 127.0.0.1:4101/api/uploads answered 422 (something broke in the shop)', '{"steps": {"upload": {"state": "begun"}}, "replaces": [], "snapshot": [{"id": "i1001-1", "alt": "Terracotta Mug, view 1", "url": "http://127.0.0.1:4101/pictures/1001-1.png", "name": "1001-1.png"}, {"id": "a2", "alt": "Terracotta Mug", "url": "http://127.0.0.1:4101/pictures/a2", "name": "ss-ac85426f97d3db881a22.webp"}]}', NULL, NULL, NULL, NULL, '2026-11-28 13:05:07.132+00', '2026-11-28 13:05:07.737+00'),
	('01a22242-6153-7d0b-a5cf-d66b346323f6', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22242-427b-7bfa-9e57-508682827938', '01a22241-ff9d-7b6b-bd9f-e47443195db2', 'synced', '1001', 'a2', 'http://127.0.0.1:4101/pictures/a2', '82d901b100be09831b0d52012c46482f66d582503163af1d44c2cfba9e3d0af6', 1, '01a22241-ff6a-7105-835c-7170a49283a2:01a22242-427b-7bfa-9e57-508682827938:01a22241-ff9d-7b6b-bd9f-e47443195db2:82d901b100be09831b0d52012c46482f66d582503163af1d44c2cfba9e3d0af6', 1, NULL, NULL, NULL, '{"steps": {"ready": {"kept": {}, "state": "done"}, "attach": {"kept": {"image_id": "a2"}, "state": "done"}, "upload": {"kept": {"upload_id": "u1"}, "state": "done"}}, "replaces": [], "snapshot": [{"id": "i1001-1", "alt": "Terracotta Mug, view 1", "url": "http://127.0.0.1:4101/pictures/1001-1.png", "name": "1001-1.png"}]}', NULL, '2026-11-28 13:05:06.445+00', '2026-11-28 13:05:06.445+00', NULL, '2026-11-28 13:05:05.35+00', '2026-11-28 13:05:06.445+00'),
	('01a22242-6d5c-7937-8e53-2960be47869f', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22242-427c-78d9-b5a9-54d20834e906', '01a22241-ff9d-7b6b-bd9f-e47443195db2', 'removed', '1001', 'a4', 'http://127.0.0.1:4101/pictures/a4', '504f675c3d213ac9ac79640b9266df88c15e30de22011745b768168ac4d0cb62', 2, '01a22241-ff6a-7105-835c-7170a49283a2:01a22242-427c-78d9-b5a9-54d20834e906:01a22241-ff9d-7b6b-bd9f-e47443195db2:504f675c3d213ac9ac79640b9266df88c15e30de22011745b768168ac4d0cb62', 1, NULL, NULL, NULL, '{"steps": {"ready": {"kept": {}, "state": "done"}, "attach": {"kept": {"image_id": "a4"}, "state": "done"}, "upload": {"kept": {"upload_id": "u3"}, "state": "done"}}, "replaces": [], "snapshot": [{"id": "i1001-1", "alt": "Terracotta Mug, view 1", "url": "http://127.0.0.1:4101/pictures/1001-1.png", "name": "1001-1.png"}, {"id": "a2", "alt": "Terracotta Mug", "url": "http://127.0.0.1:4101/pictures/a2", "name": "ss-ac85426f97d3db881a22.webp"}]}', NULL, '2026-11-28 13:05:09.108+00', '2026-11-28 13:05:09.108+00', '2026-11-28 13:05:10.379+00', '2026-11-28 13:05:08.435+00', '2026-11-28 13:05:10.379+00'),
	('01a22242-ae69-7ce3-9439-c4b68c62038a', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22242-427d-7d16-8960-fee67966b463', '01a22241-ff9d-7b6b-bd9f-e47443195db2', 'pushing', '1001', NULL, NULL, NULL, NULL, '01a22241-ff6a-7105-835c-7170a49283a2:01a22242-427d-7d16-8960-fee67966b463:01a22241-ff9d-7b6b-bd9f-e47443195db2:ba40bfeb52a0689d65980ebcc06465ad8fd9f3b6bb14c0c1cfbc407498f2b6b3', 1, NULL, NULL, NULL, '{"steps": {"upload": {"state": "begun"}}, "replaces": [], "snapshot": [{"id": "i1001-1", "alt": "Terracotta Mug, view 1", "url": "http://127.0.0.1:4101/pictures/1001-1.png", "name": "1001-1.png"}, {"id": "a2", "alt": "Terracotta Mug", "url": "http://127.0.0.1:4101/pictures/a2", "name": "ss-ac85426f97d3db881a22.webp"}]}', NULL, NULL, NULL, NULL, '2026-11-28 13:05:25.092+00', '2026-11-28 13:05:25.346+00'),
	('01a22242-b908-7a20-a617-85df10856f96', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22242-427d-7005-88e3-7febefb6075f', '01a22241-ff9d-7b6b-bd9f-e47443195db2', 'queued', '1001', NULL, NULL, NULL, NULL, '01a22241-ff6a-7105-835c-7170a49283a2:01a22242-427d-7005-88e3-7febefb6075f:01a22241-ff9d-7b6b-bd9f-e47443195db2:0c34bdc56f76c71365a04cef69f9365232693d7d0cbeb4347d09cb187349a38b', 0, NULL, NULL, NULL, '{}', NULL, NULL, NULL, NULL, '2026-11-28 13:05:27.812+00', '2026-11-28 13:05:27.812+00'),
	('01a22242-79ad-7126-b5be-3acfe58f9e19', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22242-4b4b-7fc3-a235-aab6b44d1ab7', '01a22241-ff9d-73e2-b861-54985c658d4b', 'synced', '1002', 'a6', 'http://127.0.0.1:4101/pictures/a6', '9f9cf9952623bd9656a9b478633d40d413cf77763acd3f0117cd3425f571a099', 2, '01a22241-ff6a-7105-835c-7170a49283a2:01a22242-4b4b-7fc3-a235-aab6b44d1ab7:01a22241-ff9d-73e2-b861-54985c658d4b:9f9cf9952623bd9656a9b478633d40d413cf77763acd3f0117cd3425f571a099', 1, NULL, NULL, NULL, '{"steps": {"ready": {"kept": {}, "state": "done"}, "attach": {"kept": {"image_id": "a6"}, "state": "done"}, "upload": {"kept": {"upload_id": "u5"}, "state": "done"}}, "replaces": [], "snapshot": [{"id": "i1002-1", "alt": "Terracotta Vase, view 1", "url": "http://127.0.0.1:4101/pictures/1002-1.png", "name": "1002-1.png"}, {"id": "i1002-2", "alt": "Terracotta Vase, view 2", "url": "http://127.0.0.1:4101/pictures/1002-2.png", "name": "1002-2.png"}]}', NULL, '2026-11-28 13:05:12.216+00', '2026-11-28 13:05:12.216+00', NULL, '2026-11-28 13:05:11.594+00', '2026-11-28 13:05:12.216+00');
INSERT INTO public.client VALUES
	('01a22241-f5ce-7a9e-9117-51e7706eed8d', 'Beta Brand', 'beta', NULL, NULL, 1, '2026-11-28 13:04:37.838', '2026-11-28 13:04:37.838'),
	('01a22241-f3e4-79d5-a018-6d766af308a5', 'Acme & Söhne', 'acme', NULL, NULL, 2, '2026-11-28 13:04:37.348', '2026-11-28 13:04:38.099');
INSERT INTO public.collection_session VALUES
	('01a22242-2ad2-7b63-b9d4-638e898fca22', '01a22241-f3e4-79d5-a018-6d766af308a5', 'Late autumn', '["01a22241-ff9d-7b6b-bd9f-e47443195db2", "01a22241-ff9d-73e2-b861-54985c658d4b"]', '{}', 'draft', '{"size": 128}', 2, '2026-11-28 13:04:51.41', '2026-11-28 13:05:02.851');
INSERT INTO public.daemon_lease VALUES
	('21692-01a22242-9f15-70db-9a2e-bbb0100a0320', 'https://sync.example', '2026-11-28 13:05:41.183+00', '2026-11-28 13:05:21.183+00');
INSERT INTO public.favorite_image VALUES
	('01a22242-8a3c-7f90-9bb5-000bf7c2a8be', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-427b-7bfa-9e57-508682827938', '2026-11-28 13:05:15.836', '2026-11-28 13:05:15.836');
INSERT INTO public.generated_asset VALUES
	('01a22242-427c-75a2-8f96-8feeb6677455', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/generations/01a22242-3b50-7fb3-a031-668ef0d819a0/assets/01a22242-427c-75a2-8f96-8feeb6677455.webp', 'image', 'completed', 'You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Mug (Kitchen, coloured terracotta and rust and dark brown).
Style: wood.
Light: cool daylight.
Colours: purple.
Take mood, light and colours from the inspiration pictures, and none of their objects.
Follow this, with a photographer''s judgement in the details.
This is variant 4 of 6: light from the right, with gentle shadows to the left.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.', '{"seed": 4, "size": 128, "style": "wood", "engine": "studio", "variant": 4, "variants": 6}', '["01a22241-ff9d-7b6b-bd9f-e47443195db2"]', '01a22242-427c-78a1-a510-9caed3d264af', NULL, NULL, NULL, 'rejected', '2026-11-28 13:05:11.211+00', NULL, 'too dark', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/generations/01a22242-3b50-7fb3-a031-668ef0d819a0/assets/01a22242-427c-75a2-8f96-8feeb6677455_original.png', 17498, '{"flow": "01a22242-3b50-7fb3-a031-668ef0d819a0", "kind": "image", "seed": 4, "engine": "studio", "cut_out": true, "pictures": [{"image": "01a22241-ffa2-71ec-8ff9-9986d1624c25", "sha256": "708ccbbd0206eca8f51507c9e8c34febab991b37925aaeb92ca5e031603d0a70", "product": "01a22241-ff9d-7b6b-bd9f-e47443195db2"}], "inspirations": [{"sha256": "84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16", "inspiration": "01a22242-344b-72be-9697-61f6b837f9ed"}, {"sha256": "84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16", "inspiration": "01a22242-3867-7be2-a5cf-27e99e8e56e8"}], "original_sha256": "1065e80d9797e850764753f840c73e6888230cc330dc6088222de30e32f72db8"}', '07e89468f8eebd4b397058055837e6dddf2539679b3f789f66fa3c14f6525e94', 'image/webp', 128, 128, 1334, 'local-studio/2', 0, '2026-11-28 13:04:57.469', '2026-11-28 13:05:11.211', '2026-11-28 13:04:58.432+00', NULL, false),
	('01a22242-4b4b-7fc3-a235-aab6b44d1ab7', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3e70-7082-9690-6780059ef436', NULL, 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/generations/01a22242-3e70-7082-9690-6780059ef436/assets/01a22242-4b4b-7fc3-a235-aab6b44d1ab7.webp', 'image', 'completed', 'You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Vase (warm oak, made of warm oak, coloured warm oak).
Scene: warm oak.
Style: marble.
Light: warm oak.
Camera: warm oak.
Around it: warm oak.
Colours: warm oak.
Take mood, light and colours from the inspiration pictures, and none of their objects.
Follow this, with a photographer''s judgement in the details.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.', '{"seed": 1, "style": "marble", "engine": "gemini", "variant": 1, "variants": 1}', '["01a22241-ff9d-73e2-b861-54985c658d4b"]', '01a22242-4b4b-7a74-9e0d-65825592f715', NULL, NULL, NULL, 'approved', '2026-11-28 13:05:11.588+00', NULL, NULL, 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/generations/01a22242-3e70-7082-9690-6780059ef436/assets/01a22242-4b4b-7fc3-a235-aab6b44d1ab7_original.png', 22531, '{"flow": "01a22242-3e70-7082-9690-6780059ef436", "kind": "image", "seed": 1, "engine": "gemini", "pictures": [{"image": "01a22241-ffa2-7098-b58e-d6b135de94c4", "sha256": "65faf4c7965226e5cd2567fb131739bcd0b03d489c3736ec73696eccee1bba80", "product": "01a22241-ff9d-73e2-b861-54985c658d4b"}], "inspirations": [{"sha256": "84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16", "inspiration": "01a22242-344b-72be-9697-61f6b837f9ed"}, {"sha256": "84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16", "inspiration": "01a22242-3867-7be2-a5cf-27e99e8e56e8"}], "original_sha256": "0a41d7da40a70c219ad2cc5b288544afbff914fdc8f64cd73d1e6745972f8359"}', '9f9cf9952623bd9656a9b478633d40d413cf77763acd3f0117cd3425f571a099', 'image/webp', 640, 640, 5456, 'gemini-3.1-flash-image', 67000, '2026-11-28 13:04:59.723', '2026-11-28 13:05:11.588', '2026-11-28 13:05:00.282+00', NULL, false),
	('01a22242-427d-7d16-8960-fee67966b463', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/generations/01a22242-3b50-7fb3-a031-668ef0d819a0/assets/01a22242-427d-7d16-8960-fee67966b463.webp', 'image', 'completed', 'You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Mug (Kitchen, coloured terracotta and rust and dark brown).
Style: wood.
Light: cool daylight.
Colours: purple.
Take mood, light and colours from the inspiration pictures, and none of their objects.
Follow this, with a photographer''s judgement in the details.
This is variant 5 of 6: a wider view with room around the product.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.', '{"seed": 5, "size": 128, "style": "wood", "engine": "studio", "variant": 5, "variants": 6}', '["01a22241-ff9d-7b6b-bd9f-e47443195db2"]', '01a22242-427d-74bc-96ca-7863354813c8', NULL, NULL, NULL, 'approved', '2026-11-28 13:05:25.081+00', NULL, NULL, 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/generations/01a22242-3b50-7fb3-a031-668ef0d819a0/assets/01a22242-427d-7d16-8960-fee67966b463_original.png', 20332, '{"flow": "01a22242-3b50-7fb3-a031-668ef0d819a0", "kind": "image", "seed": 5, "engine": "studio", "cut_out": true, "pictures": [{"image": "01a22241-ffa2-71ec-8ff9-9986d1624c25", "sha256": "708ccbbd0206eca8f51507c9e8c34febab991b37925aaeb92ca5e031603d0a70", "product": "01a22241-ff9d-7b6b-bd9f-e47443195db2"}], "inspirations": [{"sha256": "84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16", "inspiration": "01a22242-344b-72be-9697-61f6b837f9ed"}, {"sha256": "84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16", "inspiration": "01a22242-3867-7be2-a5cf-27e99e8e56e8"}], "original_sha256": "3d5b52359384adf4351b4dbb184c23b2fb61552077a90cff988c7bfa9a0a46cd"}', 'ba40bfeb52a0689d65980ebcc06465ad8fd9f3b6bb14c0c1cfbc407498f2b6b3', 'image/webp', 128, 128, 1610, 'local-studio/2', 0, '2026-11-28 13:04:57.469', '2026-11-28 13:05:25.081', '2026-11-28 13:04:58.6+00', NULL, false),
	('01a22242-427b-7bfa-9e57-508682827938', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/generations/01a22242-3b50-7fb3-a031-668ef0d819a0/assets/01a22242-427b-7bfa-9e57-508682827938.webp', 'image', 'completed', 'You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Mug (Kitchen, coloured terracotta and rust and dark brown).
Style: wood.
Light: cool daylight.
Colours: purple.
Take mood, light and colours from the inspiration pictures, and none of their objects.
Follow this, with a photographer''s judgement in the details.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.', '{"seed": 1, "size": 128, "style": "wood", "engine": "studio", "variant": 1, "variants": 6}', '["01a22241-ff9d-7b6b-bd9f-e47443195db2"]', '01a22242-427b-7786-ad4c-921ff44d8ddc', NULL, NULL, NULL, 'approved', '2026-11-28 13:05:05.33+00', NULL, 'good', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/generations/01a22242-3b50-7fb3-a031-668ef0d819a0/assets/01a22242-427b-7bfa-9e57-508682827938_original.png', 17133, '{"flow": "01a22242-3b50-7fb3-a031-668ef0d819a0", "kind": "image", "seed": 1, "engine": "studio", "cut_out": true, "pictures": [{"image": "01a22241-ffa2-71ec-8ff9-9986d1624c25", "sha256": "708ccbbd0206eca8f51507c9e8c34febab991b37925aaeb92ca5e031603d0a70", "product": "01a22241-ff9d-7b6b-bd9f-e47443195db2"}], "inspirations": [{"sha256": "84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16", "inspiration": "01a22242-344b-72be-9697-61f6b837f9ed"}, {"sha256": "84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16", "inspiration": "01a22242-3867-7be2-a5cf-27e99e8e56e8"}], "original_sha256": "0721455084031a3c73795abb051d170c15ac10cd2f18e2ddfcddcffc5817e2b4"}', '82d901b100be09831b0d52012c46482f66d582503163af1d44c2cfba9e3d0af6', 'image/webp', 128, 128, 1286, 'local-studio/2', 0, '2026-11-28 13:04:57.469', '2026-11-28 13:05:05.33', '2026-11-28 13:04:57.796+00', NULL, false),
	('01a22242-427b-77b1-af68-b2fadb9a4cf7', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/generations/01a22242-3b50-7fb3-a031-668ef0d819a0/assets/01a22242-427b-77b1-af68-b2fadb9a4cf7.webp', 'image', 'completed', 'You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Mug (Kitchen, coloured terracotta and rust and dark brown).
Style: wood.
Light: cool daylight.
Colours: purple.
Take mood, light and colours from the inspiration pictures, and none of their objects.
Follow this, with a photographer''s judgement in the details.
This is variant 2 of 6: the camera slightly above the product.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.', '{"seed": 2, "size": 128, "style": "wood", "engine": "studio", "variant": 2, "variants": 6}', '["01a22241-ff9d-7b6b-bd9f-e47443195db2"]', '01a22242-427b-790a-9cdd-b6aea3296203', NULL, NULL, NULL, 'approved', '2026-11-28 13:05:07.115+00', NULL, NULL, 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/generations/01a22242-3b50-7fb3-a031-668ef0d819a0/assets/01a22242-427b-77b1-af68-b2fadb9a4cf7_original.png', 18749, '{"flow": "01a22242-3b50-7fb3-a031-668ef0d819a0", "kind": "image", "seed": 2, "engine": "studio", "cut_out": true, "pictures": [{"image": "01a22241-ffa2-71ec-8ff9-9986d1624c25", "sha256": "708ccbbd0206eca8f51507c9e8c34febab991b37925aaeb92ca5e031603d0a70", "product": "01a22241-ff9d-7b6b-bd9f-e47443195db2"}], "inspirations": [{"sha256": "84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16", "inspiration": "01a22242-344b-72be-9697-61f6b837f9ed"}, {"sha256": "84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16", "inspiration": "01a22242-3867-7be2-a5cf-27e99e8e56e8"}], "original_sha256": "7bac51db5234e29daa1cacb60f5eee33bbcc93eaf94f3378df9563f0615fb466"}', '80bd7b392f20e67e74247c92f94f797778c1ecd36ecdaff75111f9c03ac77906', 'image/webp', 128, 128, 1290, 'local-studio/2', 0, '2026-11-28 13:04:57.469', '2026-11-28 13:05:07.115', '2026-11-28 13:04:58.051+00', NULL, false),
	('01a22242-427c-78d9-b5a9-54d20834e906', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/generations/01a22242-3b50-7fb3-a031-668ef0d819a0/assets/01a22242-427c-78d9-b5a9-54d20834e906.webp', 'image', 'completed', 'You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Mug (Kitchen, coloured terracotta and rust and dark brown).
Style: wood.
Light: cool daylight.
Colours: purple.
Take mood, light and colours from the inspiration pictures, and none of their objects.
Follow this, with a photographer''s judgement in the details.
This is variant 3 of 6: light from the left, with gentle shadows to the right.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.', '{"seed": 3, "size": 128, "style": "wood", "engine": "studio", "variant": 3, "variants": 6}', '["01a22241-ff9d-7b6b-bd9f-e47443195db2"]', '01a22242-427c-7697-b078-2eaa69aa9398', NULL, NULL, NULL, 'approved', '2026-11-28 13:05:08.411+00', NULL, NULL, 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/generations/01a22242-3b50-7fb3-a031-668ef0d819a0/assets/01a22242-427c-78d9-b5a9-54d20834e906_original.png', 19684, '{"flow": "01a22242-3b50-7fb3-a031-668ef0d819a0", "kind": "image", "seed": 3, "engine": "studio", "cut_out": true, "pictures": [{"image": "01a22241-ffa2-71ec-8ff9-9986d1624c25", "sha256": "708ccbbd0206eca8f51507c9e8c34febab991b37925aaeb92ca5e031603d0a70", "product": "01a22241-ff9d-7b6b-bd9f-e47443195db2"}], "inspirations": [{"sha256": "84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16", "inspiration": "01a22242-344b-72be-9697-61f6b837f9ed"}, {"sha256": "84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16", "inspiration": "01a22242-3867-7be2-a5cf-27e99e8e56e8"}], "original_sha256": "617d9b0d4d4a6f192332b2d595944e77d880d79fe6c66241f8a2e9424955b5ad"}', '504f675c3d213ac9ac79640b9266df88c15e30de22011745b768168ac4d0cb62', 'image/webp', 128, 128, 1534, 'local-studio/2', 0, '2026-11-28 13:04:57.469', '2026-11-28 13:05:08.411', '2026-11-28 13:04:58.256+00', NULL, false),
	('01a22242-427d-7005-88e3-7febefb6075f', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/generations/01a22242-3b50-7fb3-a031-668ef0d819a0/assets/01a22242-427d-7005-88e3-7febefb6075f.webp', 'image', 'completed', 'You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Mug (Kitchen, coloured terracotta and rust and dark brown).
Style: wood.
Light: cool daylight.
Colours: purple.
Take mood, light and colours from the inspiration pictures, and none of their objects.
Follow this, with a photographer''s judgement in the details.
This is variant 6 of 6: a closer view, the background well out of focus.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.', '{"seed": 6, "size": 128, "style": "wood", "engine": "studio", "variant": 6, "variants": 6}', '["01a22241-ff9d-7b6b-bd9f-e47443195db2"]', '01a22242-427d-7da0-beb2-12df6574c15a', NULL, NULL, NULL, 'approved', '2026-11-28 13:05:27.802+00', NULL, NULL, 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/generations/01a22242-3b50-7fb3-a031-668ef0d819a0/assets/01a22242-427d-7005-88e3-7febefb6075f_original.png', 18926, '{"flow": "01a22242-3b50-7fb3-a031-668ef0d819a0", "kind": "image", "seed": 6, "engine": "studio", "cut_out": true, "pictures": [{"image": "01a22241-ffa2-71ec-8ff9-9986d1624c25", "sha256": "708ccbbd0206eca8f51507c9e8c34febab991b37925aaeb92ca5e031603d0a70", "product": "01a22241-ff9d-7b6b-bd9f-e47443195db2"}], "inspirations": [{"sha256": "84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16", "inspiration": "01a22242-344b-72be-9697-61f6b837f9ed"}, {"sha256": "84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16", "inspiration": "01a22242-3867-7be2-a5cf-27e99e8e56e8"}], "original_sha256": "d858e1ef6dbb190526c770ed2a5d26920829e2cdb723c4cf0b94aec1af8fa21e"}', '0c34bdc56f76c71365a04cef69f9365232693d7d0cbeb4347d09cb187349a38b', 'image/webp', 128, 128, 1366, 'local-studio/2', 0, '2026-11-28 13:04:57.469', '2026-11-28 13:05:27.802', '2026-11-28 13:04:59.061+00', NULL, false),
	('01a22242-51fb-73f1-976d-6366b87f3d62', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/generations/01a22242-3b50-7fb3-a031-668ef0d819a0/assets/01a22242-51fb-73f1-976d-6366b87f3d62.webp', 'image', 'completed', 'You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Mug (Kitchen, coloured terracotta and rust and dark brown).
Style: podium.
Light: cool daylight.
Colours: purple.
Take mood, light and colours from the inspiration pictures, and none of their objects.
Follow this, with a photographer''s judgement in the details.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.', '{"seed": 2740902099419137, "size": 128, "style": "podium", "engine": "studio", "variant": 1, "variants": 6}', '["01a22241-ff9d-7b6b-bd9f-e47443195db2"]', '01a22242-51fb-7a57-95d9-95baa6e9681a', NULL, NULL, NULL, 'pending', NULL, NULL, NULL, 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/generations/01a22242-3b50-7fb3-a031-668ef0d819a0/assets/01a22242-51fb-73f1-976d-6366b87f3d62_original.png', 16983, '{"flow": "01a22242-3b50-7fb3-a031-668ef0d819a0", "kind": "image", "seed": 2740902099419137, "engine": "studio", "cut_out": true, "pictures": [{"image": "01a22241-ffa2-71ec-8ff9-9986d1624c25", "sha256": "708ccbbd0206eca8f51507c9e8c34febab991b37925aaeb92ca5e031603d0a70", "product": "01a22241-ff9d-7b6b-bd9f-e47443195db2"}], "again_from": "01a22242-427b-7bfa-9e57-508682827938", "inspirations": [{"sha256": "84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16", "inspiration": "01a22242-344b-72be-9697-61f6b837f9ed"}, {"sha256": "84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16", "inspiration": "01a22242-3867-7be2-a5cf-27e99e8e56e8"}], "original_sha256": "8e02390f7b67361178ccd0564b70cb710229f1fc2e65aaf0accf2ebed803fed4"}', '5ef5ab3d18cbbb42c8e8dd65e51bd9c694b1637b17ad61bde852ed731f4eec65', 'image/webp', 128, 128, 1032, 'local-studio/2', 0, '2026-11-28 13:05:01.435', '2026-11-28 13:05:01.759', '2026-11-28 13:05:01.759+00', NULL, false),
	('01a22242-56ca-7968-96b9-81883f3f6389', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/generations/01a22242-3b50-7fb3-a031-668ef0d819a0/assets/01a22242-56ca-7968-96b9-81883f3f6389.webp', 'image', 'completed', 'You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Mug (Kitchen, coloured terracotta and rust and dark brown).
Style: wood.
Follow this, with a photographer''s judgement in the details.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.', '{"seed": 1, "size": 128, "style": "wood", "engine": "studio", "variant": 1, "variants": 6, "postAdjustments": {"light": {"exposure": 20}}}', '["01a22241-ff9d-7b6b-bd9f-e47443195db2"]', '01a22242-56ca-7b79-aa6f-915c6287e76d', NULL, NULL, NULL, 'pending', NULL, NULL, NULL, 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/generations/01a22242-3b50-7fb3-a031-668ef0d819a0/assets/01a22242-56ca-7968-96b9-81883f3f6389_original.png', 19665, '{"flow": "01a22242-3b50-7fb3-a031-668ef0d819a0", "kind": "edit", "seed": 1, "engine": "studio", "pictures": [{"asset": "01a22242-427b-7bfa-9e57-508682827938", "sha256": "0721455084031a3c73795abb051d170c15ac10cd2f18e2ddfcddcffc5817e2b4"}], "edited_from": "01a22242-427b-7bfa-9e57-508682827938", "instruction": null, "original_sha256": "2de5a3582474ed2e2b39329ba650634dabce77b89424dded5e6e91f6e6864016"}', 'bc1bced0347825a012775bada854f56d5b980a22e3c711cbdfda8bd99f247126', 'image/webp', 128, 128, 1362, 'local-studio/2', 0, '2026-11-28 13:05:02.666', '2026-11-28 13:05:02.832', '2026-11-28 13:05:02.832+00', NULL, false),
	('01a22242-5920-79ec-b4e7-a70a0c10d7f1', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-413f-753a-ba7e-5eebaa97acfc', NULL, NULL, 'image', 'error', 'You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Own mug (Mugs, coloured terracotta and rust and dark brown).
Style: podium.
Follow this, with a photographer''s judgement in the details.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.', '{"seed": 1, "size": 128, "style": "podium", "engine": "studio", "variant": 1, "variants": 2}', '["01a22242-2599-76e1-bf96-40236705124c"]', '01a22242-5920-7b99-b10c-825d95e950ed', 'cancelled', NULL, NULL, 'pending', NULL, NULL, NULL, NULL, NULL, '{"flow": "01a22242-413f-753a-ba7e-5eebaa97acfc", "kind": "image", "seed": 1, "engine": "studio"}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-28 13:05:03.265', '2026-11-28 13:05:03.782', NULL, NULL, false),
	('01a22242-5921-7380-a6ea-7ea8769fbbc9', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-413f-753a-ba7e-5eebaa97acfc', NULL, NULL, 'image', 'error', 'You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Own mug (Mugs, coloured terracotta and rust and dark brown).
Style: podium.
Follow this, with a photographer''s judgement in the details.
This is variant 2 of 2: the camera slightly above the product.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.', '{"seed": 2, "size": 128, "style": "podium", "engine": "studio", "variant": 2, "variants": 2}', '["01a22242-2599-76e1-bf96-40236705124c"]', '01a22242-5921-7727-9e43-b91d5dd460cb', 'cancelled', NULL, NULL, 'pending', NULL, NULL, NULL, NULL, NULL, '{"flow": "01a22242-413f-753a-ba7e-5eebaa97acfc", "kind": "image", "seed": 2, "engine": "studio"}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-28 13:05:03.265', '2026-11-28 13:05:03.782', NULL, NULL, false),
	('01a22242-5cd8-7458-93de-ee9e2a00e69a', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, NULL, 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22241-ff9d-7c4b-acaf-22887332cc33/assets/01a22242-5cd8-7458-93de-ee9e2a00e69a.png', 'image', 'completed', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'pending', NULL, NULL, NULL, NULL, NULL, NULL, '708ccbbd0206eca8f51507c9e8c34febab991b37925aaeb92ca5e031603d0a70', 'image/png', 640, 640, 14333, NULL, NULL, '2026-11-28 13:05:04.251', '2026-11-28 13:05:04.251', '2026-11-28 13:05:04.251+00', NULL, false),
	('01a22242-5e56-747a-b074-b99c3a6f69a4', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, NULL, 'https://img.example.com/a.png', 'image', 'completed', 'a mug', NULL, NULL, NULL, NULL, NULL, NULL, 'pending', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-28 13:05:04.598', '2026-11-28 13:05:04.598', '2026-11-28 13:05:04.598+00', NULL, false),
	('01a22242-acce-7b94-bf92-2f85fc7454f0', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3e70-7082-9690-6780059ef436', NULL, NULL, 'image', 'generating', 'You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Vase (warm oak, made of warm oak, coloured warm oak).
Style: marble.
Follow this, with a photographer''s judgement in the details.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.', '{"seed": 2, "style": "marble", "engine": "gemini", "variant": 1, "variants": 1}', '["01a22241-ff9d-73e2-b861-54985c658d4b"]', '01a22242-acce-72ab-8d75-0e3bf8e77d53', NULL, NULL, NULL, 'pending', NULL, NULL, NULL, NULL, NULL, '{"flow": "01a22242-3e70-7082-9690-6780059ef436", "kind": "image", "seed": 2, "engine": "gemini"}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-28 13:05:24.686', '2026-11-28 13:05:24.784', NULL, NULL, false),
	('01a22242-b662-754c-923e-9f94cbea575a', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, NULL, 'image', 'pending', 'You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Mug (Kitchen, coloured terracotta and rust and dark brown).
Style: wood.
Follow this, with a photographer''s judgement in the details.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.', '{"seed": 40, "size": 128, "style": "wood", "engine": "studio", "variant": 1, "variants": 2}', '["01a22241-ff9d-7b6b-bd9f-e47443195db2"]', '01a22242-b662-7500-ab9f-8b95c3a6cd68', NULL, NULL, NULL, 'pending', NULL, NULL, NULL, NULL, NULL, '{"flow": "01a22242-3b50-7fb3-a031-668ef0d819a0", "kind": "image", "seed": 40, "engine": "studio"}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-28 13:05:27.14', '2026-11-28 13:05:27.14', NULL, NULL, false),
	('01a22242-b664-7a94-8dbe-0e3890a1fefc', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, NULL, 'image', 'pending', 'You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Mug (Kitchen, coloured terracotta and rust and dark brown).
Style: wood.
Follow this, with a photographer''s judgement in the details.
This is variant 2 of 2: the camera slightly above the product.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.', '{"seed": 41, "size": 128, "style": "wood", "engine": "studio", "variant": 2, "variants": 2}', '["01a22241-ff9d-7b6b-bd9f-e47443195db2"]', '01a22242-b664-757c-ab2e-ee8ad9b014ef', NULL, NULL, NULL, 'pending', NULL, NULL, NULL, NULL, NULL, '{"flow": "01a22242-3b50-7fb3-a031-668ef0d819a0", "kind": "image", "seed": 41, "engine": "studio"}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-28 13:05:27.14', '2026-11-28 13:05:27.14', NULL, NULL, false);
INSERT INTO public.generated_asset_product VALUES
	('01a22242-4280-702a-a74e-fe83a519eaee', '01a22242-427b-7bfa-9e57-508682827938', '01a22241-ff9d-7b6b-bd9f-e47443195db2', true, '2026-11-28 13:04:57.469+00'),
	('01a22242-4283-785c-86cb-1bee30488338', '01a22242-427b-77b1-af68-b2fadb9a4cf7', '01a22241-ff9d-7b6b-bd9f-e47443195db2', true, '2026-11-28 13:04:57.469+00'),
	('01a22242-4284-7f2b-92c7-3ce237a1f679', '01a22242-427c-78d9-b5a9-54d20834e906', '01a22241-ff9d-7b6b-bd9f-e47443195db2', true, '2026-11-28 13:04:57.469+00'),
	('01a22242-4285-7d43-8e9d-373d076d85b1', '01a22242-427c-75a2-8f96-8feeb6677455', '01a22241-ff9d-7b6b-bd9f-e47443195db2', true, '2026-11-28 13:04:57.469+00'),
	('01a22242-4286-72a1-852c-4b202c269de3', '01a22242-427d-7d16-8960-fee67966b463', '01a22241-ff9d-7b6b-bd9f-e47443195db2', true, '2026-11-28 13:04:57.469+00'),
	('01a22242-4288-791c-9fa6-1018983bbcd7', '01a22242-427d-7005-88e3-7febefb6075f', '01a22241-ff9d-7b6b-bd9f-e47443195db2', true, '2026-11-28 13:04:57.469+00'),
	('01a22242-4b4d-7b5c-9ae0-f3f9a1646f59', '01a22242-4b4b-7fc3-a235-aab6b44d1ab7', '01a22241-ff9d-73e2-b861-54985c658d4b', true, '2026-11-28 13:04:59.723+00'),
	('01a22242-51fd-7661-a399-dada965381cd', '01a22242-51fb-73f1-976d-6366b87f3d62', '01a22241-ff9d-7b6b-bd9f-e47443195db2', true, '2026-11-28 13:05:01.435+00'),
	('01a22242-56cc-7bae-8361-0987b3486b2b', '01a22242-56ca-7968-96b9-81883f3f6389', '01a22241-ff9d-7b6b-bd9f-e47443195db2', true, '2026-11-28 13:05:02.666+00'),
	('01a22242-5923-7ed1-a20e-39bbe85ff2ef', '01a22242-5920-79ec-b4e7-a70a0c10d7f1', '01a22242-2599-76e1-bf96-40236705124c', true, '2026-11-28 13:05:03.265+00'),
	('01a22242-5928-7a55-a8c5-840bcdc80432', '01a22242-5921-7380-a6ea-7ea8769fbbc9', '01a22242-2599-76e1-bf96-40236705124c', true, '2026-11-28 13:05:03.265+00'),
	('01a22242-5cfe-7f0c-8ab2-347fc79b42c7', '01a22242-5cd8-7458-93de-ee9e2a00e69a', '01a22241-ff9d-7c4b-acaf-22887332cc33', true, '2026-11-28 13:05:04.251+00'),
	('01a22242-accf-7fd9-a1f9-7ae5cabe96d0', '01a22242-acce-7b94-bf92-2f85fc7454f0', '01a22241-ff9d-73e2-b861-54985c658d4b', true, '2026-11-28 13:05:24.686+00'),
	('01a22242-b666-7cdc-82b1-b7c8cf7b946b', '01a22242-b662-754c-923e-9f94cbea575a', '01a22241-ff9d-7b6b-bd9f-e47443195db2', true, '2026-11-28 13:05:27.14+00'),
	('01a22242-b671-7adf-baf0-efd3ed1d9bbf', '01a22242-b664-7a94-8dbe-0e3890a1fefc', '01a22241-ff9d-7b6b-bd9f-e47443195db2', true, '2026-11-28 13:05:27.14+00');
INSERT INTO public.generation_event VALUES
	('01a22242-4298-7b42-8fe2-64f95b7d36f6', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, NULL, NULL, 'started', '{"pictures": 6}', '2026-11-28 13:04:57.495+00'),
	('01a22242-43d1-766c-b30f-5fe031caf7fa', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '01a22242-427b-7bfa-9e57-508682827938', NULL, 'completed', '{"model": "local-studio/2", "cost_usd_micros": 0}', '2026-11-28 13:04:57.796+00'),
	('01a22242-44cf-7df9-b9b9-349460c0ef72', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '01a22242-427b-77b1-af68-b2fadb9a4cf7', NULL, 'completed', '{"model": "local-studio/2", "cost_usd_micros": 0}', '2026-11-28 13:04:58.051+00'),
	('01a22242-4593-7928-afc4-06e7fa135f7c', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '01a22242-427c-78d9-b5a9-54d20834e906', NULL, 'completed', '{"model": "local-studio/2", "cost_usd_micros": 0}', '2026-11-28 13:04:58.256+00'),
	('01a22242-4648-7ac8-be99-7293e1cdf285', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '01a22242-427c-75a2-8f96-8feeb6677455', NULL, 'completed', '{"model": "local-studio/2", "cost_usd_micros": 0}', '2026-11-28 13:04:58.432+00'),
	('01a22242-470b-7688-8fe3-81b8d3654b09', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '01a22242-427d-7d16-8960-fee67966b463', NULL, 'completed', '{"model": "local-studio/2", "cost_usd_micros": 0}', '2026-11-28 13:04:58.6+00'),
	('01a22242-48c1-7897-b4b8-95512c13c590', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '01a22242-427d-7005-88e3-7febefb6075f', NULL, 'completed', '{"model": "local-studio/2", "cost_usd_micros": 0}', '2026-11-28 13:04:59.061+00'),
	('01a22242-4b61-749d-8761-df4e19fc8c0a', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3e70-7082-9690-6780059ef436', NULL, NULL, NULL, 'started', '{"pictures": 1}', '2026-11-28 13:04:59.744+00'),
	('01a22242-4d83-7945-a978-666acaaf5226', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3e70-7082-9690-6780059ef436', '01a22241-ff9d-73e2-b861-54985c658d4b', '01a22242-4b4b-7fc3-a235-aab6b44d1ab7', NULL, 'completed', '{"model": "gemini-3.1-flash-image", "cost_usd_micros": 67000}', '2026-11-28 13:05:00.282+00'),
	('01a22242-5349-7fe3-bd10-9e5680d42b4d', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '01a22242-51fb-73f1-976d-6366b87f3d62', NULL, 'completed', '{"model": "local-studio/2", "cost_usd_micros": 0}', '2026-11-28 13:05:01.759+00'),
	('01a22242-577e-75b7-af79-8195b518f8b8', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '01a22242-56ca-7968-96b9-81883f3f6389', NULL, 'completed', '{"model": "local-studio/2", "cost_usd_micros": 0}', '2026-11-28 13:05:02.832+00'),
	('01a22242-5938-726e-a531-f23e159b1a9e', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-413f-753a-ba7e-5eebaa97acfc', NULL, NULL, NULL, 'started', '{"pictures": 2}', '2026-11-28 13:05:03.287+00'),
	('01a22242-5b2e-7b64-8fa6-b20ffc62e6b7', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-413f-753a-ba7e-5eebaa97acfc', NULL, NULL, NULL, 'error', '{"why": "cancelled", "pictures": 2}', '2026-11-28 13:05:03.782+00'),
	('01a22242-613a-7447-80e4-fb679afc4402', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, '01a22242-427b-7bfa-9e57-508682827938', NULL, 'approved', '{"note": "good"}', '2026-11-28 13:05:05.33+00'),
	('01a22242-6592-79d5-adfa-013812efc621', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '01a22242-427b-7bfa-9e57-508682827938', NULL, 'exported', NULL, '2026-11-28 13:05:06.445+00'),
	('01a22242-6835-7b1b-9d72-cfee945ca1d7', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, '01a22242-427b-77b1-af68-b2fadb9a4cf7', NULL, 'approved', NULL, '2026-11-28 13:05:07.115+00'),
	('01a22242-6d41-72be-8745-53346c79e903', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, '01a22242-427c-78d9-b5a9-54d20834e906', NULL, 'approved', NULL, '2026-11-28 13:05:08.411+00'),
	('01a22242-6ffa-7f4f-a1a9-34e7351cd86d', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '01a22242-427c-78d9-b5a9-54d20834e906', NULL, 'exported', NULL, '2026-11-28 13:05:09.108+00'),
	('01a22242-7830-732a-8460-a3dbbfad5e02', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, '01a22242-427c-75a2-8f96-8feeb6677455', NULL, 'rejected', '{"note": "too dark"}', '2026-11-28 13:05:11.211+00'),
	('01a22242-79a7-76e3-b610-ff8356f0d5d8', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3e70-7082-9690-6780059ef436', NULL, '01a22242-4b4b-7fc3-a235-aab6b44d1ab7', NULL, 'approved', NULL, '2026-11-28 13:05:11.588+00'),
	('01a22242-7c19-7900-a325-14a107024a1d', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3e70-7082-9690-6780059ef436', '01a22241-ff9d-73e2-b861-54985c658d4b', '01a22242-4b4b-7fc3-a235-aab6b44d1ab7', NULL, 'exported', NULL, '2026-11-28 13:05:12.216+00'),
	('01a22242-8c05-7270-b515-d52d6199f8e6', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, NULL, '01a22242-427b-7bfa-9e57-508682827938', NULL, 'viewed', '{"page": 3}', '2026-11-28 13:05:16.293+00'),
	('01a22242-acdf-7e20-a1f8-f7c0119a27a5', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3e70-7082-9690-6780059ef436', NULL, NULL, NULL, 'started', '{"pictures": 1}', '2026-11-28 13:05:24.702+00'),
	('01a22242-ae5f-7caf-85a6-2a6c2dc370e1', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, '01a22242-427d-7d16-8960-fee67966b463', NULL, 'approved', NULL, '2026-11-28 13:05:25.081+00'),
	('01a22242-b694-79fb-a0e3-73624d8b42cf', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, NULL, NULL, 'started', '{"pictures": 2}', '2026-11-28 13:05:27.187+00'),
	('01a22242-b901-7d5f-afe5-a154b3b62951', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, '01a22242-427d-7005-88e3-7febefb6075f', NULL, 'approved', NULL, '2026-11-28 13:05:27.802+00');
INSERT INTO public.generation_flow VALUES
	('01a22242-413f-753a-ba7e-5eebaa97acfc', NULL, '01a22241-f3e4-79d5-a018-6d766af308a5', 'Alone', '["01a22242-2599-76e1-bf96-40236705124c"]', '{}', 'error', '{"size": 128, "style": "podium"}', false, 0, 1, '2026-11-28 13:04:57.151', '2026-11-28 13:05:03.81', NULL, false),
	('01a22242-3e70-7082-9690-6780059ef436', '01a22242-2ad2-7b63-b9d4-638e898fca22', '01a22241-f3e4-79d5-a018-6d766af308a5', 'Model', '["01a22241-ff9d-73e2-b861-54985c658d4b"]', '{}', 'generating', '{"style": "marble", "engine": "gemini"}', false, 0, 1, '2026-11-28 13:04:56.432', '2026-11-28 13:05:24.702', NULL, false),
	('01a22242-3b50-7fb3-a031-668ef0d819a0', '01a22242-2ad2-7b63-b9d4-638e898fca22', '01a22241-f3e4-79d5-a018-6d766af308a5', 'Wood', '["01a22241-ff9d-7b6b-bd9f-e47443195db2"]', '{}', 'generating', '{"size": 128, "style": "wood"}', true, 0, 1, '2026-11-28 13:04:55.632', '2026-11-28 13:05:27.187', NULL, false);
INSERT INTO public.inspiration_image VALUES
	('01a22242-3867-7be2-a5cf-27e99e8e56e8', '01a22242-2ad2-7b63-b9d4-638e898fca22', 'oak.png', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/sessions/01a22242-2ad2-7b63-b9d4-638e898fca22/inspirations/01a22242-3867-7be2-a5cf-27e99e8e56e8.png', 'upload', NULL, 1, '84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16', '2026-11-28 13:04:54.933+00'),
	('01a22242-344b-72be-9697-61f6b837f9ed', '01a22242-2ad2-7b63-b9d4-638e898fca22', 'oak.png', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/sessions/01a22242-2ad2-7b63-b9d4-638e898fca22/inspirations/01a22242-344b-72be-9697-61f6b837f9ed.png', 'upload', '{"props": ["warm oak"], "style": "warm oak", "palette": ["#5c3e78"], "version": "gemini/1", "lighting": "warm oak", "roomType": "warm oak", "promptText": "warm oak", "cameraAngle": "warm oak", "colorScheme": "warm oak", "surroundings": "warm oak"}', 0, '84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16', '2026-11-28 13:04:53.843+00');
INSERT INTO public.job VALUES
	('01a22241-ff74-7d12-ac80-150bf9bfd880', '01a22241-f3e4-79d5-a018-6d766af308a5', 'import', NULL, '01a22241-ff6a-7105-835c-7170a49283a2', 'import_products', '{"type": "import_products", "scope": "full", "trigger": "startup", "connection": "01a22241-ff6a-7105-835c-7170a49283a2", "accept_deletes": false}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 5, '2026-11-28 13:04:40.308+00', '20985-01a22241-fcf8-7293-b88d-06a3571aa367', '2026-11-28 13:04:40.316+00', NULL, 'import:01a22241-ff6a-7105-835c-7170a49283a2', NULL, 100, 0, 'import:01a22241-ff6a-7105-835c-7170a49283a2:full', '2026-11-28 13:04:40.297+00', '2026-11-28 13:04:40.316+00', '2026-11-28 13:04:40.45+00'),
	('01a22242-024c-7d00-9be6-0aa23052931e', '01a22241-f5ce-7a9e-9117-51e7706eed8d', 'import', NULL, '01a22242-0242-7d5c-b21b-a0ab0068bf34', 'import_products', '{"type": "import_products", "scope": "full", "trigger": "startup", "connection": "01a22242-0242-7d5c-b21b-a0ab0068bf34", "accept_deletes": false}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 5, '2026-11-28 13:04:41.036+00', '20985-01a22241-fcf8-7293-b88d-06a3571aa367', '2026-11-28 13:04:41.043+00', NULL, 'import:01a22242-0242-7d5c-b21b-a0ab0068bf34', NULL, 100, 0, 'import:01a22242-0242-7d5c-b21b-a0ab0068bf34:full', '2026-11-28 13:04:41.024+00', '2026-11-28 13:04:41.043+00', '2026-11-28 13:04:41.165+00'),
	('01a22242-045b-7efc-932d-4ad77d2f0fb2', '01a22241-f3e4-79d5-a018-6d766af308a5', 'import', NULL, '01a22242-0457-7afc-bc67-8b7e143f3481', 'import_products', '{"type": "import_products", "scope": "full", "trigger": "startup", "connection": "01a22242-0457-7afc-bc67-8b7e143f3481", "accept_deletes": false}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 5, '2026-11-28 13:04:41.563+00', '20985-01a22241-fcf8-7293-b88d-06a3571aa367', '2026-11-28 13:04:41.566+00', NULL, 'import:01a22242-0457-7afc-bc67-8b7e143f3481', NULL, 100, 0, 'import:01a22242-0457-7afc-bc67-8b7e143f3481:full', '2026-11-28 13:04:41.557+00', '2026-11-28 13:04:41.566+00', '2026-11-28 13:04:41.672+00'),
	('01a22242-069c-70f3-9805-024f72b296e9', '01a22241-f3e4-79d5-a018-6d766af308a5', 'import', NULL, '01a22242-0695-790b-8060-5c2b2607c938', 'import_products', '{"type": "import_products", "scope": "full", "trigger": "startup", "connection": "01a22242-0695-790b-8060-5c2b2607c938", "accept_deletes": false}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 5, '2026-11-28 13:04:42.14+00', '20985-01a22241-fcf8-7293-b88d-06a3571aa367', '2026-11-28 13:04:42.148+00', NULL, 'import:01a22242-0695-790b-8060-5c2b2607c938', NULL, 100, 0, 'import:01a22242-0695-790b-8060-5c2b2607c938:full', '2026-11-28 13:04:42.133+00', '2026-11-28 13:04:42.148+00', '2026-11-28 13:04:42.304+00'),
	('01a22242-0892-71ba-8d79-397628376717', '01a22241-f3e4-79d5-a018-6d766af308a5', 'import', NULL, '01a22242-088c-7a27-870c-5d79846ed7e4', 'import_products', '{"type": "import_products", "scope": "full", "trigger": "startup", "connection": "01a22242-088c-7a27-870c-5d79846ed7e4", "accept_deletes": false}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 5, '2026-11-28 13:04:42.642+00', '20985-01a22241-fcf8-7293-b88d-06a3571aa367', '2026-11-28 13:04:42.647+00', NULL, 'import:01a22242-088c-7a27-870c-5d79846ed7e4', NULL, 100, 0, 'import:01a22242-088c-7a27-870c-5d79846ed7e4:full', '2026-11-28 13:04:42.635+00', '2026-11-28 13:04:42.647+00', '2026-11-28 13:04:42.952+00'),
	('01a22242-0b44-7b1c-9d19-90165fc46f15', '01a22241-f3e4-79d5-a018-6d766af308a5', 'maintenance', NULL, '01a22242-0b3f-7806-a867-c14e79f86b29', 'subscribe', '{"type": "subscribe", "connection": "01a22242-0b3f-7806-a867-c14e79f86b29"}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 5, '2026-11-28 13:04:43.332+00', '20985-01a22241-fcf8-7293-b88d-06a3571aa367', '2026-11-28 13:04:43.334+00', NULL, 'subscribe:01a22242-0b3f-7806-a867-c14e79f86b29', NULL, 120, 0, 'subscribe:01a22242-0b3f-7806-a867-c14e79f86b29', '2026-11-28 13:04:43.326+00', '2026-11-28 13:04:43.334+00', '2026-11-28 13:04:43.413+00'),
	('01a22242-0b43-728d-9899-549732f75a24', '01a22241-f3e4-79d5-a018-6d766af308a5', 'import', NULL, '01a22242-0b3f-7806-a867-c14e79f86b29', 'import_products', '{"type": "import_products", "scope": "full", "trigger": "startup", "connection": "01a22242-0b3f-7806-a867-c14e79f86b29", "accept_deletes": false}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 5, '2026-11-28 13:04:43.331+00', '20985-01a22241-fcf8-7293-b88d-06a3571aa367', '2026-11-28 13:04:43.335+00', NULL, 'import:01a22242-0b3f-7806-a867-c14e79f86b29', NULL, 100, 0, 'import:01a22242-0b3f-7806-a867-c14e79f86b29:full', '2026-11-28 13:04:43.326+00', '2026-11-28 13:04:43.335+00', '2026-11-28 13:04:43.429+00'),
	('01a22242-20b1-74b2-b666-9ca5e4544b77', '01a22241-f3e4-79d5-a018-6d766af308a5', 'import', NULL, '01a22241-ff6a-7105-835c-7170a49283a2', 'import_products', '{"type": "import_products", "scope": "full", "trigger": "manual", "connection": "01a22241-ff6a-7105-835c-7170a49283a2", "accept_deletes": false}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 3, '2026-11-28 13:04:48.817+00', '21125-01a22242-20aa-73e8-87e2-ac66cfeb9e7e', '2026-11-28 13:04:48.849+00', NULL, 'import:01a22241-ff6a-7105-835c-7170a49283a2', NULL, 50, 0, 'import:01a22241-ff6a-7105-835c-7170a49283a2:full', '2026-11-28 13:04:48.817+00', '2026-11-28 13:04:48.849+00', '2026-11-28 13:04:48.979+00'),
	('01a22242-427b-7786-ad4c-921ff44d8ddc', '01a22241-f3e4-79d5-a018-6d766af308a5', 'generate', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, 'generate', '{"flow": "01a22242-3b50-7fb3-a031-668ef0d819a0", "type": "generate", "asset": "01a22242-427b-7bfa-9e57-508682827938", "client": "01a22241-f3e4-79d5-a018-6d766af308a5", "by_model": false}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 3, '2026-11-28 13:04:57.491+00', '21270-01a22242-4273-7294-8427-07a81aa9a4eb', '2026-11-28 13:04:57.524+00', NULL, 'generate:01a22242-427b-7bfa-9e57-508682827938', NULL, 100, 0, NULL, '2026-11-28 13:04:57.491+00', '2026-11-28 13:04:57.524+00', '2026-11-28 13:04:57.816+00'),
	('01a22242-427b-790a-9cdd-b6aea3296203', '01a22241-f3e4-79d5-a018-6d766af308a5', 'generate', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, 'generate', '{"flow": "01a22242-3b50-7fb3-a031-668ef0d819a0", "type": "generate", "asset": "01a22242-427b-77b1-af68-b2fadb9a4cf7", "client": "01a22241-f3e4-79d5-a018-6d766af308a5", "by_model": false}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 3, '2026-11-28 13:04:57.492+00', '21270-01a22242-4273-7294-8427-07a81aa9a4eb', '2026-11-28 13:04:57.818+00', NULL, 'generate:01a22242-427b-77b1-af68-b2fadb9a4cf7', NULL, 100, 1, NULL, '2026-11-28 13:04:57.492+00', '2026-11-28 13:04:57.818+00', '2026-11-28 13:04:58.075+00'),
	('01a22242-427c-7697-b078-2eaa69aa9398', '01a22241-f3e4-79d5-a018-6d766af308a5', 'generate', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, 'generate', '{"flow": "01a22242-3b50-7fb3-a031-668ef0d819a0", "type": "generate", "asset": "01a22242-427c-78d9-b5a9-54d20834e906", "client": "01a22241-f3e4-79d5-a018-6d766af308a5", "by_model": false}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 3, '2026-11-28 13:04:57.493+00', '21270-01a22242-4273-7294-8427-07a81aa9a4eb', '2026-11-28 13:04:58.077+00', NULL, 'generate:01a22242-427c-78d9-b5a9-54d20834e906', NULL, 100, 2, NULL, '2026-11-28 13:04:57.493+00', '2026-11-28 13:04:58.077+00', '2026-11-28 13:04:58.261+00'),
	('01a22242-427c-78a1-a510-9caed3d264af', '01a22241-f3e4-79d5-a018-6d766af308a5', 'generate', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, 'generate', '{"flow": "01a22242-3b50-7fb3-a031-668ef0d819a0", "type": "generate", "asset": "01a22242-427c-75a2-8f96-8feeb6677455", "client": "01a22241-f3e4-79d5-a018-6d766af308a5", "by_model": false}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 3, '2026-11-28 13:04:57.494+00', '21270-01a22242-4273-7294-8427-07a81aa9a4eb', '2026-11-28 13:04:58.263+00', NULL, 'generate:01a22242-427c-75a2-8f96-8feeb6677455', NULL, 100, 3, NULL, '2026-11-28 13:04:57.494+00', '2026-11-28 13:04:58.263+00', '2026-11-28 13:04:58.445+00'),
	('01a22242-427d-74bc-96ca-7863354813c8', '01a22241-f3e4-79d5-a018-6d766af308a5', 'generate', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, 'generate', '{"flow": "01a22242-3b50-7fb3-a031-668ef0d819a0", "type": "generate", "asset": "01a22242-427d-7d16-8960-fee67966b463", "client": "01a22241-f3e4-79d5-a018-6d766af308a5", "by_model": false}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 3, '2026-11-28 13:04:57.494+00', '21270-01a22242-4273-7294-8427-07a81aa9a4eb', '2026-11-28 13:04:58.446+00', NULL, 'generate:01a22242-427d-7d16-8960-fee67966b463', NULL, 100, 4, NULL, '2026-11-28 13:04:57.494+00', '2026-11-28 13:04:58.446+00', '2026-11-28 13:04:58.661+00'),
	('01a22242-427d-7da0-beb2-12df6574c15a', '01a22241-f3e4-79d5-a018-6d766af308a5', 'generate', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, 'generate', '{"flow": "01a22242-3b50-7fb3-a031-668ef0d819a0", "type": "generate", "asset": "01a22242-427d-7005-88e3-7febefb6075f", "client": "01a22241-f3e4-79d5-a018-6d766af308a5", "by_model": false}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 3, '2026-11-28 13:04:57.495+00', '21270-01a22242-4273-7294-8427-07a81aa9a4eb', '2026-11-28 13:04:58.67+00', NULL, 'generate:01a22242-427d-7005-88e3-7febefb6075f', NULL, 100, 5, NULL, '2026-11-28 13:04:57.495+00', '2026-11-28 13:04:58.67+00', '2026-11-28 13:04:59.1+00'),
	('01a22242-4b4b-7a74-9e0d-65825592f715', '01a22241-f3e4-79d5-a018-6d766af308a5', 'generate', '01a22242-3e70-7082-9690-6780059ef436', NULL, 'generate', '{"flow": "01a22242-3e70-7082-9690-6780059ef436", "type": "generate", "asset": "01a22242-4b4b-7fc3-a235-aab6b44d1ab7", "client": "01a22241-f3e4-79d5-a018-6d766af308a5", "by_model": true}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 3, '2026-11-28 13:04:59.742+00', '21305-01a22242-4b42-7518-ac06-6249c6402957', '2026-11-28 13:04:59.777+00', NULL, 'generate:01a22242-4b4b-7fc3-a235-aab6b44d1ab7', NULL, 100, 0, NULL, '2026-11-28 13:04:59.742+00', '2026-11-28 13:04:59.777+00', '2026-11-28 13:05:00.314+00'),
	('01a22242-51fb-7a57-95d9-95baa6e9681a', '01a22241-f3e4-79d5-a018-6d766af308a5', 'generate', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, 'generate', '{"flow": "01a22242-3b50-7fb3-a031-668ef0d819a0", "type": "generate", "asset": "01a22242-51fb-73f1-976d-6366b87f3d62", "client": "01a22241-f3e4-79d5-a018-6d766af308a5", "by_model": false}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 3, '2026-11-28 13:05:01.451+00', '21331-01a22242-51ed-73cf-8d8a-4bd49b685f7d', '2026-11-28 13:05:01.493+00', NULL, 'generate:01a22242-51fb-73f1-976d-6366b87f3d62', NULL, 50, 0, NULL, '2026-11-28 13:05:01.451+00', '2026-11-28 13:05:01.493+00', '2026-11-28 13:05:01.781+00'),
	('01a22242-56ca-7b79-aa6f-915c6287e76d', '01a22241-f3e4-79d5-a018-6d766af308a5', 'generate', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, 'generate', '{"flow": "01a22242-3b50-7fb3-a031-668ef0d819a0", "type": "generate", "asset": "01a22242-56ca-7968-96b9-81883f3f6389", "client": "01a22241-f3e4-79d5-a018-6d766af308a5", "by_model": false}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 3, '2026-11-28 13:05:02.683+00', '21357-01a22242-56c3-760d-9e28-8bfdd4ec78bf', '2026-11-28 13:05:02.711+00', NULL, 'generate:01a22242-56ca-7968-96b9-81883f3f6389', NULL, 50, 0, NULL, '2026-11-28 13:05:02.683+00', '2026-11-28 13:05:02.711+00', '2026-11-28 13:05:02.858+00'),
	('01a22242-5920-7b99-b10c-825d95e950ed', '01a22241-f3e4-79d5-a018-6d766af308a5', 'generate', '01a22242-413f-753a-ba7e-5eebaa97acfc', NULL, 'generate', '{"flow": "01a22242-413f-753a-ba7e-5eebaa97acfc", "type": "generate", "asset": "01a22242-5920-79ec-b4e7-a70a0c10d7f1", "client": "01a22241-f3e4-79d5-a018-6d766af308a5", "by_model": false}', 'cancelled', 0, NULL, NULL, 0, 0, 0, NULL, 3, '2026-11-28 13:05:03.284+00', NULL, NULL, NULL, 'generate:01a22242-5920-79ec-b4e7-a70a0c10d7f1', NULL, 100, 0, NULL, '2026-11-28 13:05:03.284+00', NULL, '2026-11-28 13:05:03.782+00'),
	('01a22242-5921-7727-9e43-b91d5dd460cb', '01a22241-f3e4-79d5-a018-6d766af308a5', 'generate', '01a22242-413f-753a-ba7e-5eebaa97acfc', NULL, 'generate', '{"flow": "01a22242-413f-753a-ba7e-5eebaa97acfc", "type": "generate", "asset": "01a22242-5921-7380-a6ea-7ea8769fbbc9", "client": "01a22241-f3e4-79d5-a018-6d766af308a5", "by_model": false}', 'cancelled', 0, NULL, NULL, 0, 0, 0, NULL, 3, '2026-11-28 13:05:03.286+00', NULL, NULL, NULL, 'generate:01a22242-5921-7380-a6ea-7ea8769fbbc9', NULL, 100, 1, NULL, '2026-11-28 13:05:03.286+00', NULL, '2026-11-28 13:05:03.782+00'),
	('01a22242-615b-77a3-aa98-d86a071a022f', '01a22241-f3e4-79d5-a018-6d766af308a5', 'push', NULL, '01a22241-ff6a-7105-835c-7170a49283a2', 'push_asset', '{"push": "01a22242-6153-7d0b-a5cf-d66b346323f6", "type": "push_asset", "trigger": "approval", "connection": "01a22241-ff6a-7105-835c-7170a49283a2"}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 8, '2026-11-28 13:05:05.371+00', '21417-01a22242-6408-78ec-aaba-5877a88a8037', '2026-11-28 13:05:06.144+00', NULL, 'push:01a22241-ff6a-7105-835c-7170a49283a2', NULL, 50, 0, 'push:01a22242-6153-7d0b-a5cf-d66b346323f6', '2026-11-28 13:05:05.35+00', '2026-11-28 13:05:06.144+00', '2026-11-28 13:05:06.5+00'),
	('01a22242-6846-7e2c-b300-d91cf8187c94', '01a22241-f3e4-79d5-a018-6d766af308a5', 'push', NULL, '01a22241-ff6a-7105-835c-7170a49283a2', 'push_asset', '{"push": "01a22242-6841-71a9-bdc8-cad35f031fe2", "type": "push_asset", "trigger": "approval", "connection": "01a22241-ff6a-7105-835c-7170a49283a2"}', 'failed', 0, NULL, 'Sandbox shop: POST 127.0.0.1:4101/api/uploads answered 422 (something broke in the shop)', 1, 1, 0, NULL, 8, '2026-11-28 13:05:07.142+00', '21449-01a22242-69e5-755b-9ffd-a7c486acb812', '2026-11-28 13:05:07.609+00', NULL, 'push:01a22241-ff6a-7105-835c-7170a49283a2', NULL, 50, 0, 'push:01a22242-6841-71a9-bdc8-cad35f031fe2', '2026-11-28 13:05:07.132+00', '2026-11-28 13:05:07.609+00', '2026-11-28 13:05:07.737+00'),
	('01a22242-6d63-754a-9eff-83a1de2069be', '01a22241-f3e4-79d5-a018-6d766af308a5', 'push', NULL, '01a22241-ff6a-7105-835c-7170a49283a2', 'push_asset', '{"push": "01a22242-6d5c-7937-8e53-2960be47869f", "type": "push_asset", "trigger": "approval", "connection": "01a22241-ff6a-7105-835c-7170a49283a2"}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 8, '2026-11-28 13:05:08.451+00', '21476-01a22242-6ee4-72d0-822e-9ba36f5a1742', '2026-11-28 13:05:08.888+00', NULL, 'push:01a22241-ff6a-7105-835c-7170a49283a2', NULL, 50, 0, 'push:01a22242-6d5c-7937-8e53-2960be47869f', '2026-11-28 13:05:08.435+00', '2026-11-28 13:05:08.888+00', '2026-11-28 13:05:09.131+00'),
	('01a22242-7472-78cf-bf14-663c679f702e', '01a22241-f3e4-79d5-a018-6d766af308a5', 'push', NULL, '01a22241-ff6a-7105-835c-7170a49283a2', 'remove_asset', '{"push": "01a22242-6d5c-7937-8e53-2960be47869f", "type": "remove_asset", "trigger": "manual", "connection": "01a22241-ff6a-7105-835c-7170a49283a2"}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 8, '2026-11-28 13:05:10.258+00', '21503-01a22242-746d-79bb-9fe8-fe016f8db626', '2026-11-28 13:05:10.296+00', NULL, 'push:01a22241-ff6a-7105-835c-7170a49283a2', NULL, 50, 0, 'remove:01a22242-6d5c-7937-8e53-2960be47869f', '2026-11-28 13:05:10.253+00', '2026-11-28 13:05:10.296+00', '2026-11-28 13:05:10.548+00'),
	('01a22242-79b1-78e4-9470-de89fb278879', '01a22241-f3e4-79d5-a018-6d766af308a5', 'push', NULL, '01a22241-ff6a-7105-835c-7170a49283a2', 'push_asset', '{"push": "01a22242-79ad-7126-b5be-3acfe58f9e19", "type": "push_asset", "trigger": "approval", "connection": "01a22241-ff6a-7105-835c-7170a49283a2"}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 8, '2026-11-28 13:05:11.601+00', '21534-01a22242-7b35-7590-84f4-5979fbbb1197', '2026-11-28 13:05:12.052+00', NULL, 'push:01a22241-ff6a-7105-835c-7170a49283a2', NULL, 50, 0, 'push:01a22242-79ad-7126-b5be-3acfe58f9e19', '2026-11-28 13:05:11.594+00', '2026-11-28 13:05:12.052+00', '2026-11-28 13:05:12.223+00'),
	('01a22242-92a6-752c-b8c0-90874d43fd16', '01a22241-f3e4-79d5-a018-6d766af308a5', 'import', NULL, '01a22242-0695-790b-8060-5c2b2607c938', 'import_products', '{"type": "import_products", "scope": "changes", "trigger": "manual", "connection": "01a22242-0695-790b-8060-5c2b2607c938", "accept_deletes": false}', 'failed', 0, NULL, 'Sandbox shop: GET 127.0.0.1:4104/api/products answered 401 (the shop has removed this app). The shop has removed the app.', 1, 1, 0, NULL, 3, '2026-11-28 13:05:17.99+00', '21641-01a22242-929f-7c4b-a735-fdb27eea8941', '2026-11-28 13:05:18.228+00', NULL, 'import:01a22242-0695-790b-8060-5c2b2607c938', NULL, 50, 0, 'import:01a22242-0695-790b-8060-5c2b2607c938:changes', '2026-11-28 13:05:17.99+00', '2026-11-28 13:05:18.228+00', '2026-11-28 13:05:18.306+00'),
	('01a22242-96e5-7872-a121-0ec122db7914', '01a22241-f3e4-79d5-a018-6d766af308a5', 'import', NULL, '01a22242-088c-7a27-870c-5d79846ed7e4', 'import_products', '{"type": "import_products", "scope": "full", "trigger": "manual", "connection": "01a22242-088c-7a27-870c-5d79846ed7e4", "accept_deletes": false}', 'pending', 0, NULL, 'Corner shop: GET 127.0.0.1:4105/api/products answered 503 (something broke in the shop)', 1, 1, 0, NULL, 3, '2026-11-28 13:05:32.263+00', NULL, '2026-11-28 13:05:19.105+00', NULL, 'import:01a22242-088c-7a27-870c-5d79846ed7e4', NULL, 50, 0, 'import:01a22242-088c-7a27-870c-5d79846ed7e4:full', '2026-11-28 13:05:19.077+00', '2026-11-28 13:05:19.105+00', NULL),
	('01a22242-a11a-7abf-9e58-b9b08aaeba63', '01a22241-f3e4-79d5-a018-6d766af308a5', 'import', NULL, '01a22242-0b3f-7806-a867-c14e79f86b29', 'import_products', '{"type": "import_products", "scope": "changes", "trigger": "webhook", "connection": "01a22242-0b3f-7806-a867-c14e79f86b29", "accept_deletes": false}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 3, '2026-11-28 13:05:21.69+00', '21692-01a22242-9f15-70db-9a2e-bbb0100a0320', '2026-11-28 13:05:21.698+00', NULL, 'import:01a22242-0b3f-7806-a867-c14e79f86b29', NULL, 80, 0, 'import:01a22242-0b3f-7806-a867-c14e79f86b29:webhook', '2026-11-28 13:05:21.69+00', '2026-11-28 13:05:21.698+00', '2026-11-28 13:05:21.784+00'),
	('01a22242-a344-7d3d-b054-41cab77fc647', '01a22241-f3e4-79d5-a018-6d766af308a5', 'import', NULL, '01a22241-ff6a-7105-835c-7170a49283a2', 'import_products', '{"type": "import_products", "scope": "changes", "trigger": "schedule", "connection": "01a22241-ff6a-7105-835c-7170a49283a2", "accept_deletes": false}', 'completed', 0, NULL, NULL, 1, 0, 0, NULL, 3, '2026-11-28 13:05:22.229+00', '21692-01a22242-9f15-70db-9a2e-bbb0100a0320', '2026-11-28 13:05:22.262+00', NULL, 'import:01a22241-ff6a-7105-835c-7170a49283a2', NULL, 100, 0, 'import:01a22241-ff6a-7105-835c-7170a49283a2:2026-11-28T13:04:46.796Z', '2026-11-28 13:05:22.229+00', '2026-11-28 13:05:22.262+00', '2026-11-28 13:05:22.339+00'),
	('01a22242-acce-72ab-8d75-0e3bf8e77d53', '01a22241-f3e4-79d5-a018-6d766af308a5', 'generate', '01a22242-3e70-7082-9690-6780059ef436', NULL, 'generate', '{"flow": "01a22242-3e70-7082-9690-6780059ef436", "type": "generate", "asset": "01a22242-acce-7b94-bf92-2f85fc7454f0", "client": "01a22241-f3e4-79d5-a018-6d766af308a5", "by_model": true}', 'processing', 0, NULL, NULL, 1, 0, 0, NULL, 3, '2026-11-28 13:05:24.701+00', '21692-01a22242-9f15-70db-9a2e-bbb0100a0320', '2026-11-28 13:05:24.77+00', '2026-11-28 13:05:44.77+00', 'generate:01a22242-acce-7b94-bf92-2f85fc7454f0', 'generate:01a22242-acce-7b94-bf92-2f85fc7454f0', 100, 0, NULL, '2026-11-28 13:05:24.701+00', '2026-11-28 13:05:24.77+00', NULL),
	('01a22242-ae71-72b5-ac45-487e341a6623', '01a22241-f3e4-79d5-a018-6d766af308a5', 'push', NULL, '01a22241-ff6a-7105-835c-7170a49283a2', 'push_asset', '{"push": "01a22242-ae69-7ce3-9439-c4b68c62038a", "type": "push_asset", "trigger": "approval", "connection": "01a22241-ff6a-7105-835c-7170a49283a2"}', 'processing', 0, NULL, NULL, 1, 0, 0, NULL, 8, '2026-11-28 13:05:25.105+00', '21692-01a22242-9f15-70db-9a2e-bbb0100a0320', '2026-11-28 13:05:25.17+00', '2026-11-28 13:05:45.17+00', 'push:01a22241-ff6a-7105-835c-7170a49283a2', 'push:01a22241-ff6a-7105-835c-7170a49283a2', 50, 0, 'push:01a22242-ae69-7ce3-9439-c4b68c62038a', '2026-11-28 13:05:25.092+00', '2026-11-28 13:05:25.17+00', NULL),
	('01a22242-b662-7500-ab9f-8b95c3a6cd68', '01a22241-f3e4-79d5-a018-6d766af308a5', 'generate', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, 'generate', '{"flow": "01a22242-3b50-7fb3-a031-668ef0d819a0", "type": "generate", "asset": "01a22242-b662-754c-923e-9f94cbea575a", "client": "01a22241-f3e4-79d5-a018-6d766af308a5", "by_model": false}', 'pending', 0, NULL, NULL, 0, 0, 0, NULL, 3, '2026-11-28 13:05:27.18+00', NULL, NULL, NULL, 'generate:01a22242-b662-754c-923e-9f94cbea575a', NULL, 100, 0, NULL, '2026-11-28 13:05:27.18+00', NULL, NULL),
	('01a22242-b664-757c-ab2e-ee8ad9b014ef', '01a22241-f3e4-79d5-a018-6d766af308a5', 'generate', '01a22242-3b50-7fb3-a031-668ef0d819a0', NULL, 'generate', '{"flow": "01a22242-3b50-7fb3-a031-668ef0d819a0", "type": "generate", "asset": "01a22242-b664-7a94-8dbe-0e3890a1fefc", "client": "01a22241-f3e4-79d5-a018-6d766af308a5", "by_model": false}', 'pending', 0, NULL, NULL, 0, 0, 0, NULL, 3, '2026-11-28 13:05:27.187+00', NULL, NULL, NULL, 'generate:01a22242-b664-7a94-8dbe-0e3890a1fefc', NULL, 100, 1, NULL, '2026-11-28 13:05:27.187+00', NULL, NULL),
	('01a22242-b7cb-7cea-83fd-ddc7e8db58c8', '01a22241-f3e4-79d5-a018-6d766af308a5', 'import', NULL, '01a22241-ff6a-7105-835c-7170a49283a2', 'import_products', '{"type": "import_products", "scope": "changes", "trigger": "manual", "connection": "01a22241-ff6a-7105-835c-7170a49283a2", "accept_deletes": false}', 'pending', 0, NULL, NULL, 0, 0, 0, NULL, 3, '2026-11-28 13:05:27.499+00', NULL, NULL, NULL, 'import:01a22241-ff6a-7105-835c-7170a49283a2', NULL, 50, 0, 'import:01a22241-ff6a-7105-835c-7170a49283a2:changes', '2026-11-28 13:05:27.499+00', NULL, NULL),
	('01a22242-b90b-72c8-bbd2-2e444cf54032', '01a22241-f3e4-79d5-a018-6d766af308a5', 'push', NULL, '01a22241-ff6a-7105-835c-7170a49283a2', 'push_asset', '{"push": "01a22242-b908-7a20-a617-85df10856f96", "type": "push_asset", "trigger": "approval", "connection": "01a22241-ff6a-7105-835c-7170a49283a2"}', 'pending', 0, NULL, NULL, 0, 0, 0, NULL, 8, '2026-11-28 13:05:27.819+00', NULL, NULL, NULL, 'push:01a22241-ff6a-7105-835c-7170a49283a2', NULL, 50, 0, 'push:01a22242-b908-7a20-a617-85df10856f96', '2026-11-28 13:05:27.812+00', NULL, NULL);
INSERT INTO public.member VALUES
	('01a22241-f7ff-7fc4-9063-854d76468603', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22241-f7fe-7f4f-baa6-ebc42b5040ea', 'owner', '2026-11-28 13:04:38.383', '2026-11-28 13:04:38.383'),
	('01a22241-f9a5-75b7-a1bf-2a1ac396a608', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22241-f9a4-769e-be4c-5fc8b8c60d43', 'member', '2026-11-28 13:04:38.819', '2026-11-28 13:04:38.819');
INSERT INTO public.message VALUES
	('01a22242-2f1e-74a0-b5f3-308cde5db58c', NULL, '01a22242-2ad2-7b63-b9d4-638e898fca22', 'user', '[{"text": "on a wooden table", "type": "text"}]', NULL, NULL, NULL, 1, '2026-11-28 13:04:52.51', '2026-11-28 13:04:52.51', false),
	('01a22242-3259-75b5-81a0-15a1a4aeab72', NULL, '01a22242-2ad2-7b63-b9d4-638e898fca22', 'assistant', '[{"text": "as you wish", "type": "text"}]', NULL, NULL, NULL, 1, '2026-11-28 13:04:53.337', '2026-11-28 13:04:53.337', false);
INSERT INTO public.oauth_state VALUES
	('c8f0a95c82576787c32a93c8b7316307ee06040f0d2e4ef1b08188154a9b7224', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, NULL, 'sandbox', 'http://127.0.0.1:4101', '{"shop": "http://127.0.0.1:4101"}', 'a2f0419b686a16e50531a378879504ab82cbb61b1e879e5b37df5356f01ea23e', '["products", "pictures"]', NULL, NULL, NULL, '2026-11-28 13:04:40.241+00', '2026-11-28 13:19:40.241+00', '2026-11-28 13:04:40.278+00'),
	('107dc0ff5d5494052e23f4b0625ebe16f053183d93dabd79937424946a94c398', '01a22241-f5ce-7a9e-9117-51e7706eed8d', NULL, NULL, 'sandbox', 'http://127.0.0.1:4102', '{"shop": "http://127.0.0.1:4102"}', '270bb7f1296e5f98ecf67f1cbbf6eabdf3f62f1bc8fdfbc0a394c61bf03232ee', '["products", "pictures"]', NULL, NULL, NULL, '2026-11-28 13:04:40.998+00', '2026-11-28 13:19:40.998+00', '2026-11-28 13:04:41.015+00'),
	('de6c7c4e44179cd9167f668a23a86ae80d12a7712a35ceec3eaa4cddcaa30c0e', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, NULL, 'sandbox', 'http://127.0.0.1:4103', '{"shop": "http://127.0.0.1:4103"}', '501b26dc58bc0daa3965e161542b6d50005ddd179acb7b86126efc3f872b8259', '["products", "pictures"]', NULL, NULL, NULL, '2026-11-28 13:04:41.468+00', '2026-11-28 13:19:41.468+00', '2026-11-28 13:04:41.54+00'),
	('1ae9fead4b6d95f6c953f831760149da929b2f8fd19b87beda93b0c51508491e', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, NULL, 'sandbox', 'http://127.0.0.1:4104', '{"shop": "http://127.0.0.1:4104"}', '34f27f869c2c0a8e8c0e4bda50c8071e982035f323988216b071ae30e5482e70', '["products", "pictures"]', NULL, NULL, NULL, '2026-11-28 13:04:42.044+00', '2026-11-28 13:19:42.044+00', '2026-11-28 13:04:42.097+00'),
	('7141f0911beba56dfa38d68d2d571422f51984ffc542a81147d3497ad9c5ac96', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, NULL, 'corner', 'http://127.0.0.1:4105', '{"shop": "http://127.0.0.1:4105"}', 'bed64182e28c7285bb21f11cea574fa8e8343a674875b214e2a3749e3ae046a5', '["products", "pictures"]', NULL, NULL, NULL, '2026-11-28 13:04:42.6+00', '2026-11-28 13:19:42.6+00', '2026-11-28 13:04:42.618+00'),
	('04051d2d08197505c0788e1f6478d3666335822cb60ddc2bf116f3bccbbf960d', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, NULL, 'shopify', 'https://acme.myshopify.com', '{"shop": "acme.myshopify.com"}', '53d4c280cdb3fffee3fe81d6d3fc0a5959df4f1ea91c9d4e492267f29f937c17', '["read_products", "write_products", "read_files", "write_files"]', NULL, NULL, NULL, '2026-11-28 13:04:43.302+00', '2026-11-28 13:19:43.302+00', '2026-11-28 13:04:43.317+00'),
	('2ef0e8b83c48ad46dae2e772c6c32103bfd1705b4289f3e1a68367c1d4158959', '01a22241-f5ce-7a9e-9117-51e7706eed8d', NULL, NULL, 'sandbox', 'http://127.0.0.1:4104', '{"shop": "http://127.0.0.1:4104"}', '906f2f27076db7797a237c5ac62c546871caa3dd3c0e468f1d1bce289d7add71', '["products", "pictures"]', 'v1.Ajyh6TmhJYyK8fhE.Fh7awlmUc1BfCkDMR5K5SQ==.28HQocsOd1WvAPsnAZzwg4KOUKQ6Gi45sLGuAsPUUOZUnSRLcsgTL2+L5Q==', NULL, NULL, '2026-11-28 13:05:24.352+00', '2026-11-28 13:20:24.352+00', NULL);
INSERT INTO public.product VALUES
	('01a22241-ff9d-7c4b-acaf-22887332cc33', '01a22241-f3e4-79d5-a018-6d766af308a5', 'Terracotta Table Lamp', '<p>Soft light for late pages. Made in small batches.</p>', 'Lighting', NULL, NULL, '[]', '[]', false, 'imported', '01a22241-ff6a-7105-835c-7170a49283a2', '1003', 'LMP-1003', 'http://127.0.0.1:4101/products/1003', '2026-11-28 13:04:40.345+00', NULL, NULL, NULL, 23.74, 'EUR', NULL, 'active', '2026-11-28 13:04:35.526+00', '1:27db405c20acf305e5480a7ed55f033d4119cbdca124d405fd040dc206245644', '2026-11-28 13:04:40.345+00', '01a22241-ff86-7bc2-8313-e19b08765944', NULL, '[]', 1, '2026-11-28 13:04:40.345', '2026-11-28 13:04:40.345'),
	('01a22242-0284-75dc-8b7e-f06b9d878f88', '01a22241-f5ce-7a9e-9117-51e7706eed8d', 'Terracotta Mug', '<p>A mug that keeps tea warm and hands happy. Made in small batches.</p>', 'Kitchen', NULL, NULL, '[]', '[]', false, 'imported', '01a22242-0242-7d5c-b21b-a0ab0068bf34', '1001', 'MUG-1001', 'http://127.0.0.1:4102/products/1001', '2026-11-28 13:04:41.088+00', NULL, NULL, NULL, 9.00, 'EUR', NULL, 'active', '2026-11-28 13:04:35.782+00', '1:9931c5fc0e1d92520467badbef8a0107968bf13f5ca2da67ced23d79c5b6cd32', '2026-11-28 13:04:41.088+00', '01a22242-026a-7330-bf59-b6bd31a79209', NULL, '[]', 1, '2026-11-28 13:04:41.088', '2026-11-28 13:04:41.088'),
	('01a22242-0284-7882-b02f-4dc227ae12d8', '01a22241-f5ce-7a9e-9117-51e7706eed8d', 'Terracotta Vase', '<p>A vase with room for one branch or a whole meadow. Made in small batches.</p>', 'Living', NULL, NULL, '[]', '[]', false, 'imported', '01a22242-0242-7d5c-b21b-a0ab0068bf34', '1002', 'VAS-1002', 'http://127.0.0.1:4102/products/1002', '2026-11-28 13:04:41.088+00', NULL, NULL, NULL, 16.37, 'EUR', NULL, 'active', '2026-11-28 13:04:35.782+00', '1:ec5e1c6a050e96575d12c9c93e17d0ca49b409579b89348a64488ec95db56b6d', '2026-11-28 13:04:41.088+00', '01a22242-026a-7330-bf59-b6bd31a79209', NULL, '[]', 1, '2026-11-28 13:04:41.088', '2026-11-28 13:04:41.088'),
	('01a22242-04a2-76a4-b2a6-ba27e8ab884a', '01a22241-f3e4-79d5-a018-6d766af308a5', 'Terracotta Mug', '<p>A mug that keeps tea warm and hands happy. Made in small batches.</p>', 'Kitchen', NULL, NULL, '[]', '[]', false, 'imported', '01a22242-0457-7afc-bc67-8b7e143f3481', '1001', 'MUG-1001', 'http://127.0.0.1:4103/products/1001', '2026-11-28 13:04:41.629+00', NULL, NULL, NULL, 9.00, 'EUR', NULL, 'active', '2026-11-28 13:04:35.886+00', '1:ed74649b4db6acaacd76f8568cb21992b24c6b5705b278ef602327aad03c0b29', '2026-11-28 13:04:41.629+00', '01a22242-0480-7eaf-aef7-8b462a13b649', NULL, '[]', 1, '2026-11-28 13:04:41.629', '2026-11-28 13:04:41.629'),
	('01a22242-06e3-7dd3-839d-407650e10eb4', '01a22241-f3e4-79d5-a018-6d766af308a5', 'Terracotta Mug', '<p>A mug that keeps tea warm and hands happy. Made in small batches.</p>', 'Kitchen', NULL, NULL, '[]', '[]', false, 'imported', '01a22242-0695-790b-8060-5c2b2607c938', '1001', 'MUG-1001', 'http://127.0.0.1:4104/products/1001', '2026-11-28 13:04:42.199+00', NULL, NULL, NULL, 9.00, 'EUR', NULL, 'active', '2026-11-28 13:04:36.043+00', '1:c73259b3d9095fe75d3f130f182db27e3f417a802be83bf044f651086b47f031', '2026-11-28 13:04:42.199+00', '01a22242-06c4-7e31-9346-0fe9c29b670f', NULL, '[]', 1, '2026-11-28 13:04:42.199', '2026-11-28 13:04:42.199'),
	('01a22242-08d9-76b6-9143-2c50cfe1d32b', '01a22241-f3e4-79d5-a018-6d766af308a5', 'Terracotta Mug', '<p>A mug that keeps tea warm and hands happy. Made in small batches.</p>', 'Kitchen', NULL, NULL, '[]', '[]', false, 'imported', '01a22242-088c-7a27-870c-5d79846ed7e4', '1001', 'MUG-1001', 'http://127.0.0.1:4105/products/1001', '2026-11-28 13:04:42.68+00', NULL, NULL, NULL, 9.00, 'EUR', NULL, 'active', '2026-11-28 13:04:36.157+00', '1:62782f454b4bd5aa797994d0deb428c1f412d8df146348bbaa0666d1c24065d8', '2026-11-28 13:04:42.68+00', '01a22242-089f-7cd7-be71-8127096a19fe', NULL, '[]', 1, '2026-11-28 13:04:42.68', '2026-11-28 13:04:42.68'),
	('01a22242-08d9-7287-8ea4-09e350c0798b', '01a22241-f3e4-79d5-a018-6d766af308a5', 'Terracotta Vase', '<p>A vase with room for one branch or a whole meadow. Made in small batches.</p>', 'Living', NULL, NULL, '[]', '[]', false, 'imported', '01a22242-088c-7a27-870c-5d79846ed7e4', '1002', 'VAS-1002', 'http://127.0.0.1:4105/products/1002', '2026-11-28 13:04:42.68+00', NULL, NULL, NULL, 16.37, 'EUR', NULL, 'active', '2026-11-28 13:04:36.157+00', '1:e4fc0e1885e9afe5ff0543df1a66bc7b13c4bd96ed96ac2f1607d7b30f218399', '2026-11-28 13:04:42.68+00', '01a22242-089f-7cd7-be71-8127096a19fe', NULL, '[]', 1, '2026-11-28 13:04:42.68', '2026-11-28 13:04:42.68'),
	('01a22242-0993-74f2-8fc8-db463d29b08e', '01a22241-f3e4-79d5-a018-6d766af308a5', 'Terracotta Table Lamp', '<p>Soft light for late pages. Made in small batches.</p>', 'Lighting', NULL, NULL, '[]', '[]', false, 'imported', '01a22242-088c-7a27-870c-5d79846ed7e4', '1003', 'LMP-1003', 'http://127.0.0.1:4105/products/1003', '2026-11-28 13:04:42.826+00', NULL, NULL, NULL, 23.74, 'EUR', NULL, 'active', '2026-11-28 13:04:36.157+00', '1:a3679cfa87aa72a91cfc2e4e98ae528b3004897a2037b1045ff16db7a5fd49dd', '2026-11-28 13:04:42.826+00', '01a22242-089f-7cd7-be71-8127096a19fe', NULL, '[]', 1, '2026-11-28 13:04:42.826', '2026-11-28 13:04:42.826'),
	('01a22242-0993-7f4f-b321-b1dcc3c2b3a2', '01a22241-f3e4-79d5-a018-6d766af308a5', 'Terracotta Chair', '<p>Sits well at the table and by the window. Made in small batches.</p>', 'Furniture', NULL, NULL, '[]', '[]', false, 'imported', '01a22242-088c-7a27-870c-5d79846ed7e4', '1004', 'CHR-1004', 'http://127.0.0.1:4105/products/1004', '2026-11-28 13:04:42.826+00', NULL, NULL, NULL, 31.11, 'EUR', NULL, 'active', '2026-11-28 13:04:36.157+00', '1:f0c9620cc58a4933ef93022f21f5d1dc16d89af8e514147cec763707bf7fae2e', '2026-11-28 13:04:42.826+00', '01a22242-089f-7cd7-be71-8127096a19fe', NULL, '[]', 1, '2026-11-28 13:04:42.826', '2026-11-28 13:04:42.826'),
	('01a22242-09b6-72e7-a8f9-5b58cc9290b3', '01a22241-f3e4-79d5-a018-6d766af308a5', 'Terracotta Side Table', '<p>Holds a cup, a book and your keys. Made in small batches.</p>', 'Furniture', NULL, NULL, '[]', '[]', false, 'imported', '01a22242-088c-7a27-870c-5d79846ed7e4', '1005', 'TBL-1005', 'http://127.0.0.1:4105/products/1005', '2026-11-28 13:04:42.933+00', NULL, NULL, NULL, 38.48, 'EUR', NULL, 'active', '2026-11-28 13:04:36.157+00', '1:37f67148a0c439c5417246db7b6785fefc8d4072e94532f424213698b778f60f', '2026-11-28 13:04:42.933+00', '01a22242-089f-7cd7-be71-8127096a19fe', NULL, '[]', 1, '2026-11-28 13:04:42.933', '2026-11-28 13:04:42.933'),
	('01a22242-0b7b-7f56-8d25-a1a361eaa7ae', '01a22241-f3e4-79d5-a018-6d766af308a5', 'Terracotta Mug', '<p>A mug that keeps tea warm and hands happy. Made in small batches.</p>', 'Kitchen', NULL, NULL, '[]', '[]', false, 'imported', '01a22242-0b3f-7806-a867-c14e79f86b29', 'gid://shopify/Product/1001', 'MUG-1001', 'https://acme.myshopify.com/products/1001', '2026-11-28 13:04:43.382+00', NULL, NULL, NULL, 9.00, 'EUR', NULL, 'active', '2026-11-28 13:04:36.587+00', '1:cc28dba7ab19eaf5221d14edd33b867398505eff003611f345b951a42788cd09', '2026-11-28 13:04:43.382+00', '01a22242-0b4e-7da8-a558-113fc0b8fae1', NULL, '[]', 1, '2026-11-28 13:04:43.382', '2026-11-28 13:04:43.382'),
	('01a22242-0b7b-79d7-a368-d77f9b04e880', '01a22241-f3e4-79d5-a018-6d766af308a5', 'Terracotta Vase', '<p>A vase with room for one branch or a whole meadow. Made in small batches.</p>', 'Living', NULL, NULL, '[]', '[]', false, 'imported', '01a22242-0b3f-7806-a867-c14e79f86b29', 'gid://shopify/Product/1002', 'VAS-1002', 'https://acme.myshopify.com/products/1002', '2026-11-28 13:04:43.382+00', NULL, NULL, NULL, 16.37, 'EUR', NULL, 'active', '2026-11-28 13:04:36.587+00', '1:aa0873f16adcd86ba21360f5a9bb46bc16fa7dcb77cbc5a64ed25eb71b95a88f', '2026-11-28 13:04:43.382+00', '01a22242-0b4e-7da8-a558-113fc0b8fae1', NULL, '[]', 1, '2026-11-28 13:04:43.382', '2026-11-28 13:04:43.382'),
	('01a22241-ff9d-7e25-8bda-0d44ad9e4d8f', '01a22241-f3e4-79d5-a018-6d766af308a5', 'Terracotta Side Table', '<p>Holds a cup, a book and your keys. Made in small batches.</p>', 'Furniture', NULL, NULL, '[]', '[]', false, 'imported', '01a22241-ff6a-7105-835c-7170a49283a2', '1005', 'TBL-1005', 'http://127.0.0.1:4101/products/1005', '2026-11-28 13:04:40.345+00', NULL, NULL, NULL, 38.48, 'EUR', NULL, 'deleted', '2026-11-28 13:04:35.526+00', NULL, '2026-11-28 13:04:40.345+00', '01a22241-ff86-7bc2-8313-e19b08765944', '2026-11-28 13:04:48.943+00', '[]', 2, '2026-11-28 13:04:40.345', '2026-11-28 13:04:40.345'),
	('01a22241-ff9d-73e2-b861-54985c658d4b', '01a22241-f3e4-79d5-a018-6d766af308a5', 'Terracotta Vase', '<p>A vase with room for one branch or a whole meadow. Made in small batches.</p>', 'Living', NULL, NULL, '[]', '[]', false, 'imported', '01a22241-ff6a-7105-835c-7170a49283a2', '1002', 'VAS-1002', 'http://127.0.0.1:4101/products/1002', '2026-11-28 13:04:40.345+00', '{"style": "warm oak", "colors": ["warm oak"], "picture": "4d0651de5adabf5d", "version": "gemini/1", "materials": ["warm oak"], "scaleHints": "warm oak", "productType": "warm oak", "promptKeywords": ["warm oak"], "suggestedRoomTypes": ["warm oak"]}', 'gemini/1', '2026-11-28 13:05:00.063+00', 16.37, 'EUR', NULL, 'active', '2026-11-28 13:04:35.526+00', '1:35d4896693917cc788fa22566219d279ba9a31e6bea755cfce2bd8e44f883273', '2026-11-28 13:05:22.297+00', '01a22242-a360-7bbb-873d-0c474efe5ab4', NULL, '[]', 2, '2026-11-28 13:04:40.345', '2026-11-28 13:05:22.297'),
	('01a22241-ff9d-7570-8066-225ed9b0be69', '01a22241-f3e4-79d5-a018-6d766af308a5', 'A chair, renamed', '<p>Sits well at the table and by the window. Made in small batches.</p>', 'Furniture', NULL, NULL, '[]', '[]', false, 'imported', '01a22241-ff6a-7105-835c-7170a49283a2', '1004', 'CHR-1004', 'http://127.0.0.1:4101/products/1004', '2026-11-28 13:04:40.345+00', NULL, NULL, NULL, 31.11, 'EUR', NULL, 'active', '2026-11-28 13:04:48.22+00', '1:556ffc34b885dca0141343ada86883d50049ac626d395d1c66363001817ef879', '2026-11-28 13:04:48.909+00', '01a22242-20de-7330-bbcd-e28499d1d4a4', NULL, '[]', 2, '2026-11-28 13:04:40.345', '2026-11-28 13:04:48.909'),
	('01a22242-2599-76e1-bf96-40236705124c', '01a22241-f3e4-79d5-a018-6d766af308a5', 'Own mug', 'Unikat', 'Mugs', NULL, NULL, '[]', '[]', false, 'uploaded', NULL, NULL, NULL, NULL, NULL, '{"style": "", "colors": ["terracotta", "rust", "dark brown"], "palette": ["#d37352", "#97523b", "#5a3b28"], "picture": "338f16cd51f9f469", "version": "studio/1", "materials": [], "scaleHints": "even", "productType": "Mugs", "promptKeywords": ["terracotta", "rust"], "plainBackground": true, "suggestedRoomTypes": ["kitchen"]}', 'studio/1', '2026-11-28 13:04:50.96+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', 1, '2026-11-28 13:04:50.105', '2026-11-28 13:04:50.105'),
	('01a22241-ff9d-7b6b-bd9f-e47443195db2', '01a22241-f3e4-79d5-a018-6d766af308a5', 'Terracotta Mug', '<p>A mug that keeps tea warm and hands happy. Made in small batches.</p>', 'Kitchen', NULL, NULL, '[]', '[]', false, 'imported', '01a22241-ff6a-7105-835c-7170a49283a2', '1001', 'MUG-1001', 'http://127.0.0.1:4101/products/1001', '2026-11-28 13:04:40.345+00', '{"style": "", "colors": ["terracotta", "rust", "dark brown"], "palette": ["#d37352", "#97523b", "#5a3b28"], "picture": "541cd3e9bbb6b5ef", "version": "studio/1", "materials": [], "scaleHints": "even", "productType": "Kitchen", "promptKeywords": ["terracotta", "rust"], "plainBackground": true, "suggestedRoomTypes": ["kitchen"]}', 'studio/1', '2026-11-28 13:04:50.825+00', 9.00, 'EUR', NULL, 'active', '2026-11-28 13:04:35.526+00', '1:b7e537c9e02ed72c94906371fb9a2475327732d8b0833d86b6cdf2583ff2233c', '2026-11-28 13:05:22.297+00', '01a22242-a360-7bbb-873d-0c474efe5ab4', NULL, '[]', 2, '2026-11-28 13:04:40.345', '2026-11-28 13:05:22.297');
INSERT INTO public.product_image VALUES
	('01a22241-ffa3-7280-836a-7053a27552c2', '01a22241-ff9d-7c4b-acaf-22887332cc33', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22241-ff9d-7c4b-acaf-22887332cc33/media/images/base/01a22241-ffa3-7280-836a-7053a27552c2.png', NULL, 0, 1, '2026-11-28 13:04:40.345', '2026-11-28 13:04:40.345', true, 'synced', 'i1003-1', 'http://127.0.0.1:4101/pictures/1003-1.png', NULL, NULL, NULL, NULL, NULL, 'Terracotta Table Lamp, view 1', NULL),
	('01a22241-ffa3-7077-91cf-c3278d3281f0', '01a22241-ff9d-7e25-8bda-0d44ad9e4d8f', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22241-ff9d-7e25-8bda-0d44ad9e4d8f/media/images/base/01a22241-ffa3-7077-91cf-c3278d3281f0.png', NULL, 0, 1, '2026-11-28 13:04:40.345', '2026-11-28 13:04:40.345', true, 'synced', 'i1005-1', 'http://127.0.0.1:4101/pictures/1005-1.png', NULL, NULL, NULL, NULL, NULL, 'Terracotta Side Table, view 1', NULL),
	('01a22242-0287-7be6-bc4a-f9389b782daf', '01a22242-0284-75dc-8b7e-f06b9d878f88', 'clients/01a22241-f5ce-7a9e-9117-51e7706eed8d/products/01a22242-0284-75dc-8b7e-f06b9d878f88/media/images/base/01a22242-0287-7be6-bc4a-f9389b782daf.png', NULL, 0, 1, '2026-11-28 13:04:41.088', '2026-11-28 13:04:41.088', true, 'synced', 'i1001-1', 'http://127.0.0.1:4102/pictures/1001-1.png', NULL, NULL, NULL, NULL, NULL, 'Terracotta Mug, view 1', NULL),
	('01a22242-0287-73a9-9432-9ce708e6430f', '01a22242-0284-7882-b02f-4dc227ae12d8', 'clients/01a22241-f5ce-7a9e-9117-51e7706eed8d/products/01a22242-0284-7882-b02f-4dc227ae12d8/media/images/base/01a22242-0287-73a9-9432-9ce708e6430f.png', NULL, 0, 1, '2026-11-28 13:04:41.088', '2026-11-28 13:04:41.088', true, 'synced', 'i1002-1', 'http://127.0.0.1:4102/pictures/1002-1.png', NULL, NULL, NULL, NULL, NULL, 'Terracotta Vase, view 1', NULL),
	('01a22242-0287-70c7-9dc0-fb097497abb7', '01a22242-0284-7882-b02f-4dc227ae12d8', 'clients/01a22241-f5ce-7a9e-9117-51e7706eed8d/products/01a22242-0284-7882-b02f-4dc227ae12d8/media/images/base/01a22242-0287-70c7-9dc0-fb097497abb7.png', NULL, 1, 1, '2026-11-28 13:04:41.088', '2026-11-28 13:04:41.088', false, 'synced', 'i1002-2', 'http://127.0.0.1:4102/pictures/1002-2.png', NULL, NULL, NULL, NULL, NULL, 'Terracotta Vase, view 2', NULL),
	('01a22242-04a4-7464-86cf-5945e79999d3', '01a22242-04a2-76a4-b2a6-ba27e8ab884a', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22242-04a2-76a4-b2a6-ba27e8ab884a/media/images/base/01a22242-04a4-7464-86cf-5945e79999d3.png', NULL, 0, 1, '2026-11-28 13:04:41.629', '2026-11-28 13:04:41.629', true, 'synced', 'i1001-1', 'http://127.0.0.1:4103/pictures/1001-1.png', NULL, NULL, NULL, NULL, NULL, 'Terracotta Mug, view 1', NULL),
	('01a22242-06ee-74c8-b9b2-cb9fde6541fe', '01a22242-06e3-7dd3-839d-407650e10eb4', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22242-06e3-7dd3-839d-407650e10eb4/media/images/base/01a22242-06ee-74c8-b9b2-cb9fde6541fe.png', NULL, 0, 1, '2026-11-28 13:04:42.199', '2026-11-28 13:04:42.199', true, 'synced', 'i1001-1', 'http://127.0.0.1:4104/pictures/1001-1.png', NULL, NULL, NULL, NULL, NULL, 'Terracotta Mug, view 1', NULL),
	('01a22242-08e9-7e54-99f8-1e89edf81822', '01a22242-08d9-76b6-9143-2c50cfe1d32b', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22242-08d9-76b6-9143-2c50cfe1d32b/media/images/base/01a22242-08e9-7e54-99f8-1e89edf81822.png', NULL, 0, 1, '2026-11-28 13:04:42.68', '2026-11-28 13:04:42.68', true, 'synced', 'i1001-1', 'http://127.0.0.1:4105/pictures/1001-1.png', NULL, NULL, NULL, NULL, NULL, 'Terracotta Mug, view 1', NULL),
	('01a22242-08e9-78e5-8ca7-e356183269ba', '01a22242-08d9-7287-8ea4-09e350c0798b', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22242-08d9-7287-8ea4-09e350c0798b/media/images/base/01a22242-08e9-78e5-8ca7-e356183269ba.png', NULL, 0, 1, '2026-11-28 13:04:42.68', '2026-11-28 13:04:42.68', true, 'synced', 'i1002-1', 'http://127.0.0.1:4105/pictures/1002-1.png', NULL, NULL, NULL, NULL, NULL, 'Terracotta Vase, view 1', NULL),
	('01a22242-08e9-79a9-b27f-f6d37048585c', '01a22242-08d9-7287-8ea4-09e350c0798b', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22242-08d9-7287-8ea4-09e350c0798b/media/images/base/01a22242-08e9-79a9-b27f-f6d37048585c.png', NULL, 1, 1, '2026-11-28 13:04:42.68', '2026-11-28 13:04:42.68', false, 'synced', 'i1002-2', 'http://127.0.0.1:4105/pictures/1002-2.png', NULL, NULL, NULL, NULL, NULL, 'Terracotta Vase, view 2', NULL),
	('01a22242-099e-7755-a214-5c57914197a9', '01a22242-0993-74f2-8fc8-db463d29b08e', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22242-0993-74f2-8fc8-db463d29b08e/media/images/base/01a22242-099e-7755-a214-5c57914197a9.png', NULL, 0, 1, '2026-11-28 13:04:42.826', '2026-11-28 13:04:42.826', true, 'synced', 'i1003-1', 'http://127.0.0.1:4105/pictures/1003-1.png', NULL, NULL, NULL, NULL, NULL, 'Terracotta Table Lamp, view 1', NULL),
	('01a22242-099e-7c12-bb4d-cbf04b23fe71', '01a22242-0993-7f4f-b321-b1dcc3c2b3a2', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22242-0993-7f4f-b321-b1dcc3c2b3a2/media/images/base/01a22242-099e-7c12-bb4d-cbf04b23fe71.png', NULL, 0, 1, '2026-11-28 13:04:42.826', '2026-11-28 13:04:42.826', true, 'synced', 'i1004-1', 'http://127.0.0.1:4105/pictures/1004-1.png', NULL, NULL, NULL, NULL, NULL, 'Terracotta Chair, view 1', NULL),
	('01a22242-099e-774d-8fe8-1621a6cc7355', '01a22242-0993-7f4f-b321-b1dcc3c2b3a2', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22242-0993-7f4f-b321-b1dcc3c2b3a2/media/images/base/01a22242-099e-774d-8fe8-1621a6cc7355.png', NULL, 1, 1, '2026-11-28 13:04:42.826', '2026-11-28 13:04:42.826', false, 'synced', 'i1004-2', 'http://127.0.0.1:4105/pictures/1004-2.png', NULL, NULL, NULL, NULL, NULL, 'Terracotta Chair, view 2', NULL),
	('01a22242-09b7-7b42-8cf3-7672f2125b1b', '01a22242-09b6-72e7-a8f9-5b58cc9290b3', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22242-09b6-72e7-a8f9-5b58cc9290b3/media/images/base/01a22242-09b7-7b42-8cf3-7672f2125b1b.png', NULL, 0, 1, '2026-11-28 13:04:42.933', '2026-11-28 13:04:42.933', true, 'synced', 'i1005-1', 'http://127.0.0.1:4105/pictures/1005-1.png', NULL, NULL, NULL, NULL, NULL, 'Terracotta Side Table, view 1', NULL),
	('01a22242-0b7e-7134-b30b-42009ef0f764', '01a22242-0b7b-7f56-8d25-a1a361eaa7ae', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22242-0b7b-7f56-8d25-a1a361eaa7ae/media/images/base/01a22242-0b7e-7134-b30b-42009ef0f764.png', NULL, 0, 1, '2026-11-28 13:04:43.382', '2026-11-28 13:04:43.382', true, 'synced', 'gid://shopify/MediaImage/100101', 'https://acme.myshopify.com/rehearsal/files/100101/1001-1.png', NULL, NULL, NULL, NULL, NULL, 'Terracotta Mug, view 1', NULL),
	('01a22242-0b7e-7c49-9aa3-48a7702f1f5b', '01a22242-0b7b-79d7-a368-d77f9b04e880', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22242-0b7b-79d7-a368-d77f9b04e880/media/images/base/01a22242-0b7e-7c49-9aa3-48a7702f1f5b.png', NULL, 0, 1, '2026-11-28 13:04:43.382', '2026-11-28 13:04:43.382', true, 'synced', 'gid://shopify/MediaImage/100201', 'https://acme.myshopify.com/rehearsal/files/100201/1002-1.png', NULL, NULL, NULL, NULL, NULL, 'Terracotta Vase, view 1', NULL),
	('01a22242-0b7e-72c5-839c-aff91d11c831', '01a22242-0b7b-79d7-a368-d77f9b04e880', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22242-0b7b-79d7-a368-d77f9b04e880/media/images/base/01a22242-0b7e-72c5-839c-aff91d11c831.png', NULL, 1, 1, '2026-11-28 13:04:43.382', '2026-11-28 13:04:43.382', false, 'synced', 'gid://shopify/MediaImage/100202', 'https://acme.myshopify.com/rehearsal/files/100202/1002-2.png', NULL, NULL, NULL, NULL, NULL, 'Terracotta Vase, view 2', NULL),
	('01a22241-ffa3-7fa6-8b06-348560735847', '01a22241-ff9d-7570-8066-225ed9b0be69', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22241-ff9d-7570-8066-225ed9b0be69/media/images/base/01a22241-ffa3-7fa6-8b06-348560735847.png', NULL, 0, 2, '2026-11-28 13:04:40.345', '2026-11-28 13:04:48.909', true, 'synced', 'i1004-1', 'http://127.0.0.1:4101/pictures/1004-1.png', NULL, NULL, NULL, NULL, NULL, 'Terracotta Chair, view 1', NULL),
	('01a22241-ffa3-7e82-b142-ce0a50b23519', '01a22241-ff9d-7570-8066-225ed9b0be69', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22241-ff9d-7570-8066-225ed9b0be69/media/images/base/01a22241-ffa3-7e82-b142-ce0a50b23519.png', NULL, 1, 2, '2026-11-28 13:04:40.345', '2026-11-28 13:04:48.909', false, 'synced', 'i1004-2', 'http://127.0.0.1:4101/pictures/1004-2.png', NULL, NULL, NULL, NULL, NULL, 'Terracotta Chair, view 2', NULL),
	('01a22242-2599-7b71-b63a-c536f797b887', '01a22242-2599-76e1-bf96-40236705124c', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22242-2599-76e1-bf96-40236705124c/media/images/base/01a22242-2599-7b71-b63a-c536f797b887.png', NULL, 0, 1, '2026-11-28 13:04:50.105', '2026-11-28 13:04:50.105', true, 'local', NULL, NULL, NULL, '708ccbbd0206eca8f51507c9e8c34febab991b37925aaeb92ca5e031603d0a70', 'image/png', 640, 640, NULL, NULL),
	('01a22241-ffa2-71ec-8ff9-9986d1624c25', '01a22241-ff9d-7b6b-bd9f-e47443195db2', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22241-ff9d-7b6b-bd9f-e47443195db2/media/images/base/01a22241-ffa2-71ec-8ff9-9986d1624c25.png', NULL, 0, 2, '2026-11-28 13:04:40.345', '2026-11-28 13:05:22.297', true, 'synced', 'i1001-1', 'http://127.0.0.1:4101/pictures/1001-1.png', NULL, NULL, NULL, NULL, NULL, 'Terracotta Mug, view 1', NULL),
	('01a22242-a388-7571-9bdd-f3050cf9bafe', '01a22241-ff9d-7b6b-bd9f-e47443195db2', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22241-ff9d-7b6b-bd9f-e47443195db2/media/images/base/01a22242-a388-7571-9bdd-f3050cf9bafe.png', NULL, 1, 1, '2026-11-28 13:05:22.297', '2026-11-28 13:05:22.297', false, 'synced', 'a2', 'http://127.0.0.1:4101/pictures/a2', '01a22242-427b-7bfa-9e57-508682827938', NULL, NULL, NULL, NULL, 'Terracotta Mug', NULL),
	('01a22241-ffa2-7098-b58e-d6b135de94c4', '01a22241-ff9d-73e2-b861-54985c658d4b', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22241-ff9d-73e2-b861-54985c658d4b/media/images/base/01a22241-ffa2-7098-b58e-d6b135de94c4.png', NULL, 0, 2, '2026-11-28 13:04:40.345', '2026-11-28 13:05:22.297', true, 'synced', 'i1002-1', 'http://127.0.0.1:4101/pictures/1002-1.png', NULL, NULL, NULL, NULL, NULL, 'Terracotta Vase, view 1', NULL),
	('01a22241-ffa2-7e1f-80de-71a94959ca11', '01a22241-ff9d-73e2-b861-54985c658d4b', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22241-ff9d-73e2-b861-54985c658d4b/media/images/base/01a22241-ffa2-7e1f-80de-71a94959ca11.png', NULL, 1, 2, '2026-11-28 13:04:40.345', '2026-11-28 13:05:22.297', false, 'synced', 'i1002-2', 'http://127.0.0.1:4101/pictures/1002-2.png', NULL, NULL, NULL, NULL, NULL, 'Terracotta Vase, view 2', NULL),
	('01a22242-a388-7bcc-8297-88da800b42bb', '01a22241-ff9d-73e2-b861-54985c658d4b', 'clients/01a22241-f3e4-79d5-a018-6d766af308a5/products/01a22241-ff9d-73e2-b861-54985c658d4b/media/images/base/01a22242-a388-7bcc-8297-88da800b42bb.png', NULL, 2, 1, '2026-11-28 13:05:22.297', '2026-11-28 13:05:22.297', false, 'synced', 'a6', 'http://127.0.0.1:4101/pictures/a6', '01a22242-4b4b-7fc3-a235-aab6b44d1ab7', NULL, NULL, NULL, NULL, 'Terracotta Vase', NULL);
INSERT INTO public.product_variant VALUES
	('01a22241-ffa2-7c0c-b40a-8f8eca5fd10e', '01a22241-ff9d-7c4b-acaf-22887332cc33', '01a22241-ff6a-7105-835c-7170a49283a2', 'v1003-1', 'LMP-1003-S', 'Small', '{"Size": "Small"}', 23.74, 'EUR', 'i1003-1', 0, NULL, NULL, '2026-11-28 13:04:40.345+00', '2026-11-28 13:04:40.345+00'),
	('01a22241-ffa2-7fe7-ab88-3f9271cb220b', '01a22241-ff9d-7c4b-acaf-22887332cc33', '01a22241-ff6a-7105-835c-7170a49283a2', 'v1003-2', 'LMP-1003-M', 'Medium', '{"Size": "Medium"}', 28.74, 'EUR', 'i1003-1', 1, NULL, NULL, '2026-11-28 13:04:40.345+00', '2026-11-28 13:04:40.345+00'),
	('01a22241-ffa3-7c5c-b0d8-2a6bea9887a5', '01a22241-ff9d-7c4b-acaf-22887332cc33', '01a22241-ff6a-7105-835c-7170a49283a2', 'v1003-3', 'LMP-1003-L', 'Large', '{"Size": "Large"}', 33.74, 'EUR', 'i1003-1', 2, NULL, NULL, '2026-11-28 13:04:40.345+00', '2026-11-28 13:04:40.345+00'),
	('01a22241-ffa3-7ac9-9842-359d5a95d146', '01a22241-ff9d-7e25-8bda-0d44ad9e4d8f', '01a22241-ff6a-7105-835c-7170a49283a2', 'v1005-1', 'TBL-1005-S', 'Small', '{"Size": "Small"}', 38.48, 'EUR', 'i1005-1', 0, NULL, NULL, '2026-11-28 13:04:40.345+00', '2026-11-28 13:04:40.345+00'),
	('01a22241-ffa3-72d6-a259-1420efcaf7f6', '01a22241-ff9d-7e25-8bda-0d44ad9e4d8f', '01a22241-ff6a-7105-835c-7170a49283a2', 'v1005-2', 'TBL-1005-M', 'Medium', '{"Size": "Medium"}', 43.48, 'EUR', 'i1005-1', 1, NULL, NULL, '2026-11-28 13:04:40.345+00', '2026-11-28 13:04:40.345+00'),
	('01a22242-0287-7845-b899-7aad39a0770a', '01a22242-0284-75dc-8b7e-f06b9d878f88', '01a22242-0242-7d5c-b21b-a0ab0068bf34', 'v1001-1', 'MUG-1001-S', 'Small', '{"Size": "Small"}', 9.00, 'EUR', 'i1001-1', 0, NULL, NULL, '2026-11-28 13:04:41.088+00', '2026-11-28 13:04:41.088+00'),
	('01a22242-0287-7aa6-87e5-c03c78b81802', '01a22242-0284-7882-b02f-4dc227ae12d8', '01a22242-0242-7d5c-b21b-a0ab0068bf34', 'v1002-1', 'VAS-1002-S', 'Small', '{"Size": "Small"}', 16.37, 'EUR', 'i1002-1', 0, NULL, NULL, '2026-11-28 13:04:41.088+00', '2026-11-28 13:04:41.088+00'),
	('01a22242-0287-7e16-aa1f-6688bded5100', '01a22242-0284-7882-b02f-4dc227ae12d8', '01a22242-0242-7d5c-b21b-a0ab0068bf34', 'v1002-2', 'VAS-1002-M', 'Medium', '{"Size": "Medium"}', 21.37, 'EUR', 'i1002-1', 1, NULL, NULL, '2026-11-28 13:04:41.088+00', '2026-11-28 13:04:41.088+00'),
	('01a22242-04a4-7eb6-9864-69b1a2f78177', '01a22242-04a2-76a4-b2a6-ba27e8ab884a', '01a22242-0457-7afc-bc67-8b7e143f3481', 'v1001-1', 'MUG-1001-S', 'Small', '{"Size": "Small"}', 9.00, 'EUR', 'i1001-1', 0, NULL, NULL, '2026-11-28 13:04:41.629+00', '2026-11-28 13:04:41.629+00'),
	('01a22242-06ee-7887-9e6a-11f6811d93b3', '01a22242-06e3-7dd3-839d-407650e10eb4', '01a22242-0695-790b-8060-5c2b2607c938', 'v1001-1', 'MUG-1001-S', 'Small', '{"Size": "Small"}', 9.00, 'EUR', 'i1001-1', 0, NULL, NULL, '2026-11-28 13:04:42.199+00', '2026-11-28 13:04:42.199+00'),
	('01a22242-08e9-7346-824e-6d15454bbc35', '01a22242-08d9-76b6-9143-2c50cfe1d32b', '01a22242-088c-7a27-870c-5d79846ed7e4', 'v1001-1', 'MUG-1001-S', 'Small', '{"Size": "Small"}', 9.00, 'EUR', 'i1001-1', 0, NULL, NULL, '2026-11-28 13:04:42.68+00', '2026-11-28 13:04:42.68+00'),
	('01a22242-08e9-712f-a90b-1154cf369f22', '01a22242-08d9-7287-8ea4-09e350c0798b', '01a22242-088c-7a27-870c-5d79846ed7e4', 'v1002-1', 'VAS-1002-S', 'Small', '{"Size": "Small"}', 16.37, 'EUR', 'i1002-1', 0, NULL, NULL, '2026-11-28 13:04:42.68+00', '2026-11-28 13:04:42.68+00'),
	('01a22242-08e9-725c-b1ca-8cc5e9209b1f', '01a22242-08d9-7287-8ea4-09e350c0798b', '01a22242-088c-7a27-870c-5d79846ed7e4', 'v1002-2', 'VAS-1002-M', 'Medium', '{"Size": "Medium"}', 21.37, 'EUR', 'i1002-1', 1, NULL, NULL, '2026-11-28 13:04:42.68+00', '2026-11-28 13:04:42.68+00'),
	('01a22242-099e-751f-87ff-f25530f55eaf', '01a22242-0993-74f2-8fc8-db463d29b08e', '01a22242-088c-7a27-870c-5d79846ed7e4', 'v1003-1', 'LMP-1003-S', 'Small', '{"Size": "Small"}', 23.74, 'EUR', 'i1003-1', 0, NULL, NULL, '2026-11-28 13:04:42.826+00', '2026-11-28 13:04:42.826+00'),
	('01a22242-099e-7c6c-8dcb-de1817a1d891', '01a22242-0993-74f2-8fc8-db463d29b08e', '01a22242-088c-7a27-870c-5d79846ed7e4', 'v1003-2', 'LMP-1003-M', 'Medium', '{"Size": "Medium"}', 28.74, 'EUR', 'i1003-1', 1, NULL, NULL, '2026-11-28 13:04:42.826+00', '2026-11-28 13:04:42.826+00'),
	('01a22242-099e-7893-8077-0463bec83e9d', '01a22242-0993-74f2-8fc8-db463d29b08e', '01a22242-088c-7a27-870c-5d79846ed7e4', 'v1003-3', 'LMP-1003-L', 'Large', '{"Size": "Large"}', 33.74, 'EUR', 'i1003-1', 2, NULL, NULL, '2026-11-28 13:04:42.826+00', '2026-11-28 13:04:42.826+00'),
	('01a22242-099e-7acd-8555-3dfaef7d61f1', '01a22242-0993-7f4f-b321-b1dcc3c2b3a2', '01a22242-088c-7a27-870c-5d79846ed7e4', 'v1004-1', 'CHR-1004-S', 'Small', '{"Size": "Small"}', 31.11, 'EUR', 'i1004-1', 0, NULL, NULL, '2026-11-28 13:04:42.826+00', '2026-11-28 13:04:42.826+00'),
	('01a22242-09b7-7102-93ee-092e7396f7ec', '01a22242-09b6-72e7-a8f9-5b58cc9290b3', '01a22242-088c-7a27-870c-5d79846ed7e4', 'v1005-1', 'TBL-1005-S', 'Small', '{"Size": "Small"}', 38.48, 'EUR', 'i1005-1', 0, NULL, NULL, '2026-11-28 13:04:42.933+00', '2026-11-28 13:04:42.933+00'),
	('01a22242-09b7-7a66-9649-2e2103cb6d9a', '01a22242-09b6-72e7-a8f9-5b58cc9290b3', '01a22242-088c-7a27-870c-5d79846ed7e4', 'v1005-2', 'TBL-1005-M', 'Medium', '{"Size": "Medium"}', 43.48, 'EUR', 'i1005-1', 1, NULL, NULL, '2026-11-28 13:04:42.933+00', '2026-11-28 13:04:42.933+00'),
	('01a22242-0b7e-7044-be93-e38a14b7dd57', '01a22242-0b7b-7f56-8d25-a1a361eaa7ae', '01a22242-0b3f-7806-a867-c14e79f86b29', 'gid://shopify/ProductVariant/100101', 'MUG-1001', 'Small', '{"Size": "Small"}', 9.00, 'EUR', 'gid://shopify/MediaImage/100101', 0, NULL, NULL, '2026-11-28 13:04:43.382+00', '2026-11-28 13:04:43.382+00'),
	('01a22242-0b7e-7868-8556-35fb980ee069', '01a22242-0b7b-79d7-a368-d77f9b04e880', '01a22242-0b3f-7806-a867-c14e79f86b29', 'gid://shopify/ProductVariant/100201', 'VAS-1002', 'Small', '{"Size": "Small"}', 16.37, 'EUR', 'gid://shopify/MediaImage/100201', 0, NULL, NULL, '2026-11-28 13:04:43.382+00', '2026-11-28 13:04:43.382+00'),
	('01a22242-0b7e-7b0d-85d3-b2d4503f3ebf', '01a22242-0b7b-79d7-a368-d77f9b04e880', '01a22242-0b3f-7806-a867-c14e79f86b29', 'gid://shopify/ProductVariant/100202', 'VAS-1002-M', 'Medium', '{"Size": "Medium"}', 21.37, 'EUR', 'gid://shopify/MediaImage/100201', 1, NULL, NULL, '2026-11-28 13:04:43.382+00', '2026-11-28 13:04:43.382+00'),
	('01a22241-ffa3-7fc7-85a8-77129884716f', '01a22241-ff9d-7570-8066-225ed9b0be69', '01a22241-ff6a-7105-835c-7170a49283a2', 'v1004-1', 'CHR-1004-S', 'Small', '{"Size": "Small"}', 31.11, 'EUR', 'i1004-1', 0, NULL, NULL, '2026-11-28 13:04:40.345+00', '2026-11-28 13:04:48.909+00'),
	('01a22241-ffa2-7222-8cc9-ca8a2c6e31de', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '01a22241-ff6a-7105-835c-7170a49283a2', 'v1001-1', 'MUG-1001-S', 'Small', '{"Size": "Small"}', 9.00, 'EUR', 'i1001-1', 0, NULL, NULL, '2026-11-28 13:04:40.345+00', '2026-11-28 13:05:22.297+00'),
	('01a22241-ffa2-77b3-99a2-3886393e9ee0', '01a22241-ff9d-73e2-b861-54985c658d4b', '01a22241-ff6a-7105-835c-7170a49283a2', 'v1002-1', 'VAS-1002-S', 'Small', '{"Size": "Small"}', 16.37, 'EUR', 'i1002-1', 0, NULL, NULL, '2026-11-28 13:04:40.345+00', '2026-11-28 13:05:22.297+00'),
	('01a22241-ffa2-7564-800b-22b25a7e911b', '01a22241-ff9d-73e2-b861-54985c658d4b', '01a22241-ff6a-7105-835c-7170a49283a2', 'v1002-2', 'VAS-1002-M', 'Medium', '{"Size": "Medium"}', 21.37, 'EUR', 'i1002-1', 1, NULL, NULL, '2026-11-28 13:04:40.345+00', '2026-11-28 13:05:22.297+00');
INSERT INTO public.quota_limit VALUES
	('01a22241-fafd-739f-9225-7bb4b7caaf8d', '01a22241-f3e4-79d5-a018-6d766af308a5', 'pro', 2000, 20000, 200, '2026-11-28 13:04:39.162+00', '2026-11-28 13:04:39.162+00');
INSERT INTO public.spending VALUES
	('gemini:88f7459297ff', '2026-11', 134747, '2026-11-28 13:05:24.882+00');
INSERT INTO public.store_connection VALUES
	('01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-f3e4-79d5-a018-6d766af308a5', 'sandbox', 'http://127.0.0.1:4101', 'Sandbox Shop', 'sandbox', '{"shop": "http://127.0.0.1:4101", "currency": "EUR"}', 'hAuGJPGK04oR0h6JDJlMjNhJBVMydMmbdK9fWszhZPZkho+5aPAjm9lMoIF9k/3V0nTqJazmFnSThjfgS9NiHExZ63yuc1Nbg3R982Va8wfst+BFDZpwarHGOdOmU1E3f/zI2+nGkEKCZV6t53BEtwdTbXIlBpc3PPYZDubhbaebpYBMV1PfU08rUgE6tB6x3YOHubI=', 'VzrVN2Tow67bGnkU', 'g+QSXp0NNmF2ApDXllFoYw==', 'v1', 2, 'f1999960a01a870a2866e1d699e779c4', '["products", "pictures"]', '2026-11-29 13:04:40.295+00', '2027-02-26 13:04:40.295+00', '2026-11-28 13:04:40.297+00', '2027-01-30 13:04:40.2956+00', '2026-11-29 08:58:52.29534+00', '2027-02-13 01:04:40.2953+00', 1, NULL, NULL, NULL, true, true, 21600, NULL, 'UTC', NULL, 'append', '2026-11-28 19:05:22.229+00', '2026-11-28 13:05:22.324+00', '2026-11-28 13:05:22.324+00', 0, NULL, 'active', NULL, NULL, NULL, NULL, NULL, '2026-11-28 13:04:40.297+00', '2026-11-28 13:05:22.324+00'),
	('01a22242-088c-7a27-870c-5d79846ed7e4', '01a22241-f3e4-79d5-a018-6d766af308a5', 'corner', 'http://127.0.0.1:4105', 'Sandbox Shop', 'sandbox', '{"shop": "http://127.0.0.1:4105", "currency": "EUR"}', 'zpz/8j7KJtddm+I9rwnomZTmY/99ME7f8P17YshxWKUhI6OUI1pcVbrakl2Lm3ywMwvWUjqT53PFqrqBb8hr2Yqymx5am1s4ED+2znyYcXjkpYup1VUALdKOQE2V5HlM7HAYUAvlCnFer9MFCtDIaQJG/yLpWiSa2x+BcKvYH+EOC5H1SqL6jplmuXuiarGTwyV1qQ==', 'SE4IMmpP1dCBKlBn', '5Bm2svzuRD8x+aaF06Di3w==', 'v1', 2, 'ad8b496ffa975cb7ece77f64561272b9', '["products", "pictures"]', '2026-11-29 13:04:42.631+00', '2027-02-26 13:04:42.631+00', '2026-11-28 13:04:42.635+00', '2027-01-28 17:52:42.63228+00', '2026-11-29 08:30:06.63176+00', '2027-02-13 01:04:42.6316+00', 1, NULL, NULL, NULL, true, false, 3600, '0 6 * * *', 'Europe/Berlin', NULL, 'append', '2026-11-29 05:00:00.167+00', '2026-11-28 13:05:20.418+00', '2026-11-28 13:04:42.938+00', 1, '2026-11-28 13:05:32.263+00', 'active', 'shop_down', 'Corner shop: GET 127.0.0.1:4105/api/products answered 503 (something broke in the shop)', NULL, NULL, NULL, '2026-11-28 13:04:42.635+00', '2026-11-28 13:05:20.418+00'),
	('01a22242-0b3f-7806-a867-c14e79f86b29', '01a22241-f3e4-79d5-a018-6d766af308a5', 'shopify', 'https://acme.myshopify.com', 'Acme', 'gid://shopify/Shop/1', '{"shop": "acme.myshopify.com", "currency": "EUR", "public_url": "https://acme.example"}', 'lDxd/durckVlufC1eeWCw20O7imh9qugShYd5lS9XyOcbjp9MKVhQwFYvKJUufJl+ICtx6yzPKe7Cw5chiiVOZ3MS5usSUFHfrTDxWLZIZU8LvsymzD+YSrAH/y1rtpM89ysOrphw9OdgjOkMHECo48tXi19oLE1QYDd2zg8sD6dI5yfMXsasg6VDo3Mg/3HTR1uq6K3esGdpvjo9uy9HoM=', 'ak2EjsQopDRDiJ4u', '7duupAApD5ew18Y1+ZlZhA==', 'v1', 2, 'c71b33c3b7183790d09c10e3b4f6c9a5', '["write_products", "write_files"]', '2026-11-29 13:04:43.323+00', '2027-02-26 13:04:43.323+00', '2026-11-28 13:04:43.326+00', '2027-01-23 08:16:43.32414+00', '2026-11-29 08:54:55.32351+00', '2027-02-13 01:04:43.32345+00', 1, NULL, NULL, NULL, false, true, 3600, NULL, 'UTC', NULL, 'append', NULL, '2026-11-28 13:05:21.767+00', '2026-11-28 13:05:21.767+00', 0, NULL, 'active', NULL, NULL, '2026-11-28 13:05:21.722+00', NULL, NULL, '2026-11-28 13:04:43.326+00', '2026-11-28 13:05:21.767+00'),
	('01a22242-0242-7d5c-b21b-a0ab0068bf34', '01a22241-f5ce-7a9e-9117-51e7706eed8d', 'sandbox', 'http://127.0.0.1:4102', 'Sandbox Shop', 'sandbox', '{"shop": "http://127.0.0.1:4102", "currency": "EUR"}', 'y0Vx67d+TICAFAnpT4K6Gbj6fnXOpNPqyhMMz/hMxwUhNSB26Qt3Hfp39RGLrX00ABvSP4KHCo2+1LE6pJduc+RjUc/jSXQUOn3teicPTx72AmJn4PEjKH+dKpnngrx9dMUOsob9b0tLKPshwoGpmZZoMKEewgiH+xkEJyk4tz6DW4wmuTdu1O0PvjVXY8fC0JG1vAw=', '99zD99PXt3/FOc1e', 'C7+3MWYIOBxOqwC+Hh6IUg==', 'v1', 2, 'db8367e3658fc600aed0c03cff27a854', '["products", "pictures"]', '2026-11-29 13:04:41.021+00', '2027-02-26 13:04:41.021+00', '2026-11-28 13:04:41.024+00', '2027-02-03 03:28:41.02178+00', '2026-11-29 10:39:41.0213+00', '2027-02-13 01:04:41.02145+00', 1, NULL, NULL, NULL, true, true, 3600, NULL, 'UTC', NULL, 'append', '2026-11-28 13:04:47.299+00', '2026-11-28 13:04:41.112+00', '2026-11-28 13:04:41.112+00', 0, NULL, 'error', 'paused', 'paused by an operator', NULL, NULL, NULL, '2026-11-28 13:04:41.024+00', '2026-11-28 13:05:16.873+00'),
	('01a22242-0457-7afc-bc67-8b7e143f3481', '01a22241-f3e4-79d5-a018-6d766af308a5', 'sandbox', 'http://127.0.0.1:4103', 'Sandbox Shop', 'sandbox', '{"shop": "http://127.0.0.1:4103", "currency": "EUR"}', NULL, NULL, NULL, NULL, 2, NULL, NULL, NULL, NULL, '2026-11-28 13:04:41.557+00', NULL, NULL, NULL, 2, NULL, NULL, NULL, false, true, 3600, NULL, 'UTC', NULL, 'append', NULL, '2026-11-28 13:04:41.649+00', '2026-11-28 13:04:41.649+00', 0, NULL, 'disconnected', NULL, NULL, NULL, NULL, '2026-11-28 13:05:17.506+00', '2026-11-28 13:04:41.557+00', '2026-11-28 13:05:17.506+00'),
	('01a22242-0695-790b-8060-5c2b2607c938', '01a22241-f3e4-79d5-a018-6d766af308a5', 'sandbox', 'http://127.0.0.1:4104', 'Sandbox Shop', 'sandbox', '{"shop": "http://127.0.0.1:4104", "currency": "EUR"}', 'hOBg+Vcx7M4mOndosoQMefL8yeOAmjuH+DXEDkc+UiApOBXqSu299fwCVZ+hLyCBs6TpOI4SjAScgrCdEL0s16+WwJYXzOGp6rDd0yfor3dwFBClxzglfg5qPdYUzYJBlnNkjiz/Q5Uve4ON5YDobgYauCl84c77ZJMOuw9z2RaN7sj87PMbWk6r4T/IZce879zXelM=', 'Nmnn55RZyLPcxEok', 'x6MuxIfh3A5jCpJudLnt1A==', 'v1', 2, '853456f415648f064317a4e7c5817042', '["products", "pictures"]', '2026-11-29 13:04:42.121+00', '2027-02-26 13:04:42.121+00', '2026-11-28 13:04:42.133+00', '2027-01-26 22:40:42.12508+00', '2026-11-29 08:58:54.12304+00', '2027-02-13 01:04:42.1228+00', 1, NULL, NULL, NULL, false, true, 3600, NULL, 'UTC', NULL, 'append', NULL, '2026-11-28 13:04:42.277+00', '2026-11-28 13:04:42.277+00', 0, NULL, 'needs_reauth', 'revoked', 'Sandbox shop: GET 127.0.0.1:4104/api/products answered 401 (the shop has removed this app). The shop has removed the app.', NULL, NULL, NULL, '2026-11-28 13:04:42.133+00', '2026-11-28 13:05:18.306+00');
INSERT INTO public.store_sync_item VALUES
	('01a22242-2110-7972-945c-9e2fc2d2d5ec', '01a22242-20de-7330-bbcd-e28499d1d4a4', 'product', '01a22241-ff9d-7570-8066-225ed9b0be69', '1004', 'updated', NULL, NULL, '2026-11-28 13:04:48.909+00'),
	('01a22242-2138-7c11-8873-6b6f416a6bca', '01a22242-20de-7330-bbcd-e28499d1d4a4', 'product', '01a22241-ff9d-7e25-8bda-0d44ad9e4d8f', '1005', 'deleted', NULL, 'a complete pass over the shop did not meet it', '2026-11-28 13:04:48.931+00'),
	('01a22242-a37e-7282-8f23-5b38edba741c', '01a22242-a360-7bbb-873d-0c474efe5ab4', 'product', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '1001', 'updated', NULL, NULL, '2026-11-28 13:05:22.297+00'),
	('01a22242-a37e-727e-9f1b-79f5b0751e30', '01a22242-a360-7bbb-873d-0c474efe5ab4', 'product', '01a22241-ff9d-73e2-b861-54985c658d4b', '1002', 'updated', NULL, NULL, '2026-11-28 13:05:22.297+00');
INSERT INTO public.store_sync_log VALUES
	('01a22242-972b-785b-a89a-4a264e7baf54', '01a22242-088c-7a27-870c-5d79846ed7e4', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, 'import', 'manual', 'failed', NULL, NULL, NULL, NULL, 5, 2, 0, 0, 2, 0, 0, 0, 4, 1, 'shop_down', 'Corner shop: GET 127.0.0.1:4105/api/products answered 503 (something broke in the shop)', NULL, NULL, '01a22242-96e5-7872-a121-0ec122db7914', '21668-01a22242-96e2-7654-b14d-ef89003711e4', '2026-11-28 13:05:20.415+00', '2026-11-28 13:05:19.132+00', '2026-11-28 13:05:20.415+00'),
	('01a22242-0b4e-7da8-a558-113fc0b8fae1', '01a22242-0b3f-7806-a867-c14e79f86b29', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, 'import', 'startup', 'success', NULL, NULL, NULL, NULL, 2, 2, 2, 0, 0, 0, 0, 0, 2, 1, NULL, NULL, NULL, NULL, '01a22242-0b43-728d-9899-549732f75a24', '20985-01a22241-fcf8-7293-b88d-06a3571aa367', '2026-11-28 13:04:43.424+00', '2026-11-28 13:04:43.338+00', '2026-11-28 13:04:43.424+00'),
	('01a22241-ff86-7bc2-8313-e19b08765944', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, 'import', 'startup', 'success', NULL, NULL, NULL, NULL, 5, 5, 5, 0, 0, 0, 0, 0, 1, 1, NULL, NULL, NULL, NULL, '01a22241-ff74-7d12-ac80-150bf9bfd880', '20985-01a22241-fcf8-7293-b88d-06a3571aa367', '2026-11-28 13:04:40.448+00', '2026-11-28 13:04:40.322+00', '2026-11-28 13:04:40.448+00'),
	('01a22242-74ce-78cd-b869-6884fc6cb7f7', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, 'delete', 'manual', 'success', '01a22242-427c-78d9-b5a9-54d20834e906', '01a22241-ff9d-7b6b-bd9f-e47443195db2', 'a4', NULL, 0, 0, 0, 0, 0, 0, 0, 0, 3, 1, NULL, NULL, NULL, NULL, '01a22242-7472-78cf-bf14-663c679f702e', '21503-01a22242-746d-79bb-9fe8-fe016f8db626', '2026-11-28 13:05:10.379+00', '2026-11-28 13:05:10.346+00', '2026-11-28 13:05:10.379+00'),
	('01a22242-026a-7330-bf59-b6bd31a79209', '01a22242-0242-7d5c-b21b-a0ab0068bf34', '01a22241-f5ce-7a9e-9117-51e7706eed8d', NULL, 'import', 'startup', 'success', NULL, NULL, NULL, NULL, 2, 2, 2, 0, 0, 0, 0, 0, 1, 1, NULL, NULL, NULL, NULL, '01a22242-024c-7d00-9be6-0aa23052931e', '20985-01a22241-fcf8-7293-b88d-06a3571aa367', '2026-11-28 13:04:41.161+00', '2026-11-28 13:04:41.053+00', '2026-11-28 13:04:41.161+00'),
	('01a22242-20de-7330-bbcd-e28499d1d4a4', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, 'import', 'manual', 'success', NULL, NULL, NULL, NULL, 4, 4, 0, 1, 3, 1, 0, 0, 1, 1, NULL, NULL, NULL, NULL, '01a22242-20b1-74b2-b666-9ca5e4544b77', '21125-01a22242-20aa-73e8-87e2-ac66cfeb9e7e', '2026-11-28 13:04:48.976+00', '2026-11-28 13:04:48.859+00', '2026-11-28 13:04:48.976+00'),
	('01a22242-0480-7eaf-aef7-8b462a13b649', '01a22242-0457-7afc-bc67-8b7e143f3481', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, 'import', 'startup', 'success', NULL, NULL, NULL, NULL, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, NULL, NULL, NULL, NULL, '01a22242-045b-7efc-932d-4ad77d2f0fb2', '20985-01a22241-fcf8-7293-b88d-06a3571aa367', '2026-11-28 13:04:41.654+00', '2026-11-28 13:04:41.581+00', '2026-11-28 13:04:41.654+00'),
	('01a22242-06c4-7e31-9346-0fe9c29b670f', '01a22242-0695-790b-8060-5c2b2607c938', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, 'import', 'startup', 'success', NULL, NULL, NULL, NULL, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, NULL, NULL, NULL, NULL, '01a22242-069c-70f3-9805-024f72b296e9', '20985-01a22241-fcf8-7293-b88d-06a3571aa367', '2026-11-28 13:04:42.286+00', '2026-11-28 13:04:42.155+00', '2026-11-28 13:04:42.286+00'),
	('01a22242-64a4-7430-8e88-6f92b559bd1d', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, 'upload', 'approval', 'success', '01a22242-427b-7bfa-9e57-508682827938', '01a22241-ff9d-7b6b-bd9f-e47443195db2', 'a2', 'http://127.0.0.1:4101/pictures/a2', 0, 0, 0, 0, 0, 0, 0, 0, 6, 1, NULL, NULL, NULL, NULL, '01a22242-615b-77a3-aa98-d86a071a022f', '21417-01a22242-6408-78ec-aaba-5877a88a8037', '2026-11-28 13:05:06.445+00', '2026-11-28 13:05:06.195+00', '2026-11-28 13:05:06.445+00'),
	('01a22242-6a67-7207-9f37-836d43c3a094', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, 'upload', 'approval', 'failed', '01a22242-427b-77b1-af68-b2fadb9a4cf7', '01a22241-ff9d-7b6b-bd9f-e47443195db2', NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 'http_422', 'Sandbox shop: POST 127.0.0.1:4101/api/uploads answered 422 (something broke in the shop)', NULL, NULL, '01a22242-6846-7e2c-b300-d91cf8187c94', '21449-01a22242-69e5-755b-9ffd-a7c486acb812', '2026-11-28 13:05:07.735+00', '2026-11-28 13:05:07.668+00', '2026-11-28 13:05:07.735+00'),
	('01a22242-089f-7cd7-be71-8127096a19fe', '01a22242-088c-7a27-870c-5d79846ed7e4', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, 'import', 'startup', 'success', NULL, NULL, NULL, NULL, 5, 5, 5, 0, 0, 0, 0, 0, 3, 1, NULL, NULL, NULL, NULL, '01a22242-0892-71ba-8d79-397628376717', '20985-01a22241-fcf8-7293-b88d-06a3571aa367', '2026-11-28 13:04:42.948+00', '2026-11-28 13:04:42.653+00', '2026-11-28 13:04:42.948+00'),
	('01a22242-7baf-7e61-8bbf-90587c4f7db9', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, 'upload', 'approval', 'success', '01a22242-4b4b-7fc3-a235-aab6b44d1ab7', '01a22241-ff9d-73e2-b861-54985c658d4b', 'a6', 'http://127.0.0.1:4101/pictures/a6', 0, 0, 0, 0, 0, 0, 0, 0, 6, 1, NULL, NULL, NULL, NULL, '01a22242-79b1-78e4-9470-de89fb278879', '21534-01a22242-7b35-7590-84f4-5979fbbb1197', '2026-11-28 13:05:12.216+00', '2026-11-28 13:05:12.09+00', '2026-11-28 13:05:12.216+00'),
	('01a22242-6f60-70b7-9bb0-4a08dac07b56', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, 'upload', 'approval', 'success', '01a22242-427c-78d9-b5a9-54d20834e906', '01a22241-ff9d-7b6b-bd9f-e47443195db2', 'a4', 'http://127.0.0.1:4101/pictures/a4', 0, 0, 0, 0, 0, 0, 0, 0, 6, 1, NULL, NULL, NULL, NULL, '01a22242-6d63-754a-9eff-83a1de2069be', '21476-01a22242-6ee4-72d0-822e-9ba36f5a1742', '2026-11-28 13:05:09.108+00', '2026-11-28 13:05:08.933+00', '2026-11-28 13:05:09.108+00'),
	('01a22242-939e-7680-893f-496823f6df8b', '01a22242-0695-790b-8060-5c2b2607c938', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, 'import', 'manual', 'failed', NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 'revoked', 'Sandbox shop: GET 127.0.0.1:4104/api/products answered 401 (the shop has removed this app). The shop has removed the app.', NULL, NULL, '01a22242-92a6-752c-b8c0-90874d43fd16', '21641-01a22242-929f-7c4b-a735-fdb27eea8941', '2026-11-28 13:05:18.302+00', '2026-11-28 13:05:18.233+00', '2026-11-28 13:05:18.302+00'),
	('01a22242-a360-7bbb-873d-0c474efe5ab4', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, 'import', 'schedule', 'success', NULL, NULL, NULL, NULL, 4, 4, 0, 2, 2, 0, 0, 0, 1, 1, NULL, NULL, NULL, NULL, '01a22242-a344-7d3d-b054-41cab77fc647', '21692-01a22242-9f15-70db-9a2e-bbb0100a0320', '2026-11-28 13:05:22.333+00', '2026-11-28 13:05:22.264+00', '2026-11-28 13:05:22.333+00'),
	('01a22242-af26-7680-b1d2-c4745da1dce5', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, 'upload', 'approval', 'running', '01a22242-427d-7d16-8960-fee67966b463', '01a22241-ff9d-7b6b-bd9f-e47443195db2', NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, NULL, NULL, NULL, NULL, '01a22242-ae71-72b5-ac45-487e341a6623', '21692-01a22242-9f15-70db-9a2e-bbb0100a0320', '2026-11-28 13:05:25.172+00', '2026-11-28 13:05:25.172+00', NULL),
	('01a22242-a139-7e2c-9f6f-2fd7328d39c6', '01a22242-0b3f-7806-a867-c14e79f86b29', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, 'import', 'webhook', 'success', NULL, NULL, NULL, NULL, 2, 2, 0, 0, 2, 0, 0, 0, 1, 1, NULL, NULL, NULL, NULL, '01a22242-a11a-7abf-9e58-b9b08aaeba63', '21692-01a22242-9f15-70db-9a2e-bbb0100a0320', '2026-11-28 13:05:21.775+00', '2026-11-28 13:05:21.704+00', '2026-11-28 13:05:21.775+00');
INSERT INTO public.sync_cursor VALUES
	('01a22242-0242-7d5c-b21b-a0ab0068bf34', 'products', NULL, '2026-11-28 13:04:35.782+00', '2026-11-28 13:04:41.074+00', '2026-11-28 13:04:41.112+00'),
	('01a22242-0457-7afc-bc67-8b7e143f3481', 'products', NULL, '2026-11-28 13:04:35.886+00', '2026-11-28 13:04:41.624+00', '2026-11-28 13:04:41.649+00'),
	('01a22242-0695-790b-8060-5c2b2607c938', 'products', NULL, '2026-11-28 13:04:36.043+00', '2026-11-28 13:04:42.188+00', '2026-11-28 13:04:42.277+00'),
	('01a22242-088c-7a27-870c-5d79846ed7e4', 'products', '{"next": {"cursor": "MTAwMg"}, "pass": "01a22242-973e-710c-8c52-ae64980a4ba5", "seen": 2, "pages": 1, "scope": "full", "since": null, "total": 5, "newest": "2026-11-28T13:04:36.157Z", "nameless": 0, "started_at": "2026-11-28T13:05:19.166Z"}', '2026-11-28 13:04:36.157+00', '2026-11-28 13:04:42.665+00', '2026-11-28 13:05:19.181+00'),
	('01a22242-0b3f-7806-a867-c14e79f86b29', 'products', NULL, '2026-11-28 13:04:36.587+00', '2026-11-28 13:04:43.354+00', '2026-11-28 13:05:21.767+00'),
	('01a22241-ff6a-7105-835c-7170a49283a2', 'products', NULL, '2026-11-28 13:04:48.22+00', '2026-11-28 13:04:48.885+00', '2026-11-28 13:05:22.324+00');
INSERT INTO public.sync_seen VALUES
	('01a22242-088c-7a27-870c-5d79846ed7e4', '01a22242-973e-710c-8c52-ae64980a4ba5', 1, '\xfe675fe7aaee830bb281bc2c616cb3c3');
INSERT INTO public.tag VALUES
	('01a22242-7f19-7dcd-b829-cf74a3ea9c05', '01a22241-f3e4-79d5-a018-6d766af308a5', 'red', '#ff0000', '2026-11-28 13:05:12.985+00'),
	('01a22242-8026-7dda-b664-df77f9ccceb6', '01a22241-f3e4-79d5-a018-6d766af308a5', 'blue', NULL, '2026-11-28 13:05:13.254+00');
INSERT INTO public.tag_assignment VALUES
	('01a22242-8227-7903-a90c-674e52cad6a4', '01a22242-7f19-7dcd-b829-cf74a3ea9c05', 'product', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '2026-11-28 13:05:13.767+00'),
	('01a22242-8235-7aa0-b3fb-2cedbb9dc84e', '01a22242-7f19-7dcd-b829-cf74a3ea9c05', 'generation_flow', '01a22242-3b50-7fb3-a031-668ef0d819a0', '2026-11-28 13:05:13.781+00');
INSERT INTO public.usage_entry VALUES
	('01a22242-428d-7f04-8c9e-ea675f1b17da', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '01a22242-427b-7bfa-9e57-508682827938', '2026-11', 'image', 'settled', NULL, 0, 0, 'local-studio/2', NULL, NULL, '2026-11-28 13:04:57.485+00', NULL, '2026-11-28 13:04:57.806+00'),
	('01a22242-5204-73af-974c-b1974d806247', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '01a22242-51fb-73f1-976d-6366b87f3d62', '2026-11', 'image', 'settled', NULL, 0, 0, 'local-studio/2', NULL, NULL, '2026-11-28 13:05:01.444+00', NULL, '2026-11-28 13:05:01.766+00'),
	('01a22242-428d-7be2-9837-afafa8e1425d', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '01a22242-427b-77b1-af68-b2fadb9a4cf7', '2026-11', 'image', 'settled', NULL, 0, 0, 'local-studio/2', NULL, NULL, '2026-11-28 13:04:57.485+00', NULL, '2026-11-28 13:04:58.059+00'),
	('01a22242-428d-7454-85ee-b1031ca456c6', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '01a22242-427c-78d9-b5a9-54d20834e906', '2026-11', 'image', 'settled', NULL, 0, 0, 'local-studio/2', NULL, NULL, '2026-11-28 13:04:57.485+00', NULL, '2026-11-28 13:04:58.258+00'),
	('01a22242-428d-7444-bc30-415387bcc79e', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '01a22242-427c-75a2-8f96-8feeb6677455', '2026-11', 'image', 'settled', NULL, 0, 0, 'local-studio/2', NULL, NULL, '2026-11-28 13:04:57.485+00', NULL, '2026-11-28 13:04:58.437+00'),
	('01a22242-56d4-7d0e-9025-8b59809e367a', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '01a22242-56ca-7968-96b9-81883f3f6389', '2026-11', 'edit', 'settled', NULL, 0, 0, 'local-studio/2', NULL, NULL, '2026-11-28 13:05:02.676+00', NULL, '2026-11-28 13:05:02.841+00'),
	('01a22242-428d-71ec-b9d9-84f2f9a92460', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '01a22242-427d-7d16-8960-fee67966b463', '2026-11', 'image', 'settled', NULL, 0, 0, 'local-studio/2', NULL, NULL, '2026-11-28 13:04:57.485+00', NULL, '2026-11-28 13:04:58.627+00'),
	('01a22242-428d-79e7-8bdc-2a0c26bac86d', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '01a22242-427d-7005-88e3-7febefb6075f', '2026-11', 'image', 'settled', NULL, 0, 0, 'local-studio/2', NULL, NULL, '2026-11-28 13:04:57.485+00', NULL, '2026-11-28 13:04:59.069+00'),
	('01a22242-4c6e-74d6-9843-378f0428e35f', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-ff9d-73e2-b861-54985c658d4b', NULL, '2026-11', 'product_analysis', 'settled', 'gemini:88f7459297ff', 5370, 249, 'gemini-2.5-flash-lite', 1290, 300, '2026-11-28 13:05:00.012+00', NULL, '2026-11-28 13:05:00.059+00'),
	('01a22242-4cac-7884-922c-358e807e172e', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, NULL, NULL, '2026-11', 'scene_analysis', 'settled', 'gemini:88f7459297ff', 5370, 249, 'gemini-2.5-flash-lite', 1290, 300, '2026-11-28 13:05:00.073+00', NULL, '2026-11-28 13:05:00.088+00'),
	('01a22242-592e-7a5f-ac4f-0a6c995aa042', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, '01a22242-2599-76e1-bf96-40236705124c', '01a22242-5920-79ec-b4e7-a70a0c10d7f1', '2026-11', 'image', 'released', NULL, 0, 0, NULL, NULL, NULL, '2026-11-28 13:05:03.278+00', NULL, '2026-11-28 13:05:03.787+00'),
	('01a22242-592e-7e5a-a7b0-f4857dbf40dc', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, '01a22242-2599-76e1-bf96-40236705124c', '01a22242-5921-7380-a6ea-7ea8769fbbc9', '2026-11', 'image', 'released', NULL, 0, 0, NULL, NULL, NULL, '2026-11-28 13:05:03.278+00', NULL, '2026-11-28 13:05:03.787+00'),
	('01a22242-4b57-7c68-8006-1719a42ecfaa', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-ff9d-73e2-b861-54985c658d4b', '01a22242-4b4b-7fc3-a235-aab6b44d1ab7', '2026-11', 'image', 'settled', 'gemini:88f7459297ff', 67000, 67000, 'gemini-3.1-flash-image', 1290, 300, '2026-11-28 13:04:59.733+00', '2026-11-28 13:05:00.103+00', '2026-11-28 13:05:00.287+00'),
	('01a22242-ad83-7fe0-a2f1-097d70f4c526', '01a22241-f3e4-79d5-a018-6d766af308a5', NULL, NULL, NULL, '2026-11', 'scene_analysis', 'settled', 'gemini:88f7459297ff', 5370, 249, 'gemini-2.5-flash-lite', 1290, 300, '2026-11-28 13:05:24.863+00', NULL, '2026-11-28 13:05:24.882+00'),
	('01a22242-acd7-783d-b5c3-0a6944776de8', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-ff9d-73e2-b861-54985c658d4b', '01a22242-acce-7b94-bf92-2f85fc7454f0', '2026-11', 'image', 'reserved', 'gemini:88f7459297ff', 67000, 0, NULL, NULL, NULL, '2026-11-28 13:05:24.693+00', '2026-11-28 13:05:24.889+00', NULL),
	('01a22242-b67e-7e29-bd0b-cbb163af4a64', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '01a22242-b662-754c-923e-9f94cbea575a', '2026-11', 'image', 'reserved', NULL, 0, 0, NULL, NULL, NULL, '2026-11-28 13:05:27.166+00', NULL, NULL),
	('01a22242-b67e-7ca9-ba74-35e034bfb66a', '01a22241-f3e4-79d5-a018-6d766af308a5', '01a22241-ff6a-7105-835c-7170a49283a2', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '01a22242-b664-7a94-8dbe-0e3890a1fefc', '2026-11', 'image', 'reserved', NULL, 0, 0, NULL, NULL, NULL, '2026-11-28 13:05:27.166+00', NULL, NULL);
INSERT INTO public.usage_record VALUES
	('01a22242-4289-720c-b328-ba038b5ee4e8', '01a22241-f3e4-79d5-a018-6d766af308a5', '2026-11', 12, '2026-11-28 13:04:57.48+00', '2026-11-28 13:05:27.154+00');
INSERT INTO public."user" VALUES
	('01a22241-f7fe-7f4f-baa6-ebc42b5040ea', 'Ann', 'ann@acme.example', false, NULL, '2026-11-28 13:04:38.383', '2026-11-28 13:04:38.383'),
	('01a22241-f9a4-769e-be4c-5fc8b8c60d43', 'bob@acme.example', 'bob@acme.example', false, NULL, '2026-11-28 13:04:38.819', '2026-11-28 13:04:38.819');
INSERT INTO public.user_favorite VALUES
	('01a22242-8400-7dc4-aa98-389c18b712d7', '01a22241-f7fe-7f4f-baa6-ebc42b5040ea', 'product', '01a22241-ff9d-7b6b-bd9f-e47443195db2', '2026-11-28 13:05:14.231+00'),
	('01a22242-8819-7230-88b1-fbabe4bce6c5', '01a22241-f9a4-769e-be4c-5fc8b8c60d43', 'generation_flow', '01a22242-3b50-7fb3-a031-668ef0d819a0', '2026-11-28 13:05:15.242+00');
INSERT INTO public.webhook_event VALUES
	('01a22242-a107-75f1-a069-20c95add6edc', '01a22242-0b3f-7806-a867-c14e79f86b29', '1', 'products/update', NULL, '{}', 'processed', 0, NULL, '2026-11-28 13:05:21.67+00', '2026-11-28 13:05:21.67+00'),
	('01a22242-a13b-7781-ae83-c197006718bf', '01a22242-0b3f-7806-a867-c14e79f86b29', '2', 'customers/redact', NULL, '{}', 'ignored', 0, NULL, '2026-11-28 13:05:21.722+00', '2026-11-28 13:05:21.722+00');
INSERT INTO public.webhook_subscription VALUES
	('01a22242-0b57-7aa7-aeb2-86648a9ede68', '01a22242-0b3f-7806-a867-c14e79f86b29', 'PRODUCTS_CREATE', '1', 'v1.Sys9NYgTefdvxblG.Fncqm7NuFzqm+C68VxuIqQ==.5Zms0R5/HDO9imduaGbJitkzDo83BgB9kEgDwJ7Y1y5kcYBLjs0QUDmAjw==', 'active', NULL, '2026-11-28 13:04:43.351+00', '2026-11-28 13:04:43.351+00'),
	('01a22242-0b7d-7db3-b347-750225499c54', '01a22242-0b3f-7806-a867-c14e79f86b29', 'PRODUCTS_UPDATE', '2', 'v1.d25O42GekLf4qIn3.WSE3oS2i92lD0vnbEpxZZw==.qnlXt1ex/mm2E9I/7ywaqkl+n2nWGxThBTeTxDmp1eHpMHAZ17puU+2blQ==', 'active', NULL, '2026-11-28 13:04:43.39+00', '2026-11-28 13:04:43.39+00'),
	('01a22242-0b87-7e4b-8205-12a835289b82', '01a22242-0b3f-7806-a867-c14e79f86b29', 'PRODUCTS_DELETE', '3', 'v1.oi4sNel7IJ25PI9c.EJXid6Jo/nME3t8Wgu6gxw==.H8A+Vo5yQoMKf4eQLGAUSSydqKe/YixaX+XcaDIRISmX89jhtYUjToWbCg==', 'active', NULL, '2026-11-28 13:04:43.4+00', '2026-11-28 13:04:43.4+00'),
	('01a22242-0b92-71db-aa59-9e63e8610b72', '01a22242-0b3f-7806-a867-c14e79f86b29', 'APP_UNINSTALLED', '4', 'v1.LXDZfWShiY7UxjCF.R/T7srsYX9dcy+tzQJ96kw==.wPcEqs4+EPQEjLNLk01Tmf/XghjF36KW9Uw9PWpRuUX1W/J31Qw2uOHGAw==', 'active', NULL, '2026-11-28 13:04:43.41+00', '2026-11-28 13:04:43.41+00');
ALTER TABLE ONLY public.admin_user
    ADD CONSTRAINT admin_user_email_unique UNIQUE (email);
ALTER TABLE ONLY public.admin_user
    ADD CONSTRAINT admin_user_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.asset_push
    ADD CONSTRAINT asset_push_idempotency_key_unique UNIQUE (idempotency_key);
ALTER TABLE ONLY public.asset_push
    ADD CONSTRAINT asset_push_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.asset_push
    ADD CONSTRAINT asset_push_unique UNIQUE (store_connection_id, generated_asset_id, product_id);
ALTER TABLE ONLY public.chat_session
    ADD CONSTRAINT chat_session_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.client
    ADD CONSTRAINT client_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.client
    ADD CONSTRAINT client_slug_unique UNIQUE (slug);
ALTER TABLE ONLY public.collection_session
    ADD CONSTRAINT collection_session_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.daemon_lease
    ADD CONSTRAINT daemon_lease_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.favorite_image
    ADD CONSTRAINT favorite_image_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.generated_asset
    ADD CONSTRAINT generated_asset_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.generated_asset_product
    ADD CONSTRAINT generated_asset_product_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.generated_asset_product
    ADD CONSTRAINT generated_asset_product_unique UNIQUE (generated_asset_id, product_id);
ALTER TABLE ONLY public.generation_event
    ADD CONSTRAINT generation_event_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.generation_flow
    ADD CONSTRAINT generation_flow_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.inspiration_image
    ADD CONSTRAINT inspiration_image_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_running_lane_unique UNIQUE (running_lane);
ALTER TABLE ONLY public.member
    ADD CONSTRAINT member_client_user_unique UNIQUE (client_id, user_id);
ALTER TABLE ONLY public.member
    ADD CONSTRAINT member_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.message
    ADD CONSTRAINT message_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.oauth_state
    ADD CONSTRAINT oauth_state_pkey PRIMARY KEY (state_hash);
ALTER TABLE ONLY public.product_image
    ADD CONSTRAINT product_image_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.product
    ADD CONSTRAINT product_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.product_variant
    ADD CONSTRAINT product_variant_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.product_variant
    ADD CONSTRAINT product_variant_unique UNIQUE (product_id, erp_variant_id);
ALTER TABLE ONLY public.quota_limit
    ADD CONSTRAINT quota_limit_client_id_unique UNIQUE (client_id);
ALTER TABLE ONLY public.quota_limit
    ADD CONSTRAINT quota_limit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.schema_adoption
    ADD CONSTRAINT schema_adoption_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.spending
    ADD CONSTRAINT spending_pkey PRIMARY KEY (budget, month);
ALTER TABLE ONLY public.store_connection
    ADD CONSTRAINT store_connection_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.store_connection
    ADD CONSTRAINT store_connection_unique UNIQUE (client_id, store_type, store_url);
ALTER TABLE ONLY public.store_sync_item
    ADD CONSTRAINT store_sync_item_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.store_sync_log
    ADD CONSTRAINT store_sync_log_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sync_cursor
    ADD CONSTRAINT sync_cursor_pkey PRIMARY KEY (store_connection_id, resource);
ALTER TABLE ONLY public.sync_seen
    ADD CONSTRAINT sync_seen_pkey PRIMARY KEY (store_connection_id, pass_id, page);
ALTER TABLE ONLY public.tag_assignment
    ADD CONSTRAINT tag_assignment_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tag_assignment
    ADD CONSTRAINT tag_assignment_unique UNIQUE (tag_id, entity_type, entity_id);
ALTER TABLE ONLY public.tag
    ADD CONSTRAINT tag_client_name_unique UNIQUE (client_id, name);
ALTER TABLE ONLY public.tag
    ADD CONSTRAINT tag_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.usage_entry
    ADD CONSTRAINT usage_entry_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.usage_record
    ADD CONSTRAINT usage_record_client_month_unique UNIQUE (client_id, month);
ALTER TABLE ONLY public.usage_record
    ADD CONSTRAINT usage_record_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public."user"
    ADD CONSTRAINT user_email_unique UNIQUE (email);
ALTER TABLE ONLY public.user_favorite
    ADD CONSTRAINT user_favorite_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.user_favorite
    ADD CONSTRAINT user_favorite_unique UNIQUE (user_id, entity_type, entity_id);
ALTER TABLE ONLY public."user"
    ADD CONSTRAINT user_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.webhook_event
    ADD CONSTRAINT webhook_event_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.webhook_event
    ADD CONSTRAINT webhook_event_unique UNIQUE (store_connection_id, delivery_id);
ALTER TABLE ONLY public.webhook_subscription
    ADD CONSTRAINT webhook_subscription_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.webhook_subscription
    ADD CONSTRAINT webhook_subscription_unique UNIQUE (store_connection_id, topic);
CREATE INDEX asset_push_due_idx ON public.asset_push USING btree (status, next_attempt_at);
CREATE INDEX asset_push_product_idx ON public.asset_push USING btree (product_id);
CREATE INDEX chat_session_product_id_idx ON public.chat_session USING btree (product_id);
CREATE INDEX collection_session_client_id_idx ON public.collection_session USING btree (client_id);
CREATE INDEX favorite_image_client_id_idx ON public.favorite_image USING btree (client_id);
CREATE INDEX favorite_image_generated_asset_id_idx ON public.favorite_image USING btree (generated_asset_id);
CREATE INDEX generated_asset_approval_status_idx ON public.generated_asset USING btree (client_id, approval_status);
CREATE INDEX generated_asset_chat_session_id_idx ON public.generated_asset USING btree (chat_session_id);
CREATE INDEX generated_asset_client_id_idx ON public.generated_asset USING btree (client_id);
CREATE INDEX generated_asset_created_at_idx ON public.generated_asset USING btree (created_at);
CREATE INDEX generated_asset_generation_flow_id_idx ON public.generated_asset USING btree (generation_flow_id);
CREATE INDEX generated_asset_job_id_idx ON public.generated_asset USING btree (job_id);
CREATE INDEX generated_asset_product_asset_idx ON public.generated_asset_product USING btree (generated_asset_id);
CREATE UNIQUE INDEX generated_asset_product_primary_unique ON public.generated_asset_product USING btree (generated_asset_id) WHERE is_primary;
CREATE INDEX generated_asset_product_product_idx ON public.generated_asset_product USING btree (product_id);
CREATE INDEX generated_asset_status_idx ON public.generated_asset USING btree (status);
CREATE INDEX generation_event_client_id_idx ON public.generation_event USING btree (client_id, created_at);
CREATE INDEX generation_event_created_at_idx ON public.generation_event USING btree (created_at);
CREATE INDEX generation_event_flow_id_idx ON public.generation_event USING btree (generation_flow_id);
CREATE INDEX generation_event_type_idx ON public.generation_event USING btree (event_type);
CREATE INDEX generation_flow_client_id_idx ON public.generation_flow USING btree (client_id);
CREATE INDEX generation_flow_collection_session_id_idx ON public.generation_flow USING btree (collection_session_id);
CREATE INDEX generation_flow_favorite_idx ON public.generation_flow USING btree (client_id, is_favorite);
CREATE INDEX generation_flow_status_idx ON public.generation_flow USING btree (status);
CREATE INDEX inspiration_collection_idx ON public.inspiration_image USING btree (collection_session_id, display_order);
CREATE INDEX job_claimable_idx ON public.job USING btree (queue, priority, turn, scheduled_for, id) WHERE (status = 'pending'::text);
CREATE INDEX job_client_idx ON public.job USING btree (client_id, created_at);
CREATE INDEX job_client_turn_idx ON public.job USING btree (client_id, queue, turn) WHERE (status = 'pending'::text);
CREATE UNIQUE INDEX job_dedupe_unique ON public.job USING btree (dedupe_key) WHERE ((dedupe_key IS NOT NULL) AND (status = ANY (ARRAY['pending'::text, 'processing'::text])));
CREATE INDEX job_flow_idx ON public.job USING btree (flow_id);
CREATE INDEX job_lease_idx ON public.job USING btree (lease_expires_at) WHERE (status = 'processing'::text);
CREATE INDEX job_store_connection_idx ON public.job USING btree (store_connection_id, created_at);
CREATE INDEX job_turn_idx ON public.job USING btree (queue, turn) WHERE (status = 'pending'::text);
CREATE INDEX member_client_id_idx ON public.member USING btree (client_id);
CREATE INDEX member_user_id_idx ON public.member USING btree (user_id);
CREATE INDEX message_chat_session_id_idx ON public.message USING btree (chat_session_id);
CREATE INDEX message_collection_session_id_idx ON public.message USING btree (collection_session_id);
CREATE INDEX oauth_state_browser_hash_idx ON public.oauth_state USING btree (browser_hash);
CREATE INDEX oauth_state_expires_at_idx ON public.oauth_state USING btree (expires_at);
CREATE INDEX product_analyzed_idx ON public.product USING btree (client_id, analyzed_at);
CREATE INDEX product_client_id_idx ON public.product USING btree (client_id);
CREATE INDEX product_erp_sku_idx ON public.product USING btree (client_id, erp_sku);
CREATE INDEX product_favorite_idx ON public.product USING btree (client_id, is_favorite);
CREATE UNIQUE INDEX product_image_external_unique ON public.product_image USING btree (product_id, external_image_id);
CREATE UNIQUE INDEX product_image_primary_unique ON public.product_image USING btree (product_id) WHERE is_primary;
CREATE INDEX product_image_product_id_idx ON public.product_image USING btree (product_id);
CREATE INDEX product_image_sort_order_idx ON public.product_image USING btree (product_id, sort_order);
CREATE INDEX product_source_idx ON public.product USING btree (client_id, source);
CREATE UNIQUE INDEX product_store_erp_unique ON public.product USING btree (store_connection_id, erp_id);
CREATE INDEX product_variant_sku_idx ON public.product_variant USING btree (erp_sku);
CREATE INDEX store_connection_client_id_idx ON public.store_connection USING btree (client_id);
CREATE INDEX store_connection_due_idx ON public.store_connection USING btree (next_sync_at) WHERE (auto_sync_enabled AND (status = 'active'::text));
CREATE INDEX store_connection_keep_alive_idx ON public.store_connection USING btree (keep_alive_at) WHERE (keep_alive_at IS NOT NULL);
CREATE INDEX store_connection_renew_idx ON public.store_connection USING btree (renew_at) WHERE (renew_at IS NOT NULL);
CREATE INDEX store_connection_store_url_idx ON public.store_connection USING btree (store_type, store_url);
CREATE INDEX store_connection_warn_idx ON public.store_connection USING btree (warn_at) WHERE (warn_at IS NOT NULL);
CREATE INDEX store_sync_item_entity_idx ON public.store_sync_item USING btree (entity_id, created_at);
CREATE INDEX store_sync_item_log_idx ON public.store_sync_item USING btree (sync_log_id, outcome);
CREATE INDEX store_sync_log_generated_asset_id_idx ON public.store_sync_log USING btree (generated_asset_id);
CREATE INDEX store_sync_log_job_id_idx ON public.store_sync_log USING btree (job_id);
CREATE UNIQUE INDEX store_sync_log_one_import_unique ON public.store_sync_log USING btree (store_connection_id) WHERE ((action = 'import'::text) AND (status = 'running'::text));
CREATE INDEX store_sync_log_product_id_idx ON public.store_sync_log USING btree (product_id);
CREATE INDEX store_sync_log_status_idx ON public.store_sync_log USING btree (status);
CREATE INDEX store_sync_log_store_connection_id_idx ON public.store_sync_log USING btree (store_connection_id, started_at);
CREATE INDEX tag_assignment_entity_idx ON public.tag_assignment USING btree (entity_type, entity_id);
CREATE INDEX tag_assignment_tag_id_idx ON public.tag_assignment USING btree (tag_id);
CREATE INDEX tag_client_id_idx ON public.tag USING btree (client_id);
CREATE INDEX usage_entry_asset_idx ON public.usage_entry USING btree (generated_asset_id);
CREATE INDEX usage_entry_client_idx ON public.usage_entry USING btree (client_id, month);
CREATE INDEX usage_entry_connection_idx ON public.usage_entry USING btree (store_connection_id);
CREATE INDEX usage_entry_product_idx ON public.usage_entry USING btree (product_id);
CREATE INDEX usage_entry_reserved_idx ON public.usage_entry USING btree (kind, created_at) WHERE (status = 'reserved'::text);
CREATE INDEX user_favorite_entity_idx ON public.user_favorite USING btree (entity_type, entity_id);
CREATE INDEX user_favorite_user_id_idx ON public.user_favorite USING btree (user_id);
CREATE INDEX webhook_event_status_idx ON public.webhook_event USING btree (status, received_at);
CREATE TRIGGER generation_flow_forget_marks AFTER DELETE ON public.generation_flow FOR EACH ROW EXECUTE FUNCTION public.forget_marks();
CREATE TRIGGER product_forget_marks AFTER DELETE ON public.product FOR EACH ROW EXECUTE FUNCTION public.forget_marks();
ALTER TABLE ONLY public.asset_push
    ADD CONSTRAINT asset_push_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.asset_push
    ADD CONSTRAINT asset_push_generated_asset_id_fkey FOREIGN KEY (generated_asset_id) REFERENCES public.generated_asset(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.asset_push
    ADD CONSTRAINT asset_push_product_id_fkey FOREIGN KEY (product_id) REFERENCES public.product(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.asset_push
    ADD CONSTRAINT asset_push_store_connection_id_fkey FOREIGN KEY (store_connection_id) REFERENCES public.store_connection(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.asset_push
    ADD CONSTRAINT asset_push_synced_by_fkey FOREIGN KEY (synced_by) REFERENCES public."user"(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.chat_session
    ADD CONSTRAINT chat_session_product_id_fkey FOREIGN KEY (product_id) REFERENCES public.product(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.collection_session
    ADD CONSTRAINT collection_session_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.favorite_image
    ADD CONSTRAINT favorite_image_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.favorite_image
    ADD CONSTRAINT favorite_image_generated_asset_id_fkey FOREIGN KEY (generated_asset_id) REFERENCES public.generated_asset(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.generated_asset
    ADD CONSTRAINT generated_asset_approved_by_fkey FOREIGN KEY (approved_by) REFERENCES public."user"(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.generated_asset
    ADD CONSTRAINT generated_asset_chat_session_id_fkey FOREIGN KEY (chat_session_id) REFERENCES public.chat_session(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.generated_asset
    ADD CONSTRAINT generated_asset_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.generated_asset
    ADD CONSTRAINT generated_asset_generation_flow_id_fkey FOREIGN KEY (generation_flow_id) REFERENCES public.generation_flow(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.generated_asset_product
    ADD CONSTRAINT generated_asset_product_generated_asset_id_fkey FOREIGN KEY (generated_asset_id) REFERENCES public.generated_asset(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.generated_asset_product
    ADD CONSTRAINT generated_asset_product_product_id_fkey FOREIGN KEY (product_id) REFERENCES public.product(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.generation_event
    ADD CONSTRAINT generation_event_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.generation_event
    ADD CONSTRAINT generation_event_generated_asset_id_fkey FOREIGN KEY (generated_asset_id) REFERENCES public.generated_asset(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.generation_event
    ADD CONSTRAINT generation_event_generation_flow_id_fkey FOREIGN KEY (generation_flow_id) REFERENCES public.generation_flow(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.generation_event
    ADD CONSTRAINT generation_event_product_id_fkey FOREIGN KEY (product_id) REFERENCES public.product(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.generation_event
    ADD CONSTRAINT generation_event_user_id_fkey FOREIGN KEY (user_id) REFERENCES public."user"(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.generation_flow
    ADD CONSTRAINT generation_flow_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.generation_flow
    ADD CONSTRAINT generation_flow_collection_session_id_fkey FOREIGN KEY (collection_session_id) REFERENCES public.collection_session(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.inspiration_image
    ADD CONSTRAINT inspiration_image_collection_session_id_fkey FOREIGN KEY (collection_session_id) REFERENCES public.collection_session(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_flow_id_fkey FOREIGN KEY (flow_id) REFERENCES public.generation_flow(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_store_connection_id_fkey FOREIGN KEY (store_connection_id) REFERENCES public.store_connection(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.member
    ADD CONSTRAINT member_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.member
    ADD CONSTRAINT member_user_id_fkey FOREIGN KEY (user_id) REFERENCES public."user"(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.message
    ADD CONSTRAINT message_chat_session_id_fkey FOREIGN KEY (chat_session_id) REFERENCES public.chat_session(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.message
    ADD CONSTRAINT message_collection_session_id_fkey FOREIGN KEY (collection_session_id) REFERENCES public.collection_session(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.oauth_state
    ADD CONSTRAINT oauth_state_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.oauth_state
    ADD CONSTRAINT oauth_state_store_connection_id_fkey FOREIGN KEY (store_connection_id) REFERENCES public.store_connection(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.oauth_state
    ADD CONSTRAINT oauth_state_user_id_fkey FOREIGN KEY (user_id) REFERENCES public."user"(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.product
    ADD CONSTRAINT product_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.product_image
    ADD CONSTRAINT product_image_product_id_fkey FOREIGN KEY (product_id) REFERENCES public.product(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.product
    ADD CONSTRAINT product_store_connection_id_fkey FOREIGN KEY (store_connection_id) REFERENCES public.store_connection(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.product_variant
    ADD CONSTRAINT product_variant_product_id_fkey FOREIGN KEY (product_id) REFERENCES public.product(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.product_variant
    ADD CONSTRAINT product_variant_store_connection_id_fkey FOREIGN KEY (store_connection_id) REFERENCES public.store_connection(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.quota_limit
    ADD CONSTRAINT quota_limit_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.store_connection
    ADD CONSTRAINT store_connection_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.store_connection
    ADD CONSTRAINT store_connection_connected_by_fkey FOREIGN KEY (connected_by) REFERENCES public."user"(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.store_sync_item
    ADD CONSTRAINT store_sync_item_sync_log_id_fkey FOREIGN KEY (sync_log_id) REFERENCES public.store_sync_log(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.store_sync_log
    ADD CONSTRAINT store_sync_log_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.store_sync_log
    ADD CONSTRAINT store_sync_log_generated_asset_id_fkey FOREIGN KEY (generated_asset_id) REFERENCES public.generated_asset(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.store_sync_log
    ADD CONSTRAINT store_sync_log_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES public.store_sync_log(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.store_sync_log
    ADD CONSTRAINT store_sync_log_product_id_fkey FOREIGN KEY (product_id) REFERENCES public.product(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.store_sync_log
    ADD CONSTRAINT store_sync_log_store_connection_id_fkey FOREIGN KEY (store_connection_id) REFERENCES public.store_connection(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.store_sync_log
    ADD CONSTRAINT store_sync_log_triggered_by_fkey FOREIGN KEY (triggered_by) REFERENCES public."user"(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.sync_cursor
    ADD CONSTRAINT sync_cursor_store_connection_id_fkey FOREIGN KEY (store_connection_id) REFERENCES public.store_connection(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.sync_seen
    ADD CONSTRAINT sync_seen_store_connection_id_fkey FOREIGN KEY (store_connection_id) REFERENCES public.store_connection(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.tag_assignment
    ADD CONSTRAINT tag_assignment_tag_id_fkey FOREIGN KEY (tag_id) REFERENCES public.tag(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.tag
    ADD CONSTRAINT tag_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.usage_entry
    ADD CONSTRAINT usage_entry_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.usage_entry
    ADD CONSTRAINT usage_entry_generated_asset_id_fkey FOREIGN KEY (generated_asset_id) REFERENCES public.generated_asset(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.usage_entry
    ADD CONSTRAINT usage_entry_product_id_fkey FOREIGN KEY (product_id) REFERENCES public.product(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.usage_entry
    ADD CONSTRAINT usage_entry_store_connection_id_fkey FOREIGN KEY (store_connection_id) REFERENCES public.store_connection(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.usage_record
    ADD CONSTRAINT usage_record_client_id_fkey FOREIGN KEY (client_id) REFERENCES public.client(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.user_favorite
    ADD CONSTRAINT user_favorite_user_id_fkey FOREIGN KEY (user_id) REFERENCES public."user"(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.webhook_event
    ADD CONSTRAINT webhook_event_store_connection_id_fkey FOREIGN KEY (store_connection_id) REFERENCES public.store_connection(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.webhook_subscription
    ADD CONSTRAINT webhook_subscription_store_connection_id_fkey FOREIGN KEY (store_connection_id) REFERENCES public.store_connection(id) ON DELETE CASCADE;
