-- The old names, for an application that still uses them: views first in its search path.
--
-- It saves a session by deleting all flows, pictures and messages of it and inserting them again under the same ids. Here a
-- deletion leaves a tombstone and the insertion wakes it, so that approvals, product links, favourites and tags stay. What
-- this program made (from_legacy = false) it can see but not remove: its copy of a session may be older than the row.
-- The functions run with their owner's rights, so that the old application's role needs none on the tables themselves; they
-- are called by the triggers alone.
-- {schema} is the schema of our tables; the other names in braces are what this application calls the thing.

CREATE OR REPLACE FUNCTION legacy.link_products(asset text) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
    -- Held first: one that somebody deletes in this moment is waited for and then not linked, instead of failing the save.
    WITH there AS MATERIALIZED (
        SELECT p.id, p.client_id FROM product p
        WHERE p.id IN (SELECT m.value #>> '{}' FROM generated_asset a CROSS JOIN LATERAL jsonb_array_elements(
            CASE jsonb_typeof(a.product_ids) WHEN 'array' THEN a.product_ids ELSE '[]' END) m (value) WHERE a.id = asset)
        ORDER BY p.id FOR KEY SHARE OF p
    )
    INSERT INTO generated_asset_product (id, generated_asset_id, product_id, is_primary, created_at)
    SELECT a.id || '_' || p.id, a.id, p.id,
           row_number() OVER (ORDER BY m.place) = 1
               AND NOT EXISTS (SELECT 1 FROM generated_asset_product l WHERE l.generated_asset_id = a.id AND l.is_primary),
           now()
    FROM generated_asset a
    CROSS JOIN LATERAL (
        SELECT value #>> '{}' AS id, min(place) AS place
        FROM jsonb_array_elements(CASE jsonb_typeof(a.product_ids) WHEN 'array' THEN a.product_ids ELSE '[]' END)
             WITH ORDINALITY AS member (value, place)
        WHERE jsonb_typeof(value) = 'string' GROUP BY 1
    ) m
    JOIN there p ON p.id = m.id AND p.client_id = a.client_id
    WHERE a.id = asset
    ON CONFLICT DO NOTHING
$$;

CREATE OR REPLACE FUNCTION legacy.unlink_products(asset text) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
    -- Only links that came from the list itself; those made by a person have ids of their own.
    DELETE FROM generated_asset_product l USING generated_asset a
    WHERE a.id = asset AND l.generated_asset_id = asset AND l.id = l.generated_asset_id || '_' || l.product_id
      AND jsonb_typeof(a.product_ids) = 'array' AND NOT a.product_ids ? l.product_id
$$;

-- Sessions: only the name differs.
CREATE OR REPLACE VIEW legacy.{studio_session} AS
    SELECT id, client_id AS {session_client_id}, name, product_ids, selected_base_images, version, created_at, updated_at
    FROM {schema}.collection_session;

CREATE OR REPLACE VIEW legacy.favorite_image AS
    SELECT id, client_id AS {favorite_client_id}, generated_asset_id AS generated_image_id, created_at, updated_at
    FROM {schema}.favorite_image f
    WHERE EXISTS (SELECT 1 FROM {schema}.generated_asset a WHERE a.id = f.generated_asset_id AND a.deleted_at IS NULL);

-- Flows.
CREATE OR REPLACE VIEW legacy.flow AS
    SELECT id, collection_session_id AS {flow_session_id}, name, product_ids, selected_base_images, status, settings,
           current_image_index, version, created_at, updated_at
    FROM {schema}.generation_flow WHERE deleted_at IS NULL AND collection_session_id IS NOT NULL;

CREATE OR REPLACE FUNCTION legacy.flow_insert() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    owner text;
    there generation_flow;
BEGIN
    SELECT client_id INTO owner FROM collection_session WHERE id = NEW.{flow_session_id};
    IF owner IS NULL THEN
        RAISE foreign_key_violation USING MESSAGE =
            format('insert on table "flow" violates foreign key constraint: there is no studio session %s', NEW.{flow_session_id});
    END IF;
    NEW.product_ids := coalesce(NEW.product_ids, '[]');
    NEW.selected_base_images := coalesce(NEW.selected_base_images, '{}');
    NEW.status := coalesce(NEW.status, 'empty');
    NEW.current_image_index := coalesce(NEW.current_image_index, 0);
    NEW.version := coalesce(NEW.version, 1);
    NEW.created_at := coalesce(NEW.created_at, now() AT TIME ZONE 'UTC');
    NEW.updated_at := coalesce(NEW.updated_at, now() AT TIME ZONE 'UTC');
    SELECT * INTO there FROM generation_flow WHERE id = NEW.id FOR UPDATE;
    -- Until the backfill has been here, a flow has no owner of its own.
    there.client_id := coalesce(there.client_id, owner);
    -- Its copy may be older than what this program generates in the flow: the progress is ours then.
    IF there.client_id = owner AND EXISTS (
        SELECT 1 FROM generated_asset a WHERE a.generation_flow_id = NEW.id AND NOT a.from_legacy AND a.deleted_at IS NULL
        AND (a.status IN ('pending', 'generating') OR NEW.status = 'generating' AND there.status IN ('completed', 'error'))
    ) THEN
        NEW.status := there.status;
        NEW.current_image_index := there.current_image_index;
    END IF;
    IF there.id IS NOT NULL AND there.client_id = owner AND there.deleted_at IS NULL AND NOT there.from_legacy THEN
        -- Made by this program and never gone: what a person can edit is taken over, its progress is not.
        UPDATE generation_flow SET name = NEW.name, product_ids = NEW.product_ids, selected_base_images = NEW.selected_base_images,
               settings = NEW.settings, updated_at = NEW.updated_at WHERE id = NEW.id;
    ELSIF there.id IS NOT NULL AND there.client_id = owner AND there.deleted_at IS NOT NULL THEN
        UPDATE generation_flow SET collection_session_id = NEW.{flow_session_id}, client_id = owner, name = NEW.name, product_ids = NEW.product_ids,
               selected_base_images = NEW.selected_base_images, status = NEW.status, settings = NEW.settings,
               current_image_index = NEW.current_image_index, version = NEW.version, created_at = NEW.created_at,
               updated_at = NEW.updated_at, deleted_at = NULL WHERE id = NEW.id;
    ELSE
        INSERT INTO generation_flow (id, collection_session_id, client_id, name, product_ids, selected_base_images, status, settings,
               current_image_index, version, created_at, updated_at, from_legacy)
        VALUES (NEW.id, NEW.{flow_session_id}, owner, NEW.name, NEW.product_ids, NEW.selected_base_images, NEW.status, NEW.settings,
               NEW.current_image_index, NEW.version, NEW.created_at, NEW.updated_at, true);
    END IF;
    RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION legacy.flow_delete() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
BEGIN
    UPDATE generation_flow SET deleted_at = now() WHERE id = OLD.id AND deleted_at IS NULL AND from_legacy;
    IF FOUND THEN
        -- As the reference did. A save has deleted its pictures before, so that these are none of a save; ours stay where they
        -- are, since a save inserts the flow again.
        UPDATE generated_asset SET generation_flow_id = NULL WHERE generation_flow_id = OLD.id AND from_legacy AND deleted_at IS NULL;
        RETURN OLD;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM generation_flow WHERE id = OLD.id AND deleted_at IS NULL) THEN
        RETURN NULL;
    END IF;
    RETURN OLD;
END
$$;

CREATE OR REPLACE TRIGGER insert_instead INSTEAD OF INSERT ON legacy.flow FOR EACH ROW EXECUTE FUNCTION legacy.flow_insert();
CREATE OR REPLACE TRIGGER delete_instead INSTEAD OF DELETE ON legacy.flow FOR EACH ROW EXECUTE FUNCTION legacy.flow_delete();

-- Pictures. The older application knows finished pictures only, and stops at one without a key.
CREATE OR REPLACE VIEW legacy.generated_image AS
    SELECT id, client_id AS {image_client_id}, generation_flow_id AS flow_id, chat_session_id, asset_url AS r2_key, prompt, settings, product_ids, job_id,
           error, created_at, updated_at
    FROM {schema}.generated_asset WHERE deleted_at IS NULL AND asset_url IS NOT NULL AND asset_type = 'image';

CREATE OR REPLACE FUNCTION legacy.generated_image_insert() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    there generated_asset;
BEGIN
    IF NEW.r2_key IS NULL THEN
        RAISE not_null_violation USING MESSAGE = 'null value in column "r2_key" of relation "generated_image" violates not-null constraint';
    END IF;
    NEW.created_at := coalesce(NEW.created_at, now() AT TIME ZONE 'UTC');
    NEW.updated_at := coalesce(NEW.updated_at, now() AT TIME ZONE 'UTC');
    SELECT * INTO there FROM generated_asset WHERE id = NEW.id FOR UPDATE;
    IF FOUND AND there.client_id = NEW.{image_client_id} AND there.deleted_at IS NULL AND NOT there.from_legacy THEN
        RETURN NEW;
    ELSIF FOUND AND there.client_id = NEW.{image_client_id} AND there.deleted_at IS NOT NULL THEN
        UPDATE generated_asset SET generation_flow_id = NEW.flow_id, chat_session_id = NEW.chat_session_id, prompt = NEW.prompt,
               settings = NEW.settings, product_ids = NEW.product_ids, job_id = NEW.job_id, created_at = NEW.created_at,
               deleted_at = NULL WHERE id = NEW.id;
        PERFORM legacy.set_picture(NEW.id, NEW.r2_key, NEW.error, NEW.updated_at);
        IF there.product_ids IS DISTINCT FROM NEW.product_ids THEN
            PERFORM legacy.unlink_products(NEW.id);
        END IF;
    ELSE
        INSERT INTO generated_asset (id, client_id, generation_flow_id, chat_session_id, asset_url, status, prompt, settings,
               product_ids, job_id, error, created_at, updated_at, completed_at, from_legacy)
        VALUES (NEW.id, NEW.{image_client_id}, NEW.flow_id, NEW.chat_session_id, NEW.r2_key,
               CASE WHEN NEW.error IS NULL THEN 'completed' ELSE 'error' END, NEW.prompt, NEW.settings, NEW.product_ids, NEW.job_id,
               NEW.error, NEW.created_at, NEW.updated_at,
               CASE WHEN NEW.error IS NULL THEN NEW.updated_at AT TIME ZONE 'UTC' END, true);
    END IF;
    PERFORM legacy.link_products(NEW.id);
    RETURN NEW;
END
$$;

-- Another key means other bytes: what was known, analysed and approved of the old ones no longer holds.
CREATE OR REPLACE FUNCTION legacy.set_picture(asset text, key text, failure text, moment timestamp) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
BEGIN
    UPDATE generated_asset SET asset_url = key, sha256 = NULL, mime_type = NULL, width = NULL, height = NULL, byte_size = NULL,
           asset_analysis = NULL, analysis_version = NULL, original_asset_url = NULL, approval_status = 'pending',
           approved_at = NULL, approved_by = NULL WHERE id = asset AND asset_url IS DISTINCT FROM key;
    UPDATE generated_asset SET error = failure, updated_at = moment,
           status = CASE WHEN failure IS NOT NULL THEN 'error' ELSE 'completed' END,
           completed_at = CASE WHEN failure IS NULL THEN coalesce(completed_at, moment AT TIME ZONE 'UTC') END
    WHERE id = asset;
END
$$;

CREATE OR REPLACE FUNCTION legacy.generated_image_update() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
BEGIN
    IF NEW.r2_key IS NULL THEN
        RAISE not_null_violation USING MESSAGE = 'null value in column "r2_key" of relation "generated_image" violates not-null constraint';
    END IF;
    UPDATE generated_asset SET id = NEW.id, client_id = NEW.{image_client_id}, generation_flow_id = NEW.flow_id,
           chat_session_id = NEW.chat_session_id, prompt = NEW.prompt, settings = NEW.settings, product_ids = NEW.product_ids,
           job_id = NEW.job_id, created_at = NEW.created_at WHERE id = OLD.id AND deleted_at IS NULL;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM legacy.set_picture(NEW.id, NEW.r2_key, NEW.error, NEW.updated_at);
    IF OLD.product_ids IS DISTINCT FROM NEW.product_ids THEN
        PERFORM legacy.unlink_products(NEW.id);
        PERFORM legacy.link_products(NEW.id);
    END IF;
    RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION legacy.generated_image_delete() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
BEGIN
    UPDATE generated_asset SET deleted_at = now() WHERE id = OLD.id AND deleted_at IS NULL AND from_legacy;
    IF NOT FOUND AND NOT EXISTS (SELECT 1 FROM generated_asset WHERE id = OLD.id AND deleted_at IS NULL) THEN
        RETURN NULL;
    END IF;
    RETURN OLD;
END
$$;

CREATE OR REPLACE TRIGGER insert_instead INSTEAD OF INSERT ON legacy.generated_image
    FOR EACH ROW EXECUTE FUNCTION legacy.generated_image_insert();
CREATE OR REPLACE TRIGGER update_instead INSTEAD OF UPDATE ON legacy.generated_image
    FOR EACH ROW EXECUTE FUNCTION legacy.generated_image_update();
CREATE OR REPLACE TRIGGER delete_instead INSTEAD OF DELETE ON legacy.generated_image
    FOR EACH ROW EXECUTE FUNCTION legacy.generated_image_delete();

-- Messages: nothing hangs on them, so those of the older application really go; ours stay.
CREATE OR REPLACE VIEW legacy.message AS
    SELECT id, chat_session_id, collection_session_id AS {message_session_id}, role, parts, base_image_id, base_image_ids,
           inspiration_image_id, version, created_at, updated_at
    FROM {schema}.message;

CREATE OR REPLACE FUNCTION legacy.message_insert() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
BEGIN
    NEW.version := coalesce(NEW.version, 1);
    NEW.created_at := coalesce(NEW.created_at, now() AT TIME ZONE 'UTC');
    NEW.updated_at := coalesce(NEW.updated_at, now() AT TIME ZONE 'UTC');
    IF EXISTS (SELECT 1 FROM message m WHERE m.id = NEW.id AND NOT m.from_legacy
               AND m.chat_session_id IS NOT DISTINCT FROM NEW.chat_session_id
               AND m.collection_session_id IS NOT DISTINCT FROM NEW.{message_session_id}) THEN
        RETURN NEW;
    END IF;
    INSERT INTO message (id, chat_session_id, collection_session_id, role, parts, base_image_id, base_image_ids,
           inspiration_image_id, version, created_at, updated_at, from_legacy)
    VALUES (NEW.id, NEW.chat_session_id, NEW.{message_session_id}, NEW.role, NEW.parts, NEW.base_image_id, NEW.base_image_ids,
           NEW.inspiration_image_id, NEW.version, NEW.created_at, NEW.updated_at, true);
    RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION legacy.message_delete() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
BEGIN
    DELETE FROM message WHERE id = OLD.id AND from_legacy;
    IF NOT FOUND AND NOT EXISTS (SELECT 1 FROM message WHERE id = OLD.id) THEN
        RETURN NULL;
    END IF;
    RETURN OLD;
END
$$;

CREATE OR REPLACE TRIGGER insert_instead INSTEAD OF INSERT ON legacy.message FOR EACH ROW EXECUTE FUNCTION legacy.message_insert();
CREATE OR REPLACE TRIGGER delete_instead INSTEAD OF DELETE ON legacy.message FOR EACH ROW EXECUTE FUNCTION legacy.message_delete();

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA legacy FROM PUBLIC;
