-- Rows of an older database, :images of them pictures, with everything that has gone wrong in real ones.
INSERT INTO admin_user (id, name, email, password_hash) VALUES ('admin-1', 'Ada', 'ada@example.com', 'x');
INSERT INTO admin_session (id, token, admin_user_id, expires_at) VALUES ('as-1', 'as-token', 'admin-1', '2030-01-01');
INSERT INTO "user" (id, name, email) VALUES ('user-1', 'Uma', 'uma@example.com'), ('user-2', 'Udo', 'udo@example.com');
INSERT INTO session (id, token, user_id, expires_at) VALUES ('s-1', 's-token', 'user-1', '2030-01-01');
INSERT INTO account (id, account_id, provider_id, user_id, access_token) VALUES ('acc-1', '1', 'google', 'user-1', 'sign-in-token');
INSERT INTO verification (id, identifier, value, expires_at, created_at) VALUES ('v-1', 'i', 'v', '2030-01-01', NULL);
-- Ids that are slugs; shop keys in clear; keys in somebody else's vault.
INSERT INTO client (id, name, slug, metadata, version) VALUES
    ('northwind', 'Northwind', 'northwind', '{"description": "Möbel & more", "commerce": {"provider": "woocommerce", "baseUrl": "https://northwind.example/", "consumerKey": "ck_canary_key", "consumerSecret": "cs_canary_secret"}}', 4),
    ('0a6ed8a2-0000-4000-8000-000000000001', 'Fabrikam', NULL, '{"commerce": {"provider": "shopify", "baseUrl": "https://fabrikam.example", "secretName": "client-fabrikam"}}', 1),
    ('tiny', 'Tiny', 'tiny', NULL, 1);
INSERT INTO member (id, client_id, user_id, role) VALUES ('m-1', 'northwind', 'user-1', 'owner'), ('m-2', 'tiny', 'user-2', 'whatever they typed');
INSERT INTO invitation (id, client_id, email, expires_at, inviter_id) VALUES ('inv-1', 'tiny', 'new@example.com', '2030-01-01', 'user-2');
INSERT INTO product (id, client_id, name, category, room_types, favorite_images, scene_images, created_at, updated_at)
SELECT 'product-' || n, CASE n % 10 WHEN 9 THEN '0a6ed8a2-0000-4000-8000-000000000001' ELSE 'northwind' END, 'Chair ' || n, ' Seating ', '["living room"]',
       CASE WHEN n % 7 = 0 THEN jsonb_build_array(jsonb_build_object('imageId', 'image-' || lpad(n::text, 8, '0'), 'sessionId', 'studio-1')) ELSE '[]' END, '[]',
       timestamp '2025-06-01' + n * interval '1 minute', timestamp '2025-07-01' + n * interval '1 second'
FROM generate_series(1, greatest(20, :images / 50)) n;
-- Keys of every age.
INSERT INTO product_image (id, product_id, r2_key_base, r2_key_preview, sort_order)
SELECT 'pi-' || n, 'product-' || n, CASE n % 3 WHEN 0 THEN 'orgs/northwind/products/product-' || n || '/media/old.png' WHEN 1 THEN 'clients/northwind/products/product-' || n || '/media/' || n || '.png' ELSE 'clients/northwind/products/product-' || n || '/media/images/base/' || n || '.png' END, NULL, 0
FROM generate_series(1, 20) n;
INSERT INTO chat_session (id, product_id, name) VALUES ('chat-1', 'product-1', 'A chat');
INSERT INTO studio_session (id, client_id, name, product_ids, selected_base_images, version)
SELECT 'studio-' || n, CASE n % 10 WHEN 9 THEN '0a6ed8a2-0000-4000-8000-000000000001' ELSE 'northwind' END, 'Session ' || n, '["product-1", "product-2"]', '{"product-1": "pi-1"}', n
FROM generate_series(1, greatest(3, :images / 200)) n;
INSERT INTO message (id, chat_session_id, studio_session_id, role, parts, base_image_ids)
SELECT 'message-' || n, CASE WHEN n = 1 THEN 'chat-1' END, CASE WHEN n > 1 THEN 'studio-' || (1 + n % 3) END, CASE n % 2 WHEN 0 THEN 'user' ELSE 'assistant' END,
       '[{"type": "text", "content": "Mehr Licht, bitte 🌞"}, {"type": "image", "imageIds": ["image-00000001"], "status": "completed"}]', '["pi-1"]'
FROM generate_series(1, greatest(5, :images / 100)) n;
INSERT INTO flow (id, studio_session_id, name, product_ids, status, settings, current_image_index)
SELECT 'flow-' || n, 'studio-' || (1 + n % greatest(3, :images / 200)), CASE WHEN n % 4 = 0 THEN NULL ELSE 'Flow ' || n END, '["product-1"]', 'completed',
       CASE WHEN n % 5 = 0 THEN '{"scene": "Studio", "aspectRatio": "1:1 (Square)", "numberOfVariants": 4, "someUnknownKey": {"kept": true}}'
            ELSE '{"scene": "Studio Set", "style": "Modern Minimalist", "lighting": "Studio Soft Light", "aspectRatio": "1:1", "varietyLevel": 50, "postAdjustments": {"light": {"exposure": 10}}}' END::jsonb, 0
FROM generate_series(1, greatest(5, :images / 40)) n;
INSERT INTO generated_image (id, client_id, flow_id, chat_session_id, r2_key, prompt, settings, product_ids, job_id, error, created_at, updated_at)
SELECT 'image-' || lpad(n::text, 8, '0'), s.client_id, CASE WHEN n % 11 = 0 THEN NULL ELSE f.id END, CASE WHEN n % 11 = 0 THEN 'chat-1' END,
       CASE n % 6 WHEN 0 THEN 'clients/' || s.client_id || '/generations/' || f.id || '/assets/' || n || '.webp'
                  WHEN 1 THEN 'orgs/' || s.client_id || '/media/' || n || '.png'
                  WHEN 2 THEN 'clients/' || s.client_id || '/products/product-1/sessions/chat-1/media/' || n || '.jpg'
                  ELSE 'clients/' || s.client_id || '/sessions/' || s.id || '/media/generated-' || n || '.jpg' END,
       CASE WHEN n % 3 = 0 THEN NULL ELSE 'A chair in the sun' END, '{"aspectRatio": "1:1"}',
       CASE n % 8
            WHEN 0 THEN '["product-1", "product-2", "product-1"]'      -- one twice
            WHEN 1 THEN '["product-gone"]'                              -- deleted long ago
            WHEN 2 THEN '["product-9", "product-3"]'                    -- one of another client
            WHEN 3 THEN '"product-1"'                                   -- not a list
            WHEN 4 THEN '[1, null, {"id": "product-1"}, "product-4"]'   -- not texts
            WHEN 5 THEN NULL
            WHEN 6 THEN 'null'
            ELSE '["product-5", "product-6"]' END::jsonb,
       CASE WHEN n % 2 = 0 THEN 'img_' || n END, CASE WHEN n % 13 = 0 THEN 'the model refused' END,
       timestamp '2025-08-01' + n * interval '1 second', timestamp '2025-08-02' + n * interval '1 second'
FROM generate_series(1, :images) n
JOIN flow f ON f.id = 'flow-' || (1 + n % greatest(5, :images / 40)) JOIN studio_session s ON s.id = f.studio_session_id;
INSERT INTO favorite_image (id, client_id, generated_image_id)
SELECT 'fav-' || id, client_id, id FROM generated_image WHERE right(id, 1) = '7' OR id = 'image-00000001';
