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
