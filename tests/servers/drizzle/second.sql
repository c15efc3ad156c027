-- What the second generation's application has written beside the old rows: shops, imported products (two of a shop that is gone), states,
-- decisions, links (every 97th twice), tags, favourites, events, runs.
INSERT INTO store_connection (id, client_id, store_type, store_url, credentials_ciphertext, credentials_iv, credentials_tag, credentials_key_id, credentials_fingerprint, auto_sync_enabled, created_at, updated_at)
SELECT s ->> 'id', 'client' || right(s ->> 'id', 1), s ->> 'type', s ->> 'url', s ->> 'text', s ->> 'iv', s ->> 'tag', 'v1', s ->> 'fingerprint', false, '2026-01-14 00:00Z', '2026-01-15 00:00Z' FROM jsonb_array_elements(:'sealed') s;
UPDATE product SET source = 'imported', erp_id = substr(id, 2), erp_sku = 'SKU-' || id, store_connection_id = 'conn1', imported_at = '2026-01-16 00:00Z', price = 12.50 WHERE client_id = 'client1' AND id < 'p0500';
UPDATE product SET store_connection_id = 'conn-gone' WHERE id IN ('p0701', 'p0702');
UPDATE product SET is_favorite = true WHERE id < 'p0020';
UPDATE collection_session SET status = (ARRAY['draft', 'generating', 'completed'])[1 + substr(id, 4)::int % 3];
UPDATE generated_asset SET status = CASE WHEN error IS NULL THEN 'completed' ELSE 'error' END, completed_at = CASE WHEN error IS NULL THEN updated_at AT TIME ZONE 'UTC' END;
UPDATE generated_asset SET approval_status = CASE WHEN right(id, 1) = '3' THEN 'approved' ELSE 'rejected' END, approved_at = '2026-01-17 08:00Z', approved_by = 'u3' WHERE right(id, 2) IN ('03', '44') AND error IS NULL;
INSERT INTO generated_asset_product (id, generated_asset_id, product_id, is_primary, created_at)
SELECT md5(a.id || p.id || again), a.id, p.id, again = 0 AND row_number() OVER (PARTITION BY a.id, again ORDER BY m.place) = 1, a.created_at AT TIME ZONE 'UTC'
FROM generated_asset a CROSS JOIN LATERAL (SELECT value #>> '{}' AS id, min(place) AS place FROM jsonb_array_elements(CASE jsonb_typeof(a.product_ids) WHEN 'array' THEN a.product_ids ELSE '[]' END) WITH ORDINALITY AS e (value, place)
WHERE jsonb_typeof(value) = 'string' GROUP BY 1) m JOIN product p ON p.id = m.id AND p.client_id = a.client_id CROSS JOIN generate_series(0, 1) again WHERE again = 0 OR substr(a.id, 4)::int % 97 = 0;
INSERT INTO tag (id, client_id, name, color) SELECT 'tag' || n, 'client' || (1 + n % 8), 'Tag ' || n, '#00ff00' FROM generate_series(1, 24) n;
INSERT INTO tag_assignment (id, tag_id, entity_type, entity_id) SELECT 'ta' || n, 'tag' || (1 + n % 24), CASE n % 2 WHEN 0 THEN 'product' ELSE 'generation_flow' END, CASE n % 2 WHEN 0 THEN p.id ELSE f.id END
FROM generate_series(1, 200) n JOIN LATERAL (SELECT id FROM product WHERE client_id = 'client' || (1 + (1 + n % 24) % 8) ORDER BY id OFFSET n % 50 LIMIT 1) p ON true JOIN LATERAL (SELECT id FROM generation_flow WHERE client_id = 'client' || (1 + (1 + n % 24) % 8) ORDER BY id OFFSET n % 50 LIMIT 1) f ON true ON CONFLICT DO NOTHING;
INSERT INTO user_favorite (id, user_id, entity_type, entity_id) SELECT 'uf' || n, 'u' || (1 + n % 40), 'product', 'p' || lpad(n::text, 4, '0') FROM generate_series(1, 80) n;
INSERT INTO generation_event (id, client_id, generation_flow_id, event_type, created_at) SELECT 'e' || n, f.client_id, f.id, 'completed', timestamptz '2026-01-18 00:00Z' + n * interval '1 minute' FROM generate_series(1, 500) n JOIN generation_flow f ON f.id = 'flow' || n;
INSERT INTO store_sync_log (id, store_connection_id, generated_asset_id, product_id, action, status, started_at, completed_at)
SELECT 'log' || row_number() OVER (ORDER BY l.id), 'conn1', l.generated_asset_id, l.product_id, 'upload', 'success', '2026-01-19 00:00Z', '2026-01-19 00:01Z'
FROM generated_asset_product l JOIN product p ON p.id = l.product_id JOIN generated_asset a ON a.id = l.generated_asset_id WHERE p.store_connection_id = 'conn1' AND a.approval_status = 'approved' AND l.is_primary;
ANALYZE;
