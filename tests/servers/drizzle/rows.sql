-- Rows of an older database: 8 clients, 1,000 products, 2,500 of their images, 300 sessions, 3,000 flows, :count pictures, and with them
-- everything that has gone wrong in real ones. The same numbers give the same rows. The names are those of the generation.
SET client_min_messages = warning;
INSERT INTO admin_user (id, name, email, password_hash, is_active) SELECT 'admin' || n, 'Admin ' || n, 'admin' || n || '@example.com', md5('admin' || n), n > 1 FROM generate_series(1, 3) n;
INSERT INTO admin_session (id, token, admin_user_id, expires_at, ip_address, user_agent)
SELECT 'as' || n, md5('as' || n), 'admin' || (1 + n % 3), timestamp '2027-01-01' + n * interval '1 hour', '192.0.2.' || n, CASE WHEN n % 2 = 0 THEN 'Browser' END FROM generate_series(1, 6) n;
INSERT INTO "user" (id, name, email, email_verified, image) SELECT 'u' || n, CASE WHEN n % 13 = 0 THEN '' ELSE 'User ' || n END, 'user' || n || '@example.com', n % 3 = 0, CASE WHEN n % 4 = 0 THEN 'https://example.com/' || n || '.png' END FROM generate_series(1, 40) n;
INSERT INTO session (id, token, user_id, expires_at, active_client_id) SELECT 's' || n, md5('s' || n), 'u' || (1 + n % 40), timestamp '2027-02-01' + n * interval '1 minute', CASE WHEN n % 3 > 0 THEN 'client' || (1 + n % 8) END FROM generate_series(1, 60) n;
INSERT INTO account (id, account_id, provider_id, user_id, access_token, access_token_expires_at, password) SELECT 'acc' || n, n::text, CASE n % 2 WHEN 0 THEN 'google' ELSE 'credential' END, 'u' || n, md5('token' || n), timestamp '2027-03-01', CASE WHEN n % 2 = 1 THEN md5('password' || n) END FROM generate_series(1, 40) n;
INSERT INTO verification (id, identifier, value, expires_at, created_at, updated_at) SELECT 'v' || n, 'user' || n || '@example.com', md5('v' || n), timestamp '2027-01-01', CASE WHEN n % 2 = 0 THEN timestamp '2026-01-01 01:02:03.456' END, NULL FROM generate_series(1, 8) n;
-- Slugs that are missing; shop keys in clear, in another vault, for a shop of no known kind.
INSERT INTO client (id, name, slug, logo, metadata, version, created_at, updated_at)
SELECT 'client' || n, CASE n WHEN 8 THEN '' ELSE 'Client ' || n || E' \u2013 M\u00f6bel' END, CASE WHEN n % 4 <> 3 THEN 'client-' || n END, CASE WHEN n % 2 = 0 THEN 'logos/' || n || '.svg' END,
       CASE n WHEN 1 THEN '{"description": "Tables", "commerce": {"provider": "woocommerce", "baseUrl": "https://one.example/", "consumerKey": "ck_one", "consumerSecret": "cs_one"}}'
              WHEN 2 THEN '{"commerce": {"provider": "shopify", "baseUrl": "https://two.example", "secretName": "client-client2"}}'
              WHEN 3 THEN '{"commerce": {"provider": "custom", "apiUrl": "https://three.example/api"}, "aiModelConfig": {"imageModel": "some-model"}}'
              WHEN 4 THEN '{"commerce": {"provider": "none"}}'
              WHEN 5 THEN '{"commerce": {"provider": "woocommerce", "baseUrl": "https://five.example", "consumerKey": "ck_five", "consumerSecret": "cs_five"}, "unknown": {"kept": [1, 2.50, null]}}'
              WHEN 6 THEN 'null' END::jsonb,
       n, timestamp '2025-01-01' + n * interval '1 day', timestamp '2025-06-01 10:11:12.131415' + n * interval '1 day'
FROM generate_series(1, 8) n;
INSERT INTO member (id, client_id, user_id, role) SELECT 'm' || n, 'client' || (1 + n % 8), 'u' || n, CASE n % 5 WHEN 0 THEN 'owner' WHEN 1 THEN 'whatever they typed' ELSE 'member' END FROM generate_series(1, 40) n;
INSERT INTO invitation (id, client_id, email, role, status, expires_at, inviter_id) SELECT 'i' || n, 'client' || (1 + n % 8), 'new' || n || '@example.com', CASE WHEN n % 2 = 0 THEN 'admin' END, CASE n % 3 WHEN 0 THEN 'accepted' ELSE 'pending' END, timestamp '2027-01-01', 'u' || n FROM generate_series(1, 12) n;
-- Product n is of client 1 + n % 8. Empty names, names of several lines, favourites that point to pictures and to nothing.
INSERT INTO product (id, client_id, name, description, category, room_types, model_filename, favorite_images, scene_images, version, created_at, updated_at)
SELECT 'p' || lpad(n::text, 4, '0'), 'client' || (1 + n % 8), CASE n % 97 WHEN 0 THEN '' WHEN 1 THEN E'Line\nline\ttab\\' ELSE 'Chair ' || n || E' \U0001F31E' END,
       CASE WHEN n % 3 > 0 THEN md5('d' || n) END, CASE n % 4 WHEN 0 THEN ' Seating ' WHEN 1 THEN '' WHEN 2 THEN 'Lamps' END, CASE n % 3 WHEN 0 THEN '["living room"]' WHEN 1 THEN '[]' END::jsonb,
       CASE WHEN n % 10 = 0 THEN n || '.glb' END,
       CASE WHEN n % 77 = 0 THEN jsonb_build_array(jsonb_build_object('imageId', 'img' || lpad((1 + n % :count)::text, 7, '0'), 'sessionId', 'ses1'), jsonb_build_object('imageId', 'gone', 'sessionId', 'gone')) ELSE '[]' END,
       CASE WHEN n % 50 = 0 THEN '[{"imageId": "scene", "sessionId": "ses2"}]' ELSE '[]' END::jsonb, 1 + n % 5,
       timestamp '2025-02-01' + n * interval '7 minutes', timestamp '2025-07-01 00:00:00.000123' + n * interval '11 seconds'
FROM generate_series(1, 1000) n;
-- Keys of five ages.
INSERT INTO product_image (id, product_id, r2_key_base, r2_key_preview, sort_order, version)
SELECT 'pi' || n, p.id, CASE n % 5 WHEN 0 THEN 'orgs/' || p.client_id || '/products/' || p.id || '/media/' || n || '.png' WHEN 1 THEN 'clients/' || p.client_id || '/products/' || p.id || '/media/' || n || '.png'
       WHEN 2 THEN 'https://cdn.example.com/' || n || '.png' WHEN 3 THEN 'clients/' || p.client_id || '/products/' || p.id || '/media/images/base/' || n || '.png' ELSE '/products/' || n || ' with spaces.png' END,
       CASE WHEN n % 2 = 0 THEN 'clients/' || p.client_id || '/products/' || p.id || '/media/images/preview/' || n || '.jpg' END, n / 1000, 1 + n % 2
FROM generate_series(1, 2500) n JOIN product p ON p.id = 'p' || lpad((1 + n % 1000)::text, 4, '0');
INSERT INTO chat_session (id, product_id, name, selected_base_image_id, version) SELECT 'chat' || n, 'p' || lpad((1 + n * 2)::text, 4, '0'), CASE WHEN n % 9 = 0 THEN '' ELSE 'Chat ' || n END, CASE WHEN n % 2 = 0 THEN 'pi' || n END, 1 + n % 3 FROM generate_series(1, 400) n;
INSERT INTO :"sessions" (id, client_id, name, product_ids, selected_base_images, version, created_at, updated_at)
SELECT 'ses' || n, 'client' || (1 + n % 8), CASE WHEN n % 40 = 0 THEN '' ELSE 'Session ' || n END, CASE n % 20 WHEN 0 THEN '[]' WHEN 1 THEN '["p0001", "p9999"]' ELSE jsonb_build_array('p' || lpad(n::text, 4, '0'), 'p' || lpad((n + 8)::text, 4, '0')) END,
       CASE WHEN n % 2 = 0 THEN jsonb_build_object('p' || lpad(n::text, 4, '0'), 'pi' || n) ELSE '{}' END, 1 + n % 7, timestamp '2025-03-01' + n * interval '1 hour', timestamp '2025-08-01' + n * interval '1 hour'
FROM generate_series(1, 300) n;
INSERT INTO message (id, chat_session_id, :"session_id", role, parts, base_image_id, base_image_ids, inspiration_image_id, version)
SELECT 'msg' || n, CASE WHEN n % 4 = 0 THEN 'chat' || (1 + n % 400) END, CASE WHEN n % 4 > 0 THEN 'ses' || (1 + n % 300) END, CASE n % 2 WHEN 0 THEN 'user' ELSE 'assistant' END,
       jsonb_build_array(jsonb_build_object('type', 'text', 'content', E'Mehr Licht, bitte \U0001F31E ' || n), jsonb_build_object('type', 'image', 'imageIds', jsonb_build_array('img' || lpad((1 + n % :count)::text, 7, '0')), 'status', 'completed', 'progress', 100)),
       CASE WHEN n % 5 = 0 THEN 'pi' || n END, CASE n % 3 WHEN 0 THEN '{"p0001": "pi1"}' WHEN 1 THEN '[]' END::jsonb, CASE WHEN n % 11 = 0 THEN n || '.jpg' END, 1
FROM generate_series(1, 4000) n;
INSERT INTO :"flows" (id, :"session_id", name, product_ids, selected_base_images, status, settings, current_image_index, version, created_at, updated_at)
SELECT 'flow' || n, 'ses' || (1 + n % 300), CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'Flow ' || n END, jsonb_build_array('p' || lpad((1 + n % 1000)::text, 4, '0')), '{}', (ARRAY['empty', 'configured', 'completed', 'completed', 'error', 'generating'])[1 + n % 6],
       CASE WHEN n % 5 = 0 THEN '{"scene": "Studio", "aspectRatio": "1:1 (Square)", "numberOfVariants": 4, "someUnknownKey": {"kept": true}}'
            ELSE '{"scene": "Studio Set", "style": "Modern Minimalist", "lighting": "Studio Soft Light", "aspectRatio": "1:1", "varietyLevel": 50, "postAdjustments": {"light": {"exposure": 10}}}' END::jsonb, n % 3, 1 + n % 4,
       timestamp '2025-04-01' + n * interval '3 minutes', timestamp '2025-08-02' + n * interval '3 minutes'
FROM generate_series(1, 3000) n;
-- One in eleven made in a chat. One in 29 failed; one in 31 has an error that is an empty text.
INSERT INTO :"pictures" (id, client_id, :"flow_id", chat_session_id, :"key", prompt, settings, product_ids, job_id, error, created_at, updated_at)
SELECT 'img' || lpad(n::text, 7, '0'), CASE WHEN n % 11 = 0 THEN c.client_id ELSE f.client_id END, CASE WHEN n % 11 > 0 THEN f.id END, CASE WHEN n % 11 = 0 THEN c.id END,
       CASE n % 5 WHEN 0 THEN 'orgs/' || f.client_id || '/media/' || n || '.png' WHEN 1 THEN 'clients/' || f.client_id || '/sessions/' || f.session || '/media/generated-' || n || '.jpg'
                  WHEN 2 THEN 'https://cdn.example.com/' || n || '.png?v=1' WHEN 3 THEN 'clients/' || f.client_id || '/generations/' || f.id || '/assets/' || n || '.webp'
                  ELSE 'clients/' || c.client_id || '/products/' || c.product || '/sessions/' || c.id || '/media/' || n || '.jpg' END,
       CASE n % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE E'A chair\nin the sun' END, CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN 'null' ELSE '{"aspectRatio": "1:1", "kept": {"deep": [1, {"er": null}]}}' END::jsonb,
       CASE n % 16 WHEN 0 THEN jsonb_build_array(f.product, f.product, f.second)                        -- one twice
                   WHEN 1 THEN '["p9998", "p9999"]'                                                   -- orphans
                   WHEN 2 THEN jsonb_build_array(f.foreign_product, f.product)                          -- the first is another client's
                   WHEN 3 THEN to_jsonb(f.product)                                                      -- not a list
                   WHEN 4 THEN jsonb_build_array(1, NULL, jsonb_build_object('id', f.product), f.product) -- not texts
                   WHEN 5 THEN NULL WHEN 6 THEN 'null' WHEN 7 THEN '[]' WHEN 8 THEN jsonb_build_object(f.product, true)
                   WHEN 9 THEN jsonb_build_array('p9999', f.product, f.second)                          -- one of them an orphan
                   ELSE jsonb_build_array(f.second, f.product) END,
       CASE WHEN n % 2 = 0 THEN 'img_' || to_hex(n) END, CASE WHEN n % 29 = 0 THEN 'the model refused' WHEN n % 31 = 0 THEN '' END,
       timestamp '2025-05-01 00:00:00.5' + n * interval '13 seconds', timestamp '2025-09-01 12:00:00.000007' + n * interval '1 second'
FROM generate_series(1, :count) n
JOIN (SELECT f.id, s.id AS session, s.client_id, substr(f.id, 5)::int AS number,
             'p' || lpad((8 * (1 + substr(f.id, 5)::int % 100) + substr(s.client_id, 7)::int - 1)::text, 4, '0') AS product, 'p' || lpad((8 * (2 + substr(f.id, 5)::int % 100) + substr(s.client_id, 7)::int - 1)::text, 4, '0') AS second,
             'p' || lpad((8 * (1 + substr(f.id, 5)::int % 100) + substr(s.client_id, 7)::int % 8)::text, 4, '0') AS foreign_product
      FROM :"flows" f JOIN :"sessions" s ON s.id = f.:"session_id") f ON f.number = 1 + n % 3000
JOIN (SELECT c.id, p.id AS product, p.client_id, substr(c.id, 5)::int AS number FROM chat_session c JOIN product p ON p.id = c.product_id) c ON c.number = 1 + n % 400;
INSERT INTO favorite_image (id, client_id, :"picture_id") SELECT 'fav' || n, i.client_id, i.id FROM generate_series(1, 605) n JOIN :"pictures" i ON i.id = 'img' || lpad((1 + n * 3 % :count)::text, 7, '0');
ANALYZE;
