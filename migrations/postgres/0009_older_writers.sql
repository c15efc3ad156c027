-- What the older application's later generation writes into these tables itself: its statements know nothing of some columns.
-- Its runs have neither client nor trigger; what it seals is told by its own kind of fingerprint (SHA-256), or by none at all.
CREATE FUNCTION complete_run() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.client_id IS NULL THEN
        EXECUTE format('SELECT client_id FROM %I.store_connection WHERE id = $1', TG_TABLE_SCHEMA) INTO NEW.client_id USING NEW.store_connection_id;
    END IF;
    NEW."trigger" := coalesce(NEW."trigger", 'approval');
    IF NEW.status NOT IN ('pending', 'running') THEN
        NEW.completed_at := coalesce(NEW.completed_at, now());
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION complete_run() FROM PUBLIC;
CREATE TRIGGER store_sync_log_complete BEFORE INSERT OR UPDATE ON store_sync_log FOR EACH ROW
    WHEN (NEW.client_id IS NULL OR NEW."trigger" IS NULL OR (NEW.completed_at IS NULL AND NEW.status NOT IN ('pending', 'running')))
    EXECUTE FUNCTION complete_run();

CREATE FUNCTION complete_seal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.credentials_format := 1;
    ELSIF NEW.credentials_ciphertext IS DISTINCT FROM OLD.credentials_ciphertext THEN
        NEW.credentials_format := 1;
        NEW.token_version := OLD.token_version + 1;
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION complete_seal() FROM PUBLIC;
CREATE TRIGGER store_connection_complete BEFORE INSERT OR UPDATE OF credentials_ciphertext ON store_connection FOR EACH ROW
    WHEN (NEW.credentials_ciphertext IS NOT NULL AND (NEW.credentials_fingerprint IS NULL OR NEW.credentials_fingerprint ~ '^[0-9a-f]{64}$'))
    EXECUTE FUNCTION complete_seal();
