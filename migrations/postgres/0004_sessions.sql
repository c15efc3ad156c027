-- Collections of products to make pictures for, and the attempts within them. Assets refer to these.
-- from_legacy: the older application made the row, so its deletions count (see src/db/adopt/legacy.sql).
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
    from_legacy boolean NOT NULL DEFAULT false,
    CONSTRAINT generation_flow_status_check CHECK (status IN ('empty', 'configured', 'generating', 'completed', 'error'))
);
CREATE INDEX generation_flow_collection_session_id_idx ON generation_flow (collection_session_id);
CREATE INDEX generation_flow_client_id_idx ON generation_flow (client_id);
CREATE INDEX generation_flow_status_idx ON generation_flow (status);
CREATE INDEX generation_flow_favorite_idx ON generation_flow (client_id, is_favorite);

CREATE TABLE message (
    id text NOT NULL PRIMARY KEY,
    chat_session_id text REFERENCES chat_session (id) ON DELETE CASCADE,
    collection_session_id text REFERENCES collection_session (id) ON DELETE CASCADE,
    role text NOT NULL,
    parts jsonb NOT NULL,
    base_image_id text,
    base_image_ids jsonb,
    inspiration_image_id text,
    version integer NOT NULL DEFAULT 1,
    created_at timestamp NOT NULL DEFAULT now(),
    updated_at timestamp NOT NULL DEFAULT now(),
    from_legacy boolean NOT NULL DEFAULT false,
    CONSTRAINT message_session_check CHECK ((chat_session_id IS NOT NULL AND collection_session_id IS NULL) OR (chat_session_id IS NULL AND collection_session_id IS NOT NULL))
);
CREATE INDEX message_chat_session_id_idx ON message (chat_session_id);
CREATE INDEX message_collection_session_id_idx ON message (collection_session_id);

CREATE TABLE inspiration_image (
    id text NOT NULL PRIMARY KEY,
    collection_session_id text NOT NULL REFERENCES collection_session (id) ON DELETE CASCADE,
    url text NOT NULL,
    r2_key text,
    source text NOT NULL,
    analysis jsonb,
    display_order integer NOT NULL DEFAULT 0,
    sha256 text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT inspiration_image_source_check CHECK (source IN ('upload', 'unsplash', 'url', 'library', 'stock'))
);
CREATE INDEX inspiration_collection_idx ON inspiration_image (collection_session_id, display_order);
