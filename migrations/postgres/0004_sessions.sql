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
