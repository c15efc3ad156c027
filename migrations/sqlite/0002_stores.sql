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
    keep_alive_at TEXT,
    renew_at TEXT,
    warn_at TEXT,
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
    key_refused_at TEXT,
    key_retry_at TEXT,
    paused_at TEXT,
    paused_by TEXT,
    pause_reason TEXT,
    push_stopped_at TEXT,
    push_stop_reason TEXT,
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
CREATE INDEX store_connection_store_url_idx ON store_connection (store_type, store_url);
CREATE INDEX store_connection_keep_alive_idx ON store_connection (keep_alive_at) WHERE keep_alive_at IS NOT NULL;
CREATE INDEX store_connection_renew_idx ON store_connection (renew_at) WHERE renew_at IS NOT NULL;
CREATE INDEX store_connection_warn_idx ON store_connection (warn_at) WHERE warn_at IS NOT NULL;
CREATE INDEX store_connection_key_retry_idx ON store_connection (key_retry_at) WHERE key_retry_at IS NOT NULL;
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
    grant_sealed TEXT,
    return_url TEXT,
    begun_by TEXT,
    link_mark TEXT,
    refusal TEXT CHECK (json_valid(refusal)),
    may_share BOOLEAN NOT NULL DEFAULT false CHECK (may_share IN (0, 1)),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    expires_at TEXT NOT NULL,
    consumed_at TEXT
);
CREATE INDEX oauth_state_expires_at_idx ON oauth_state (expires_at);
CREATE INDEX oauth_state_browser_hash_idx ON oauth_state (browser_hash);

CREATE TABLE sync_cursor (
    store_connection_id TEXT NOT NULL REFERENCES store_connection (id) ON DELETE CASCADE,
    resource TEXT NOT NULL,
    cursor TEXT CHECK (json_valid(cursor)),
    updated_since TEXT,
    full_sync_at TEXT,
    missed BLOB,
    page_size INTEGER,
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    PRIMARY KEY (store_connection_id, resource),
    CONSTRAINT sync_cursor_resource_check CHECK (resource IN ('products', 'categories', 'images'))
);

-- What a pass has seen, one small row a page: so that an unchanged product costs no write of its own row.
CREATE TABLE sync_seen (
    store_connection_id TEXT NOT NULL REFERENCES store_connection (id) ON DELETE CASCADE,
    pass_id TEXT NOT NULL,
    page INTEGER NOT NULL,
    marks BLOB NOT NULL,
    next_mark BLOB,
    emptied TEXT CHECK (json_valid(emptied)),
    PRIMARY KEY (store_connection_id, pass_id, page)
);
