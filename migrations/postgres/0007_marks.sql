-- What people say about products and flows, and what happened to them.
-- tag_assignment and user_favorite point at rows of several tables, so no foreign key holds them: triggers clean up.
CREATE TABLE tag (
    id text NOT NULL PRIMARY KEY,
    client_id text NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    name text NOT NULL,
    color text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tag_client_name_unique UNIQUE (client_id, name)
);
CREATE INDEX tag_client_id_idx ON tag (client_id);

CREATE TABLE tag_assignment (
    id text NOT NULL PRIMARY KEY,
    tag_id text NOT NULL REFERENCES tag (id) ON DELETE CASCADE,
    entity_type text NOT NULL,
    entity_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tag_assignment_unique UNIQUE (tag_id, entity_type, entity_id),
    CONSTRAINT tag_assignment_entity_type_check CHECK (entity_type IN ('product', 'generation_flow'))
);
CREATE INDEX tag_assignment_tag_id_idx ON tag_assignment (tag_id);
CREATE INDEX tag_assignment_entity_idx ON tag_assignment (entity_type, entity_id);

CREATE TABLE user_favorite (
    id text NOT NULL PRIMARY KEY,
    user_id text NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
    entity_type text NOT NULL,
    entity_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT user_favorite_unique UNIQUE (user_id, entity_type, entity_id),
    CONSTRAINT user_favorite_entity_type_check CHECK (entity_type IN ('product', 'generation_flow'))
);
CREATE INDEX user_favorite_user_id_idx ON user_favorite (user_id);
CREATE INDEX user_favorite_entity_idx ON user_favorite (entity_type, entity_id);

CREATE TABLE generation_event (
    id text NOT NULL PRIMARY KEY,
    client_id text NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    generation_flow_id text REFERENCES generation_flow (id) ON DELETE SET NULL,
    product_id text REFERENCES product (id) ON DELETE SET NULL,
    generated_asset_id text REFERENCES generated_asset (id) ON DELETE SET NULL,
    user_id text REFERENCES "user" (id) ON DELETE SET NULL,
    event_type text NOT NULL,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT generation_event_type_check CHECK (event_type IN ('started', 'completed', 'error', 'viewed', 'approved', 'rejected', 'exported'))
);
CREATE INDEX generation_event_client_id_idx ON generation_event (client_id, created_at);
CREATE INDEX generation_event_type_idx ON generation_event (event_type);
CREATE INDEX generation_event_created_at_idx ON generation_event (created_at);
CREATE INDEX generation_event_flow_id_idx ON generation_event (generation_flow_id);

-- With its owner's rights: whoever may delete a product need not be let into the marks. The schema is that of the table it
-- stands on, so that nothing in the caller's search path counts; and nobody else may hang it on a table of their own.
CREATE FUNCTION forget_marks() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('DELETE FROM %I.tag_assignment WHERE entity_type = $1 AND entity_id = $2', TG_TABLE_SCHEMA) USING TG_TABLE_NAME::text, OLD.id;
    EXECUTE format('DELETE FROM %I.user_favorite WHERE entity_type = $1 AND entity_id = $2', TG_TABLE_SCHEMA) USING TG_TABLE_NAME::text, OLD.id;
    RETURN OLD;
END
$$;
REVOKE ALL ON FUNCTION forget_marks() FROM PUBLIC;
CREATE TRIGGER product_forget_marks AFTER DELETE ON product FOR EACH ROW EXECUTE FUNCTION forget_marks();
CREATE TRIGGER generation_flow_forget_marks AFTER DELETE ON generation_flow FOR EACH ROW EXECUTE FUNCTION forget_marks();
