-- What people say about products and flows, and what happened to them.
-- tag_assignment and user_favorite point at rows of several tables, so no foreign key holds them: triggers clean up.
CREATE TABLE tag (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    color TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT tag_client_name_unique UNIQUE (client_id, name)
);
CREATE INDEX tag_client_id_idx ON tag (client_id);

CREATE TABLE tag_assignment (
    id TEXT NOT NULL PRIMARY KEY,
    tag_id TEXT NOT NULL REFERENCES tag (id) ON DELETE CASCADE,
    entity_type TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT tag_assignment_unique UNIQUE (tag_id, entity_type, entity_id),
    CONSTRAINT tag_assignment_entity_type_check CHECK (entity_type IN ('product', 'generation_flow'))
);
CREATE INDEX tag_assignment_tag_id_idx ON tag_assignment (tag_id);
CREATE INDEX tag_assignment_entity_idx ON tag_assignment (entity_type, entity_id);

CREATE TABLE user_favorite (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
    entity_type TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT user_favorite_unique UNIQUE (user_id, entity_type, entity_id),
    CONSTRAINT user_favorite_entity_type_check CHECK (entity_type IN ('product', 'generation_flow'))
);
CREATE INDEX user_favorite_user_id_idx ON user_favorite (user_id);
CREATE INDEX user_favorite_entity_idx ON user_favorite (entity_type, entity_id);

CREATE TABLE generation_event (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    generation_flow_id TEXT REFERENCES generation_flow (id) ON DELETE SET NULL,
    product_id TEXT REFERENCES product (id) ON DELETE SET NULL,
    generated_asset_id TEXT REFERENCES generated_asset (id) ON DELETE SET NULL,
    user_id TEXT REFERENCES "user" (id) ON DELETE SET NULL,
    event_type TEXT NOT NULL,
    metadata TEXT CHECK (json_valid(metadata)),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT generation_event_type_check CHECK (event_type IN ('started', 'completed', 'error', 'viewed', 'approved', 'rejected', 'exported'))
);
CREATE INDEX generation_event_client_id_idx ON generation_event (client_id, created_at);
CREATE INDEX generation_event_type_idx ON generation_event (event_type);
CREATE INDEX generation_event_created_at_idx ON generation_event (created_at);
CREATE INDEX generation_event_flow_id_idx ON generation_event (generation_flow_id);

CREATE TRIGGER product_forget_marks AFTER DELETE ON product BEGIN
    DELETE FROM tag_assignment WHERE entity_type = 'product' AND entity_id = OLD.id;
    DELETE FROM user_favorite WHERE entity_type = 'product' AND entity_id = OLD.id;
END;
CREATE TRIGGER generation_flow_forget_marks AFTER DELETE ON generation_flow BEGIN
    DELETE FROM tag_assignment WHERE entity_type = 'generation_flow' AND entity_id = OLD.id;
    DELETE FROM user_favorite WHERE entity_type = 'generation_flow' AND entity_id = OLD.id;
END;
