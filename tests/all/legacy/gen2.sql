-- What makes a gen2 database of one that `renamed.sql` and `half.sql` have gone over, with rows of its own: no unique link, no
-- reference from product to its shop, a log that knows pushes only.
ALTER TABLE generation_flow ADD COLUMN client_id text, ADD COLUMN is_favorite boolean DEFAULT false NOT NULL, ALTER COLUMN collection_session_id DROP NOT NULL;
UPDATE generation_flow f SET client_id = s.client_id FROM collection_session s WHERE s.id = f.collection_session_id;
ALTER TABLE generation_flow ALTER COLUMN client_id SET NOT NULL;
ALTER TABLE generation_flow ADD CONSTRAINT generation_flow_client_id_client_id_fk FOREIGN KEY (client_id) REFERENCES client(id) ON DELETE cascade;
UPDATE generated_asset SET status = CASE WHEN error IS NULL THEN 'completed' ELSE 'error' END;
INSERT INTO store_connection (id, client_id, store_type, store_url, credentials_ciphertext, credentials_iv, credentials_tag, credentials_key_id) VALUES ('conn-1', 'northwind', 'shopify', 'https://northwind.example', 'DcP5xf/JhWq0pv4bUkdSHYqYZpF88lVnMVAvEUSOTZmj0WvV72DR7zUXJin7XJq7ojmaajLOsT7PJ4Uy9FGn6NQ=', 'AQEBAQEBAQEBAQEB', 'kU6pySkADFXArSDbEnD/sg==', 'v1');
UPDATE product SET source = 'imported', erp_id = '77', store_connection_id = 'conn-1' WHERE id = 'product-1';
UPDATE product SET store_connection_id = 'conn-gone' WHERE id = 'product-2';
UPDATE generated_asset SET approval_status = 'approved', approved_at = now(), approved_by = 'user-1' WHERE id = 'image-00000002';
INSERT INTO generated_asset_product (id, generated_asset_id, product_id, is_primary) VALUES ('l1', 'image-00000002', 'product-3', true), ('l2', 'image-00000002', 'product-3', false);
INSERT INTO store_sync_log (id, store_connection_id, generated_asset_id, product_id, action, status, completed_at) VALUES ('log-1', 'conn-1', 'image-00000002', 'product-1', 'upload', 'success', now());
