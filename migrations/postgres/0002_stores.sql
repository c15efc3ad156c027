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
    keep_alive_at timestamptz,
    renew_at timestamptz,
    warn_at timestamptz,
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
    key_refused_at timestamptz,
    key_retry_at timestamptz,
    paused_at timestamptz,
    paused_by text,
    pause_reason text,
    push_stopped_at timestamptz,
    push_stop_reason text,
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
CREATE INDEX store_connection_store_url_idx ON store_connection (store_type, store_url);
CREATE INDEX store_connection_keep_alive_idx ON store_connection (keep_alive_at) WHERE keep_alive_at IS NOT NULL;
CREATE INDEX store_connection_renew_idx ON store_connection (renew_at) WHERE renew_at IS NOT NULL;
CREATE INDEX store_connection_warn_idx ON store_connection (warn_at) WHERE warn_at IS NOT NULL;
CREATE INDEX store_connection_key_retry_idx ON store_connection (key_retry_at) WHERE key_retry_at IS NOT NULL;
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
    grant_sealed text,
    return_url text,
    begun_by text,
    link_mark text,
    refusal jsonb,
    may_share boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    consumed_at timestamptz
);
CREATE INDEX oauth_state_expires_at_idx ON oauth_state (expires_at);
CREATE INDEX oauth_state_browser_hash_idx ON oauth_state (browser_hash);

CREATE TABLE sync_cursor (
    store_connection_id text NOT NULL REFERENCES store_connection (id) ON DELETE CASCADE,
    resource text NOT NULL,
    cursor jsonb,
    updated_since timestamptz,
    full_sync_at timestamptz,
    missed bytea,
    page_size integer,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (store_connection_id, resource),
    CONSTRAINT sync_cursor_resource_check CHECK (resource IN ('products', 'categories', 'images'))
);

-- What a pass has seen, one small row a page: so that an unchanged product costs no write of its own row.
CREATE TABLE sync_seen (
    store_connection_id text NOT NULL REFERENCES store_connection (id) ON DELETE CASCADE,
    pass_id text NOT NULL,
    page integer NOT NULL,
    marks bytea NOT NULL,
    next_mark bytea,
    emptied jsonb,
    PRIMARY KEY (store_connection_id, pass_id, page)
);
