-- Collections of products to make pictures for, and the attempts within them. Assets refer to these.
-- from_legacy: the older application made the row, so its deletions count (see src/db/adopt/legacy.sql).
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
    from_legacy BOOLEAN NOT NULL DEFAULT false CHECK (from_legacy IN (0, 1)),
    CONSTRAINT generation_flow_status_check CHECK (status IN ('empty', 'configured', 'generating', 'completed', 'error'))
);
CREATE INDEX generation_flow_collection_session_id_idx ON generation_flow (collection_session_id);
CREATE INDEX generation_flow_client_id_idx ON generation_flow (client_id);
CREATE INDEX generation_flow_status_idx ON generation_flow (status);
CREATE INDEX generation_flow_favorite_idx ON generation_flow (client_id, is_favorite);

CREATE TABLE message (
    id TEXT NOT NULL PRIMARY KEY,
    chat_session_id TEXT REFERENCES chat_session (id) ON DELETE CASCADE,
    collection_session_id TEXT REFERENCES collection_session (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    parts TEXT NOT NULL CHECK (json_valid(parts)),
    base_image_id TEXT,
    base_image_ids TEXT CHECK (json_valid(base_image_ids)),
    inspiration_image_id TEXT,
    version INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    from_legacy BOOLEAN NOT NULL DEFAULT false CHECK (from_legacy IN (0, 1)),
    CONSTRAINT message_session_check CHECK ((chat_session_id IS NOT NULL AND collection_session_id IS NULL) OR (chat_session_id IS NULL AND collection_session_id IS NOT NULL))
);
CREATE INDEX message_chat_session_id_idx ON message (chat_session_id);
CREATE INDEX message_collection_session_id_idx ON message (collection_session_id);

CREATE TABLE inspiration_image (
    id TEXT NOT NULL PRIMARY KEY,
    collection_session_id TEXT NOT NULL REFERENCES collection_session (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    r2_key TEXT,
    source TEXT NOT NULL,
    analysis TEXT CHECK (json_valid(analysis)),
    display_order INTEGER NOT NULL DEFAULT 0,
    sha256 TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT inspiration_image_source_check CHECK (source IN ('upload', 'unsplash', 'url', 'library', 'stock'))
);
CREATE INDEX inspiration_collection_idx ON inspiration_image (collection_session_id, display_order);
