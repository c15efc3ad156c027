-- A database that the program of 0dd0e60 filled; see tests/all/earlier.rs.
BEGIN TRANSACTION;
CREATE TABLE admin_user (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    is_active BOOLEAN NOT NULL DEFAULT true CHECK (is_active IN (0, 1)),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT admin_user_email_unique UNIQUE (email)
);
CREATE TABLE asset_push (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    store_connection_id TEXT NOT NULL REFERENCES store_connection (id) ON DELETE CASCADE,
    generated_asset_id TEXT NOT NULL REFERENCES generated_asset (id) ON DELETE CASCADE,
    product_id TEXT NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    status TEXT NOT NULL DEFAULT 'queued',
    external_product_id TEXT NOT NULL,
    external_image_id TEXT,
    external_image_url TEXT,
    pushed_sha256 TEXT,
    position INTEGER,
    idempotency_key TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt_at TEXT,
    last_error_code TEXT,
    last_error TEXT,
    journal TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(journal)),
    synced_by TEXT REFERENCES "user" (id) ON DELETE SET NULL,
    synced_at TEXT,
    verified_at TEXT,
    removed_at TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT asset_push_unique UNIQUE (store_connection_id, generated_asset_id, product_id),
    CONSTRAINT asset_push_idempotency_key_unique UNIQUE (idempotency_key),
    CONSTRAINT asset_push_status_check CHECK (status IN ('queued', 'pushing', 'synced', 'failed', 'removing', 'removed'))
);
INSERT INTO "asset_push" VALUES('01a22241-9f0a-7ced-b342-22bad0ee9662','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-881c-756c-892b-e1f3e7c6c554','01a22241-53b8-7841-8b1b-19c66b769984','synced','1001','a2','http://127.0.0.1:4101/pictures/a2','82d901b100be09831b0d52012c46482f66d582503163af1d44c2cfba9e3d0af6',1,'01a22241-5383-706e-89a7-6558b6dfbab4:01a22241-881c-756c-892b-e1f3e7c6c554:01a22241-53b8-7841-8b1b-19c66b769984:82d901b100be09831b0d52012c46482f66d582503163af1d44c2cfba9e3d0af6',1,NULL,NULL,NULL,'{"snapshot":[{"id":"i1001-1","url":"http://127.0.0.1:4101/pictures/1001-1.png","name":"1001-1.png","alt":"Terracotta Mug, view 1"}],"replaces":[],"steps":{"attach":{"state":"done","kept":{"image_id":"a2"}},"ready":{"state":"done","kept":{}},"upload":{"state":"done","kept":{"upload_id":"u1"}}}}',NULL,'2026-11-28T13:04:16.082Z','2026-11-28T13:04:16.082Z',NULL,'2026-11-28T13:04:15.625Z','2026-11-28T13:04:16.082Z');
INSERT INTO "asset_push" VALUES('01a22241-a2ed-718d-98b7-0d900ad1b467','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-881d-7128-869b-0e2d6efb3bb0','01a22241-53b8-7841-8b1b-19c66b769984','failed','1001',NULL,NULL,NULL,NULL,'01a22241-5383-706e-89a7-6558b6dfbab4:01a22241-881d-7128-869b-0e2d6efb3bb0:01a22241-53b8-7841-8b1b-19c66b769984:80bd7b392f20e67e74247c92f94f797778c1ecd36ecdaff75111f9c03ac77906',1,NULL,'http_422','Sandbox shop: POST 127.0.0.1:4101/api/uploads answered 422 (something broke in the shop)','{"snapshot":[{"id":"i1001-1","url":"http://127.0.0.1:4101/pictures/1001-1.png","name":"1001-1.png","alt":"Terracotta Mug, view 1"},{"id":"a2","url":"http://127.0.0.1:4101/pictures/a2","name":"ss-3901a21e8418da094dfb.webp","alt":"Terracotta Mug"}],"replaces":[],"steps":{"upload":{"state":"begun"}}}',NULL,NULL,NULL,NULL,'2026-11-28T13:04:16.620Z','2026-11-28T13:04:16.937Z');
INSERT INTO "asset_push" VALUES('01a22241-a617-75a0-80a1-5d7f795c2b50','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-881d-7104-a13c-5c5147cc9645','01a22241-53b8-7841-8b1b-19c66b769984','removed','1001','a4','http://127.0.0.1:4101/pictures/a4','504f675c3d213ac9ac79640b9266df88c15e30de22011745b768168ac4d0cb62',2,'01a22241-5383-706e-89a7-6558b6dfbab4:01a22241-881d-7104-a13c-5c5147cc9645:01a22241-53b8-7841-8b1b-19c66b769984:504f675c3d213ac9ac79640b9266df88c15e30de22011745b768168ac4d0cb62',1,NULL,NULL,NULL,'{"snapshot":[{"id":"i1001-1","url":"http://127.0.0.1:4101/pictures/1001-1.png","name":"1001-1.png","alt":"Terracotta Mug, view 1"},{"id":"a2","url":"http://127.0.0.1:4101/pictures/a2","name":"ss-3901a21e8418da094dfb.webp","alt":"Terracotta Mug"}],"replaces":[],"steps":{"attach":{"state":"done","kept":{"image_id":"a4"}},"ready":{"state":"done","kept":{}},"upload":{"state":"done","kept":{"upload_id":"u3"}}}}',NULL,'2026-11-28T13:04:17.958Z','2026-11-28T13:04:17.958Z','2026-11-28T13:04:19.293Z','2026-11-28T13:04:17.424Z','2026-11-28T13:04:19.293Z');
INSERT INTO "asset_push" VALUES('01a22241-b15d-74b7-b4a2-396085c8c09e','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-90e8-75c1-b0a7-06db0c53244c','01a22241-53b8-75ca-a72f-e4b0c1e0cf8e','synced','1002','a6','http://127.0.0.1:4101/pictures/a6','9f9cf9952623bd9656a9b478633d40d413cf77763acd3f0117cd3425f571a099',2,'01a22241-5383-706e-89a7-6558b6dfbab4:01a22241-90e8-75c1-b0a7-06db0c53244c:01a22241-53b8-75ca-a72f-e4b0c1e0cf8e:9f9cf9952623bd9656a9b478633d40d413cf77763acd3f0117cd3425f571a099',1,NULL,NULL,NULL,'{"snapshot":[{"id":"i1002-1","url":"http://127.0.0.1:4101/pictures/1002-1.png","name":"1002-1.png","alt":"Terracotta Vase, view 1"},{"id":"i1002-2","url":"http://127.0.0.1:4101/pictures/1002-2.png","name":"1002-2.png","alt":"Terracotta Vase, view 2"}],"replaces":[],"steps":{"attach":{"state":"done","kept":{"image_id":"a6"}},"ready":{"state":"done","kept":{}},"upload":{"state":"done","kept":{"upload_id":"u5"}}}}',NULL,'2026-11-28T13:04:20.795Z','2026-11-28T13:04:20.795Z',NULL,'2026-11-28T13:04:20.256Z','2026-11-28T13:04:20.795Z');
INSERT INTO "asset_push" VALUES('01a22241-d909-7334-bf38-08d3973510c6','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-881d-7979-8273-013eb5250dd2','01a22241-53b8-7841-8b1b-19c66b769984','pushing','1001',NULL,NULL,NULL,NULL,'01a22241-5383-706e-89a7-6558b6dfbab4:01a22241-881d-7979-8273-013eb5250dd2:01a22241-53b8-7841-8b1b-19c66b769984:ba40bfeb52a0689d65980ebcc06465ad8fd9f3b6bb14c0c1cfbc407498f2b6b3',1,NULL,NULL,NULL,'{"snapshot":[{"id":"i1001-1","url":"http://127.0.0.1:4101/pictures/1001-1.png","name":"1001-1.png","alt":"Terracotta Mug, view 1"},{"id":"a2","url":"http://127.0.0.1:4101/pictures/a2","name":"ss-3901a21e8418da094dfb.webp","alt":"Terracotta Mug"}],"replaces":[],"steps":{"upload":{"state":"begun"}}}',NULL,NULL,NULL,NULL,'2026-11-28T13:04:30.472Z','2026-11-28T13:04:30.556Z');
INSERT INTO "asset_push" VALUES('01a22241-e183-709a-afc1-73940611ec21','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-881e-7093-9fc0-5a74c80f25ff','01a22241-53b8-7841-8b1b-19c66b769984','queued','1001',NULL,NULL,NULL,NULL,'01a22241-5383-706e-89a7-6558b6dfbab4:01a22241-881e-7093-9fc0-5a74c80f25ff:01a22241-53b8-7841-8b1b-19c66b769984:0c34bdc56f76c71365a04cef69f9365232693d7d0cbeb4347d09cb187349a38b',0,NULL,NULL,NULL,'{}',NULL,NULL,NULL,NULL,'2026-11-28T13:04:32.642Z','2026-11-28T13:04:32.642Z');
CREATE TABLE chat_session (
    id TEXT NOT NULL PRIMARY KEY,
    product_id TEXT NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    selected_base_image_id TEXT,
    version INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
CREATE TABLE client (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    slug TEXT,
    logo TEXT,
    metadata TEXT CHECK (json_valid(metadata)),
    version INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT client_slug_unique UNIQUE (slug)
);
INSERT INTO "client" VALUES('01a22241-4a75-7a98-9621-6163bd9c5149','Acme & Söhne','acme',NULL,NULL,2,'2026-11-28T13:03:53.973Z','2026-11-28T13:03:54.621Z');
INSERT INTO "client" VALUES('01a22241-4c06-703f-9a87-814f4f3e2ca4','Beta Brand','beta',NULL,NULL,1,'2026-11-28T13:03:54.374Z','2026-11-28T13:03:54.374Z');
CREATE TABLE collection_session (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    product_ids TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(product_ids)),
    selected_base_images TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(selected_base_images)),
    status TEXT NOT NULL DEFAULT 'draft',
    settings TEXT CHECK (json_valid(settings)),
    version INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT collection_session_status_check CHECK (status IN ('draft', 'generating', 'completed'))
);
INSERT INTO "collection_session" VALUES('01a22241-79b4-7327-a749-99754ddd5b41','01a22241-4a75-7a98-9621-6163bd9c5149','Late autumn','["01a22241-53b8-7841-8b1b-19c66b769984","01a22241-53b8-75ca-a72f-e4b0c1e0cf8e"]','{}','draft','{"size":128}',2,'2026-11-28T13:04:06.068Z','2026-11-28T13:04:13.459Z');
CREATE TABLE daemon_lease (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
INSERT INTO "daemon_lease" VALUES('20710-01a22241-cc29-7efc-88c7-2032e12833aa','https://sync.example','2026-11-28T13:04:47.181Z','2026-11-28T13:04:27.181Z');
CREATE TABLE favorite_image (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    generated_asset_id TEXT NOT NULL REFERENCES generated_asset (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
INSERT INTO "favorite_image" VALUES('01a22241-bd25-74e9-8727-35f3b8745407','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-881c-756c-892b-e1f3e7c6c554','2026-11-28T13:04:23.333Z','2026-11-28T13:04:23.333Z');
CREATE TABLE generated_asset (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    generation_flow_id TEXT REFERENCES generation_flow (id) ON DELETE SET NULL,
    chat_session_id TEXT REFERENCES chat_session (id) ON DELETE SET NULL,
    asset_url TEXT,
    asset_type TEXT NOT NULL DEFAULT 'image',
    status TEXT NOT NULL DEFAULT 'pending',
    prompt TEXT,
    settings TEXT CHECK (json_valid(settings)),
    product_ids TEXT CHECK (json_valid(product_ids)),
    job_id TEXT,
    error TEXT,
    asset_analysis TEXT CHECK (json_valid(asset_analysis)),
    analysis_version TEXT,
    approval_status TEXT NOT NULL DEFAULT 'pending',
    approved_at TEXT,
    approved_by TEXT REFERENCES "user" (id) ON DELETE SET NULL,
    approval_note TEXT,
    original_asset_url TEXT,
    original_byte_size INTEGER,
    provenance TEXT CHECK (json_valid(provenance)),
    sha256 TEXT,
    mime_type TEXT,
    width INTEGER,
    height INTEGER,
    byte_size INTEGER,
    model TEXT,
    cost_usd_micros INTEGER,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    completed_at TEXT,
    deleted_at TEXT,
    from_legacy BOOLEAN NOT NULL DEFAULT false CHECK (from_legacy IN (0, 1)),
    CONSTRAINT generated_asset_type_check CHECK (asset_type IN ('image', 'video', '3d_model')),
    CONSTRAINT generated_asset_status_check CHECK (status IN ('pending', 'generating', 'completed', 'error')),
    CONSTRAINT generated_asset_approval_status_check CHECK (approval_status IN ('pending', 'approved', 'rejected')),
    CONSTRAINT generated_asset_url_check CHECK (status <> 'completed' OR asset_url IS NOT NULL),
    CONSTRAINT generated_asset_approval_check CHECK (approval_status <> 'approved' OR approved_at IS NOT NULL)
);
INSERT INTO "generated_asset" VALUES('01a22241-881c-756c-892b-e1f3e7c6c554','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'clients/01a22241-4a75-7a98-9621-6163bd9c5149/generations/01a22241-843d-7559-94e2-11910d37a5ad/assets/01a22241-881c-756c-892b-e1f3e7c6c554.webp','image','completed','You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Mug (Kitchen, coloured terracotta and rust and dark brown).
Style: wood.
Light: cool daylight.
Colours: purple.
Take mood, light and colours from the inspiration pictures, and none of their objects.
Follow this, with a photographer''s judgement in the details.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.','{"style":"wood","size":128,"seed":1,"variant":1,"variants":6,"engine":"studio"}','["01a22241-53b8-7841-8b1b-19c66b769984"]','01a22241-881c-7bde-b54e-a793fa9e52f6',NULL,NULL,NULL,'approved','2026-11-28T13:04:15.620Z',NULL,'good','clients/01a22241-4a75-7a98-9621-6163bd9c5149/generations/01a22241-843d-7559-94e2-11910d37a5ad/assets/01a22241-881c-756c-892b-e1f3e7c6c554_original.png',17133,'{"kind":"image","engine":"studio","flow":"01a22241-843d-7559-94e2-11910d37a5ad","seed":1,"pictures":[{"product":"01a22241-53b8-7841-8b1b-19c66b769984","image":"01a22241-53b9-78fe-b25e-6a69ac505272","sha256":"708ccbbd0206eca8f51507c9e8c34febab991b37925aaeb92ca5e031603d0a70"}],"inspirations":[{"inspiration":"01a22241-7fe0-7f79-ac84-a02e7071b0b3","sha256":"84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16"},{"inspiration":"01a22241-82bf-7ba0-8d38-77405068da08","sha256":"84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16"}],"cut_out":true,"original_sha256":"0721455084031a3c73795abb051d170c15ac10cd2f18e2ddfcddcffc5817e2b4"}','82d901b100be09831b0d52012c46482f66d582503163af1d44c2cfba9e3d0af6','image/webp',128,128,1286,'local-studio/2',0,'2026-11-28T13:04:09.758Z','2026-11-28T13:04:15.620Z','2026-11-28T13:04:10.041Z',NULL,0);
INSERT INTO "generated_asset" VALUES('01a22241-881d-7128-869b-0e2d6efb3bb0','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'clients/01a22241-4a75-7a98-9621-6163bd9c5149/generations/01a22241-843d-7559-94e2-11910d37a5ad/assets/01a22241-881d-7128-869b-0e2d6efb3bb0.webp','image','completed','You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Mug (Kitchen, coloured terracotta and rust and dark brown).
Style: wood.
Light: cool daylight.
Colours: purple.
Take mood, light and colours from the inspiration pictures, and none of their objects.
Follow this, with a photographer''s judgement in the details.
This is variant 2 of 6: the camera slightly above the product.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.','{"style":"wood","size":128,"seed":2,"variant":2,"variants":6,"engine":"studio"}','["01a22241-53b8-7841-8b1b-19c66b769984"]','01a22241-881d-79f1-b86d-359a092eb6d0',NULL,NULL,NULL,'approved','2026-11-28T13:04:16.614Z',NULL,NULL,'clients/01a22241-4a75-7a98-9621-6163bd9c5149/generations/01a22241-843d-7559-94e2-11910d37a5ad/assets/01a22241-881d-7128-869b-0e2d6efb3bb0_original.png',18749,'{"kind":"image","engine":"studio","flow":"01a22241-843d-7559-94e2-11910d37a5ad","seed":2,"pictures":[{"product":"01a22241-53b8-7841-8b1b-19c66b769984","image":"01a22241-53b9-78fe-b25e-6a69ac505272","sha256":"708ccbbd0206eca8f51507c9e8c34febab991b37925aaeb92ca5e031603d0a70"}],"inspirations":[{"inspiration":"01a22241-7fe0-7f79-ac84-a02e7071b0b3","sha256":"84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16"},{"inspiration":"01a22241-82bf-7ba0-8d38-77405068da08","sha256":"84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16"}],"cut_out":true,"original_sha256":"7bac51db5234e29daa1cacb60f5eee33bbcc93eaf94f3378df9563f0615fb466"}','80bd7b392f20e67e74247c92f94f797778c1ecd36ecdaff75111f9c03ac77906','image/webp',128,128,1290,'local-studio/2',0,'2026-11-28T13:04:09.758Z','2026-11-28T13:04:16.614Z','2026-11-28T13:04:10.338Z',NULL,0);
INSERT INTO "generated_asset" VALUES('01a22241-881d-7104-a13c-5c5147cc9645','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'clients/01a22241-4a75-7a98-9621-6163bd9c5149/generations/01a22241-843d-7559-94e2-11910d37a5ad/assets/01a22241-881d-7104-a13c-5c5147cc9645.webp','image','completed','You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Mug (Kitchen, coloured terracotta and rust and dark brown).
Style: wood.
Light: cool daylight.
Colours: purple.
Take mood, light and colours from the inspiration pictures, and none of their objects.
Follow this, with a photographer''s judgement in the details.
This is variant 3 of 6: light from the left, with gentle shadows to the right.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.','{"style":"wood","size":128,"seed":3,"variant":3,"variants":6,"engine":"studio"}','["01a22241-53b8-7841-8b1b-19c66b769984"]','01a22241-881d-728b-8b95-d96a6a106894',NULL,NULL,NULL,'approved','2026-11-28T13:04:17.406Z',NULL,NULL,'clients/01a22241-4a75-7a98-9621-6163bd9c5149/generations/01a22241-843d-7559-94e2-11910d37a5ad/assets/01a22241-881d-7104-a13c-5c5147cc9645_original.png',19684,'{"kind":"image","engine":"studio","flow":"01a22241-843d-7559-94e2-11910d37a5ad","seed":3,"pictures":[{"product":"01a22241-53b8-7841-8b1b-19c66b769984","image":"01a22241-53b9-78fe-b25e-6a69ac505272","sha256":"708ccbbd0206eca8f51507c9e8c34febab991b37925aaeb92ca5e031603d0a70"}],"inspirations":[{"inspiration":"01a22241-7fe0-7f79-ac84-a02e7071b0b3","sha256":"84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16"},{"inspiration":"01a22241-82bf-7ba0-8d38-77405068da08","sha256":"84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16"}],"cut_out":true,"original_sha256":"617d9b0d4d4a6f192332b2d595944e77d880d79fe6c66241f8a2e9424955b5ad"}','504f675c3d213ac9ac79640b9266df88c15e30de22011745b768168ac4d0cb62','image/webp',128,128,1534,'local-studio/2',0,'2026-11-28T13:04:09.758Z','2026-11-28T13:04:17.406Z','2026-11-28T13:04:10.609Z',NULL,0);
INSERT INTO "generated_asset" VALUES('01a22241-881d-76be-bdf8-c779cea733a8','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'clients/01a22241-4a75-7a98-9621-6163bd9c5149/generations/01a22241-843d-7559-94e2-11910d37a5ad/assets/01a22241-881d-76be-bdf8-c779cea733a8.webp','image','completed','You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Mug (Kitchen, coloured terracotta and rust and dark brown).
Style: wood.
Light: cool daylight.
Colours: purple.
Take mood, light and colours from the inspiration pictures, and none of their objects.
Follow this, with a photographer''s judgement in the details.
This is variant 4 of 6: light from the right, with gentle shadows to the left.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.','{"style":"wood","size":128,"seed":4,"variant":4,"variants":6,"engine":"studio"}','["01a22241-53b8-7841-8b1b-19c66b769984"]','01a22241-881d-79b6-9f7b-d828020ecca8',NULL,NULL,NULL,'rejected','2026-11-28T13:04:19.809Z',NULL,'too dark','clients/01a22241-4a75-7a98-9621-6163bd9c5149/generations/01a22241-843d-7559-94e2-11910d37a5ad/assets/01a22241-881d-76be-bdf8-c779cea733a8_original.png',17498,'{"kind":"image","engine":"studio","flow":"01a22241-843d-7559-94e2-11910d37a5ad","seed":4,"pictures":[{"product":"01a22241-53b8-7841-8b1b-19c66b769984","image":"01a22241-53b9-78fe-b25e-6a69ac505272","sha256":"708ccbbd0206eca8f51507c9e8c34febab991b37925aaeb92ca5e031603d0a70"}],"inspirations":[{"inspiration":"01a22241-7fe0-7f79-ac84-a02e7071b0b3","sha256":"84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16"},{"inspiration":"01a22241-82bf-7ba0-8d38-77405068da08","sha256":"84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16"}],"cut_out":true,"original_sha256":"1065e80d9797e850764753f840c73e6888230cc330dc6088222de30e32f72db8"}','07e89468f8eebd4b397058055837e6dddf2539679b3f789f66fa3c14f6525e94','image/webp',128,128,1334,'local-studio/2',0,'2026-11-28T13:04:09.758Z','2026-11-28T13:04:19.809Z','2026-11-28T13:04:10.850Z',NULL,0);
INSERT INTO "generated_asset" VALUES('01a22241-881d-7979-8273-013eb5250dd2','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'clients/01a22241-4a75-7a98-9621-6163bd9c5149/generations/01a22241-843d-7559-94e2-11910d37a5ad/assets/01a22241-881d-7979-8273-013eb5250dd2.webp','image','completed','You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Mug (Kitchen, coloured terracotta and rust and dark brown).
Style: wood.
Light: cool daylight.
Colours: purple.
Take mood, light and colours from the inspiration pictures, and none of their objects.
Follow this, with a photographer''s judgement in the details.
This is variant 5 of 6: a wider view with room around the product.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.','{"style":"wood","size":128,"seed":5,"variant":5,"variants":6,"engine":"studio"}','["01a22241-53b8-7841-8b1b-19c66b769984"]','01a22241-881d-70f6-a3aa-e613c5aed149',NULL,NULL,NULL,'approved','2026-11-28T13:04:30.469Z',NULL,NULL,'clients/01a22241-4a75-7a98-9621-6163bd9c5149/generations/01a22241-843d-7559-94e2-11910d37a5ad/assets/01a22241-881d-7979-8273-013eb5250dd2_original.png',20332,'{"kind":"image","engine":"studio","flow":"01a22241-843d-7559-94e2-11910d37a5ad","seed":5,"pictures":[{"product":"01a22241-53b8-7841-8b1b-19c66b769984","image":"01a22241-53b9-78fe-b25e-6a69ac505272","sha256":"708ccbbd0206eca8f51507c9e8c34febab991b37925aaeb92ca5e031603d0a70"}],"inspirations":[{"inspiration":"01a22241-7fe0-7f79-ac84-a02e7071b0b3","sha256":"84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16"},{"inspiration":"01a22241-82bf-7ba0-8d38-77405068da08","sha256":"84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16"}],"cut_out":true,"original_sha256":"3d5b52359384adf4351b4dbb184c23b2fb61552077a90cff988c7bfa9a0a46cd"}','ba40bfeb52a0689d65980ebcc06465ad8fd9f3b6bb14c0c1cfbc407498f2b6b3','image/webp',128,128,1610,'local-studio/2',0,'2026-11-28T13:04:09.758Z','2026-11-28T13:04:30.469Z','2026-11-28T13:04:11.140Z',NULL,0);
INSERT INTO "generated_asset" VALUES('01a22241-881e-7093-9fc0-5a74c80f25ff','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'clients/01a22241-4a75-7a98-9621-6163bd9c5149/generations/01a22241-843d-7559-94e2-11910d37a5ad/assets/01a22241-881e-7093-9fc0-5a74c80f25ff.webp','image','completed','You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Mug (Kitchen, coloured terracotta and rust and dark brown).
Style: wood.
Light: cool daylight.
Colours: purple.
Take mood, light and colours from the inspiration pictures, and none of their objects.
Follow this, with a photographer''s judgement in the details.
This is variant 6 of 6: a closer view, the background well out of focus.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.','{"style":"wood","size":128,"seed":6,"variant":6,"variants":6,"engine":"studio"}','["01a22241-53b8-7841-8b1b-19c66b769984"]','01a22241-881e-7617-95ec-f0afbff9b51c',NULL,NULL,NULL,'approved','2026-11-28T13:04:32.639Z',NULL,NULL,'clients/01a22241-4a75-7a98-9621-6163bd9c5149/generations/01a22241-843d-7559-94e2-11910d37a5ad/assets/01a22241-881e-7093-9fc0-5a74c80f25ff_original.png',18926,'{"kind":"image","engine":"studio","flow":"01a22241-843d-7559-94e2-11910d37a5ad","seed":6,"pictures":[{"product":"01a22241-53b8-7841-8b1b-19c66b769984","image":"01a22241-53b9-78fe-b25e-6a69ac505272","sha256":"708ccbbd0206eca8f51507c9e8c34febab991b37925aaeb92ca5e031603d0a70"}],"inspirations":[{"inspiration":"01a22241-7fe0-7f79-ac84-a02e7071b0b3","sha256":"84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16"},{"inspiration":"01a22241-82bf-7ba0-8d38-77405068da08","sha256":"84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16"}],"cut_out":true,"original_sha256":"d858e1ef6dbb190526c770ed2a5d26920829e2cdb723c4cf0b94aec1af8fa21e"}','0c34bdc56f76c71365a04cef69f9365232693d7d0cbeb4347d09cb187349a38b','image/webp',128,128,1366,'local-studio/2',0,'2026-11-28T13:04:09.758Z','2026-11-28T13:04:32.639Z','2026-11-28T13:04:11.436Z',NULL,0);
INSERT INTO "generated_asset" VALUES('01a22241-90e8-75c1-b0a7-06db0c53244c','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-8595-7901-aae4-bd66cb4cc104',NULL,'clients/01a22241-4a75-7a98-9621-6163bd9c5149/generations/01a22241-8595-7901-aae4-bd66cb4cc104/assets/01a22241-90e8-75c1-b0a7-06db0c53244c.webp','image','completed','You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Vase (warm oak, made of warm oak, coloured warm oak).
Scene: warm oak.
Style: marble.
Light: warm oak.
Camera: warm oak.
Around it: warm oak.
Colours: warm oak.
Take mood, light and colours from the inspiration pictures, and none of their objects.
Follow this, with a photographer''s judgement in the details.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.','{"style":"marble","engine":"gemini","seed":1,"variant":1,"variants":1}','["01a22241-53b8-75ca-a72f-e4b0c1e0cf8e"]','01a22241-90e8-7a50-8dc9-232eb0668223',NULL,NULL,NULL,'approved','2026-11-28T13:04:20.251Z',NULL,NULL,'clients/01a22241-4a75-7a98-9621-6163bd9c5149/generations/01a22241-8595-7901-aae4-bd66cb4cc104/assets/01a22241-90e8-75c1-b0a7-06db0c53244c_original.png',22531,'{"kind":"image","engine":"gemini","flow":"01a22241-8595-7901-aae4-bd66cb4cc104","seed":1,"pictures":[{"product":"01a22241-53b8-75ca-a72f-e4b0c1e0cf8e","image":"01a22241-53b9-70e0-b72a-67eb4341f2e7","sha256":"65faf4c7965226e5cd2567fb131739bcd0b03d489c3736ec73696eccee1bba80"}],"inspirations":[{"inspiration":"01a22241-7fe0-7f79-ac84-a02e7071b0b3","sha256":"84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16"},{"inspiration":"01a22241-82bf-7ba0-8d38-77405068da08","sha256":"84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16"}],"original_sha256":"0a41d7da40a70c219ad2cc5b288544afbff914fdc8f64cd73d1e6745972f8359"}','9f9cf9952623bd9656a9b478633d40d413cf77763acd3f0117cd3425f571a099','image/webp',640,640,5456,'gemini-3.1-flash-image',67000,'2026-11-28T13:04:12.008Z','2026-11-28T13:04:20.251Z','2026-11-28T13:04:12.260Z',NULL,0);
INSERT INTO "generated_asset" VALUES('01a22241-9399-73c6-ad41-80e4e801ab71','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'clients/01a22241-4a75-7a98-9621-6163bd9c5149/generations/01a22241-843d-7559-94e2-11910d37a5ad/assets/01a22241-9399-73c6-ad41-80e4e801ab71.webp','image','completed','You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Mug (Kitchen, coloured terracotta and rust and dark brown).
Style: podium.
Light: cool daylight.
Colours: purple.
Take mood, light and colours from the inspiration pictures, and none of their objects.
Follow this, with a photographer''s judgement in the details.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.','{"style":"podium","size":128,"seed":996496837181441,"variant":1,"variants":6,"engine":"studio"}','["01a22241-53b8-7841-8b1b-19c66b769984"]','01a22241-9399-7f3c-91a8-67ffcae0a49c',NULL,NULL,NULL,'pending',NULL,NULL,NULL,'clients/01a22241-4a75-7a98-9621-6163bd9c5149/generations/01a22241-843d-7559-94e2-11910d37a5ad/assets/01a22241-9399-73c6-ad41-80e4e801ab71_original.png',17687,'{"kind":"image","again_from":"01a22241-881c-756c-892b-e1f3e7c6c554","engine":"studio","flow":"01a22241-843d-7559-94e2-11910d37a5ad","seed":996496837181441,"pictures":[{"product":"01a22241-53b8-7841-8b1b-19c66b769984","image":"01a22241-53b9-78fe-b25e-6a69ac505272","sha256":"708ccbbd0206eca8f51507c9e8c34febab991b37925aaeb92ca5e031603d0a70"}],"inspirations":[{"inspiration":"01a22241-7fe0-7f79-ac84-a02e7071b0b3","sha256":"84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16"},{"inspiration":"01a22241-82bf-7ba0-8d38-77405068da08","sha256":"84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16"}],"cut_out":true,"original_sha256":"416d78c3009099b5d1828a959d8b11a1cc8bb0497ab508ada3d61cf005b445b8"}','4865157bb0b4c9f614d0fc177b00f33e030374ed4b594be3f54dc252823eca03','image/webp',128,128,1240,'local-studio/2',0,'2026-11-28T13:04:12.697Z','2026-11-28T13:04:12.877Z','2026-11-28T13:04:12.877Z',NULL,0);
INSERT INTO "generated_asset" VALUES('01a22241-9653-7c36-9c15-d3bffbc05967','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'clients/01a22241-4a75-7a98-9621-6163bd9c5149/generations/01a22241-843d-7559-94e2-11910d37a5ad/assets/01a22241-9653-7c36-9c15-d3bffbc05967.webp','image','completed','You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Mug (Kitchen, coloured terracotta and rust and dark brown).
Style: wood.
Follow this, with a photographer''s judgement in the details.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.','{"style":"wood","size":128,"seed":1,"variant":1,"variants":6,"engine":"studio","postAdjustments":{"light":{"exposure":20}}}','["01a22241-53b8-7841-8b1b-19c66b769984"]','01a22241-9653-7887-8090-186fbee9efb4',NULL,NULL,NULL,'pending',NULL,NULL,NULL,'clients/01a22241-4a75-7a98-9621-6163bd9c5149/generations/01a22241-843d-7559-94e2-11910d37a5ad/assets/01a22241-9653-7c36-9c15-d3bffbc05967_original.png',19665,'{"kind":"edit","edited_from":"01a22241-881c-756c-892b-e1f3e7c6c554","instruction":null,"engine":"studio","flow":"01a22241-843d-7559-94e2-11910d37a5ad","seed":1,"pictures":[{"asset":"01a22241-881c-756c-892b-e1f3e7c6c554","sha256":"0721455084031a3c73795abb051d170c15ac10cd2f18e2ddfcddcffc5817e2b4"}],"original_sha256":"2de5a3582474ed2e2b39329ba650634dabce77b89424dded5e6e91f6e6864016"}','bc1bced0347825a012775bada854f56d5b980a22e3c711cbdfda8bd99f247126','image/webp',128,128,1362,'local-studio/2',0,'2026-11-28T13:04:13.395Z','2026-11-28T13:04:13.456Z','2026-11-28T13:04:13.456Z',NULL,0);
INSERT INTO "generated_asset" VALUES('01a22241-98dd-77cb-8ea2-28c645a3706e','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-86df-7a9a-9895-c6f61337b220',NULL,NULL,'image','error','You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Own mug (Mugs, coloured terracotta and rust and dark brown).
Style: podium.
Follow this, with a photographer''s judgement in the details.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.','{"style":"podium","size":128,"seed":1,"variant":1,"variants":2,"engine":"studio"}','["01a22241-74f7-7610-a261-db5a131f736d"]','01a22241-98dd-7951-a86c-41e3ea66a306','cancelled',NULL,NULL,'pending',NULL,NULL,NULL,NULL,NULL,'{"kind":"image","engine":"studio","flow":"01a22241-86df-7a9a-9895-c6f61337b220","seed":1}',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-28T13:04:14.045Z','2026-11-28T13:04:14.429Z',NULL,NULL,0);
INSERT INTO "generated_asset" VALUES('01a22241-98dd-722f-bb3e-ed36b9e04987','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-86df-7a9a-9895-c6f61337b220',NULL,NULL,'image','error','You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Own mug (Mugs, coloured terracotta and rust and dark brown).
Style: podium.
Follow this, with a photographer''s judgement in the details.
This is variant 2 of 2: the camera slightly above the product.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.','{"style":"podium","size":128,"seed":2,"variant":2,"variants":2,"engine":"studio"}','["01a22241-74f7-7610-a261-db5a131f736d"]','01a22241-98dd-78ef-adba-74ef5d29db45','cancelled',NULL,NULL,'pending',NULL,NULL,NULL,NULL,NULL,'{"kind":"image","engine":"studio","flow":"01a22241-86df-7a9a-9895-c6f61337b220","seed":2}',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-28T13:04:14.045Z','2026-11-28T13:04:14.429Z',NULL,NULL,0);
INSERT INTO "generated_asset" VALUES('01a22241-9bd4-70e0-862f-dca5e6094db7','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,NULL,'clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-53b8-7fd9-bebf-d79ba59e843a/assets/01a22241-9bd4-70e0-862f-dca5e6094db7.png','image','completed',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,'708ccbbd0206eca8f51507c9e8c34febab991b37925aaeb92ca5e031603d0a70','image/png',640,640,14333,NULL,NULL,'2026-11-28T13:04:14.818Z','2026-11-28T13:04:14.818Z','2026-11-28T13:04:14.818Z',NULL,0);
INSERT INTO "generated_asset" VALUES('01a22241-9d98-7d86-bb9d-c1823768ffa6','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,NULL,'https://img.example.com/a.png','image','completed','a mug',NULL,NULL,NULL,NULL,NULL,NULL,'pending',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-28T13:04:15.256Z','2026-11-28T13:04:15.256Z','2026-11-28T13:04:15.256Z',NULL,0);
INSERT INTO "generated_asset" VALUES('01a22241-d73c-7b9a-9895-a8fd7c13ddbe','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-8595-7901-aae4-bd66cb4cc104',NULL,NULL,'image','generating','You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Vase (warm oak, made of warm oak, coloured warm oak).
Style: marble.
Follow this, with a photographer''s judgement in the details.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.','{"style":"marble","engine":"gemini","seed":2,"variant":1,"variants":1}','["01a22241-53b8-75ca-a72f-e4b0c1e0cf8e"]','01a22241-d73c-72ed-a0d2-a240cd37f17a',NULL,NULL,NULL,'pending',NULL,NULL,NULL,NULL,NULL,'{"kind":"image","engine":"gemini","flow":"01a22241-8595-7901-aae4-bd66cb4cc104","seed":2}',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-28T13:04:30.012Z','2026-11-28T13:04:30.134Z',NULL,NULL,0);
INSERT INTO "generated_asset" VALUES('01a22241-dd48-7494-9c5a-75aa0bfbc18a','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad',NULL,NULL,'image','pending','You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Mug (Kitchen, coloured terracotta and rust and dark brown).
Style: wood.
Follow this, with a photographer''s judgement in the details.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.','{"style":"wood","size":128,"seed":40,"variant":1,"variants":2,"engine":"studio"}','["01a22241-53b8-7841-8b1b-19c66b769984"]','01a22241-dd48-7669-bbe3-9ea2fb8d891d',NULL,NULL,NULL,'pending',NULL,NULL,NULL,NULL,NULL,'{"kind":"image","engine":"studio","flow":"01a22241-843d-7559-94e2-11910d37a5ad","seed":40}',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-28T13:04:31.561Z','2026-11-28T13:04:31.561Z',NULL,NULL,0);
INSERT INTO "generated_asset" VALUES('01a22241-dd49-7e67-80d6-0fcfe88c63e0','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad',NULL,NULL,'image','pending','You are a product photographer. Make one photograph of the product in the pictures that come first.
Product: Terracotta Mug (Kitchen, coloured terracotta and rust and dark brown).
Style: wood.
Follow this, with a photographer''s judgement in the details.
This is variant 2 of 2: the camera slightly above the product.
Let the surroundings pick up the product''s colours.
Nothing else stands beside it.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and every detail.
Change only its surroundings and the light.
The picture is for a shop: sharp, clean, lifelike, without text, watermark or frame.','{"style":"wood","size":128,"seed":41,"variant":2,"variants":2,"engine":"studio"}','["01a22241-53b8-7841-8b1b-19c66b769984"]','01a22241-dd49-7440-82a6-9f47cf710429',NULL,NULL,NULL,'pending',NULL,NULL,NULL,NULL,NULL,'{"kind":"image","engine":"studio","flow":"01a22241-843d-7559-94e2-11910d37a5ad","seed":41}',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-28T13:04:31.561Z','2026-11-28T13:04:31.561Z',NULL,NULL,0);
CREATE TABLE generated_asset_product (
    id TEXT NOT NULL PRIMARY KEY,
    generated_asset_id TEXT NOT NULL REFERENCES generated_asset (id) ON DELETE CASCADE,
    product_id TEXT NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    is_primary BOOLEAN NOT NULL DEFAULT false CHECK (is_primary IN (0, 1)),
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT generated_asset_product_unique UNIQUE (generated_asset_id, product_id)
);
INSERT INTO "generated_asset_product" VALUES('01a22241-881e-7507-a16b-391088015569','01a22241-881c-756c-892b-e1f3e7c6c554','01a22241-53b8-7841-8b1b-19c66b769984',1,'2026-11-28T13:04:09.758Z');
INSERT INTO "generated_asset_product" VALUES('01a22241-881f-75d4-ab13-cdfaa36dc804','01a22241-881d-7128-869b-0e2d6efb3bb0','01a22241-53b8-7841-8b1b-19c66b769984',1,'2026-11-28T13:04:09.758Z');
INSERT INTO "generated_asset_product" VALUES('01a22241-881f-7b63-b77a-96c1352813c6','01a22241-881d-7104-a13c-5c5147cc9645','01a22241-53b8-7841-8b1b-19c66b769984',1,'2026-11-28T13:04:09.758Z');
INSERT INTO "generated_asset_product" VALUES('01a22241-881f-7b87-be41-eccd35995c86','01a22241-881d-76be-bdf8-c779cea733a8','01a22241-53b8-7841-8b1b-19c66b769984',1,'2026-11-28T13:04:09.758Z');
INSERT INTO "generated_asset_product" VALUES('01a22241-8820-7a16-bdc4-c7bc77565d3b','01a22241-881d-7979-8273-013eb5250dd2','01a22241-53b8-7841-8b1b-19c66b769984',1,'2026-11-28T13:04:09.758Z');
INSERT INTO "generated_asset_product" VALUES('01a22241-8820-7bae-ac97-28ee02c3f2ec','01a22241-881e-7093-9fc0-5a74c80f25ff','01a22241-53b8-7841-8b1b-19c66b769984',1,'2026-11-28T13:04:09.758Z');
INSERT INTO "generated_asset_product" VALUES('01a22241-90e8-7f48-8ea0-c93c49ab3c85','01a22241-90e8-75c1-b0a7-06db0c53244c','01a22241-53b8-75ca-a72f-e4b0c1e0cf8e',1,'2026-11-28T13:04:12.008Z');
INSERT INTO "generated_asset_product" VALUES('01a22241-939a-7c35-a832-439f4492d730','01a22241-9399-73c6-ad41-80e4e801ab71','01a22241-53b8-7841-8b1b-19c66b769984',1,'2026-11-28T13:04:12.697Z');
INSERT INTO "generated_asset_product" VALUES('01a22241-9653-7ca2-a0f2-17d5012075f6','01a22241-9653-7c36-9c15-d3bffbc05967','01a22241-53b8-7841-8b1b-19c66b769984',1,'2026-11-28T13:04:13.395Z');
INSERT INTO "generated_asset_product" VALUES('01a22241-98de-7202-b0f5-d1cb80168c67','01a22241-98dd-77cb-8ea2-28c645a3706e','01a22241-74f7-7610-a261-db5a131f736d',1,'2026-11-28T13:04:14.045Z');
INSERT INTO "generated_asset_product" VALUES('01a22241-98de-7811-8786-77336cfbb1d7','01a22241-98dd-722f-bb3e-ed36b9e04987','01a22241-74f7-7610-a261-db5a131f736d',1,'2026-11-28T13:04:14.045Z');
INSERT INTO "generated_asset_product" VALUES('01a22241-9be3-7a18-a204-5ee137876548','01a22241-9bd4-70e0-862f-dca5e6094db7','01a22241-53b8-7fd9-bebf-d79ba59e843a',1,'2026-11-28T13:04:14.818Z');
INSERT INTO "generated_asset_product" VALUES('01a22241-d73d-77b0-a10d-f7b029343e51','01a22241-d73c-7b9a-9895-a8fd7c13ddbe','01a22241-53b8-75ca-a72f-e4b0c1e0cf8e',1,'2026-11-28T13:04:30.012Z');
INSERT INTO "generated_asset_product" VALUES('01a22241-dd49-7ef4-a347-846162028270','01a22241-dd48-7494-9c5a-75aa0bfbc18a','01a22241-53b8-7841-8b1b-19c66b769984',1,'2026-11-28T13:04:31.561Z');
INSERT INTO "generated_asset_product" VALUES('01a22241-dd4a-778e-bb3d-5645cfc2f009','01a22241-dd49-7e67-80d6-0fcfe88c63e0','01a22241-53b8-7841-8b1b-19c66b769984',1,'2026-11-28T13:04:31.561Z');
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
INSERT INTO "generation_event" VALUES('01a22241-8823-7627-8d2e-13e19a63b147','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad',NULL,NULL,NULL,'started','{"pictures":6}','2026-11-28T13:04:09.763Z');
INSERT INTO "generation_event" VALUES('01a22241-893e-762a-97c0-da46b16c4442','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad','01a22241-53b8-7841-8b1b-19c66b769984','01a22241-881c-756c-892b-e1f3e7c6c554',NULL,'completed','{"model":"local-studio/2","cost_usd_micros":0}','2026-11-28T13:04:10.041Z');
INSERT INTO "generation_event" VALUES('01a22241-8a64-76aa-966d-11da674507c9','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad','01a22241-53b8-7841-8b1b-19c66b769984','01a22241-881d-7128-869b-0e2d6efb3bb0',NULL,'completed','{"model":"local-studio/2","cost_usd_micros":0}','2026-11-28T13:04:10.338Z');
INSERT INTO "generation_event" VALUES('01a22241-8b74-786d-838d-cb00c17cc192','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad','01a22241-53b8-7841-8b1b-19c66b769984','01a22241-881d-7104-a13c-5c5147cc9645',NULL,'completed','{"model":"local-studio/2","cost_usd_micros":0}','2026-11-28T13:04:10.609Z');
INSERT INTO "generation_event" VALUES('01a22241-8c65-72b1-8bef-a956d46a45f5','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad','01a22241-53b8-7841-8b1b-19c66b769984','01a22241-881d-76be-bdf8-c779cea733a8',NULL,'completed','{"model":"local-studio/2","cost_usd_micros":0}','2026-11-28T13:04:10.850Z');
INSERT INTO "generation_event" VALUES('01a22241-8d85-7cff-bd6f-8bb05d5b3dd9','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad','01a22241-53b8-7841-8b1b-19c66b769984','01a22241-881d-7979-8273-013eb5250dd2',NULL,'completed','{"model":"local-studio/2","cost_usd_micros":0}','2026-11-28T13:04:11.140Z');
INSERT INTO "generation_event" VALUES('01a22241-8ead-7675-904f-723230bd836f','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad','01a22241-53b8-7841-8b1b-19c66b769984','01a22241-881e-7093-9fc0-5a74c80f25ff',NULL,'completed','{"model":"local-studio/2","cost_usd_micros":0}','2026-11-28T13:04:11.436Z');
INSERT INTO "generation_event" VALUES('01a22241-90eb-7036-bc3b-b25d0ee84e00','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-8595-7901-aae4-bd66cb4cc104',NULL,NULL,NULL,'started','{"pictures":1}','2026-11-28T13:04:12.011Z');
INSERT INTO "generation_event" VALUES('01a22241-91e6-7baf-917f-f119a9fa5810','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-8595-7901-aae4-bd66cb4cc104','01a22241-53b8-75ca-a72f-e4b0c1e0cf8e','01a22241-90e8-75c1-b0a7-06db0c53244c',NULL,'completed','{"model":"gemini-3.1-flash-image","cost_usd_micros":67000}','2026-11-28T13:04:12.260Z');
INSERT INTO "generation_event" VALUES('01a22241-9451-79a0-890d-98de2fbfb7aa','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad','01a22241-53b8-7841-8b1b-19c66b769984','01a22241-9399-73c6-ad41-80e4e801ab71',NULL,'completed','{"model":"local-studio/2","cost_usd_micros":0}','2026-11-28T13:04:12.877Z');
INSERT INTO "generation_event" VALUES('01a22241-9692-74bc-b931-834e54ef70de','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad','01a22241-53b8-7841-8b1b-19c66b769984','01a22241-9653-7c36-9c15-d3bffbc05967',NULL,'completed','{"model":"local-studio/2","cost_usd_micros":0}','2026-11-28T13:04:13.456Z');
INSERT INTO "generation_event" VALUES('01a22241-98e1-7f68-85bd-e5b9097d5025','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-86df-7a9a-9895-c6f61337b220',NULL,NULL,NULL,'started','{"pictures":2}','2026-11-28T13:04:14.049Z');
INSERT INTO "generation_event" VALUES('01a22241-9a60-7837-8c27-d084bc9d39d8','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-86df-7a9a-9895-c6f61337b220',NULL,NULL,NULL,'error','{"why":"cancelled","pictures":2}','2026-11-28T13:04:14.429Z');
INSERT INTO "generation_event" VALUES('01a22241-9f08-77a8-ad4e-4231d1c7bbaa','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'01a22241-881c-756c-892b-e1f3e7c6c554',NULL,'approved','{"note":"good"}','2026-11-28T13:04:15.620Z');
INSERT INTO "generation_event" VALUES('01a22241-a0d4-7bcc-aae5-4ef71811828a','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad','01a22241-53b8-7841-8b1b-19c66b769984','01a22241-881c-756c-892b-e1f3e7c6c554',NULL,'exported',NULL,'2026-11-28T13:04:16.082Z');
INSERT INTO "generation_event" VALUES('01a22241-a2eb-7551-9c5d-ccd7be2a5093','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'01a22241-881d-7128-869b-0e2d6efb3bb0',NULL,'approved',NULL,'2026-11-28T13:04:16.614Z');
INSERT INTO "generation_event" VALUES('01a22241-a60f-77e1-b9a6-1e0a41896a89','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'01a22241-881d-7104-a13c-5c5147cc9645',NULL,'approved',NULL,'2026-11-28T13:04:17.406Z');
INSERT INTO "generation_event" VALUES('01a22241-a827-73cf-a390-b061ac37bd8b','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad','01a22241-53b8-7841-8b1b-19c66b769984','01a22241-881d-7104-a13c-5c5147cc9645',NULL,'exported',NULL,'2026-11-28T13:04:17.958Z');
INSERT INTO "generation_event" VALUES('01a22241-af68-7776-9c9d-7462534ad0e4','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'01a22241-881d-76be-bdf8-c779cea733a8',NULL,'rejected','{"note":"too dark"}','2026-11-28T13:04:19.809Z');
INSERT INTO "generation_event" VALUES('01a22241-b11f-7d00-b4c9-ede7eff7a4c9','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-8595-7901-aae4-bd66cb4cc104',NULL,'01a22241-90e8-75c1-b0a7-06db0c53244c',NULL,'approved',NULL,'2026-11-28T13:04:20.251Z');
INSERT INTO "generation_event" VALUES('01a22241-b33c-716a-8d10-ac1dc9e092ee','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-8595-7901-aae4-bd66cb4cc104','01a22241-53b8-75ca-a72f-e4b0c1e0cf8e','01a22241-90e8-75c1-b0a7-06db0c53244c',NULL,'exported',NULL,'2026-11-28T13:04:20.795Z');
INSERT INTO "generation_event" VALUES('01a22241-bf2d-769a-8cc0-8ed770794d49','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,NULL,'01a22241-881c-756c-892b-e1f3e7c6c554',NULL,'viewed','{"page":3}','2026-11-28T13:04:23.853Z');
INSERT INTO "generation_event" VALUES('01a22241-d740-7091-94d8-42f255724901','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-8595-7901-aae4-bd66cb4cc104',NULL,NULL,NULL,'started','{"pictures":1}','2026-11-28T13:04:30.016Z');
INSERT INTO "generation_event" VALUES('01a22241-d907-7b06-9be6-d43f3bb999b0','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'01a22241-881d-7979-8273-013eb5250dd2',NULL,'approved',NULL,'2026-11-28T13:04:30.469Z');
INSERT INTO "generation_event" VALUES('01a22241-dd4c-711a-912c-16bcec04a042','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad',NULL,NULL,NULL,'started','{"pictures":2}','2026-11-28T13:04:31.564Z');
INSERT INTO "generation_event" VALUES('01a22241-e181-7f7c-b62a-6a92fac44918','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'01a22241-881e-7093-9fc0-5a74c80f25ff',NULL,'approved',NULL,'2026-11-28T13:04:32.639Z');
CREATE TABLE generation_flow (
    id TEXT NOT NULL PRIMARY KEY,
    collection_session_id TEXT REFERENCES collection_session (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    name TEXT,
    product_ids TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(product_ids)),
    selected_base_images TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(selected_base_images)),
    status TEXT NOT NULL DEFAULT 'empty',
    settings TEXT NOT NULL CHECK (json_valid(settings)),
    is_favorite BOOLEAN NOT NULL DEFAULT false CHECK (is_favorite IN (0, 1)),
    current_image_index INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    deleted_at TEXT,
    from_legacy BOOLEAN NOT NULL DEFAULT false CHECK (from_legacy IN (0, 1)),
    CONSTRAINT generation_flow_status_check CHECK (status IN ('empty', 'configured', 'generating', 'completed', 'error'))
);
INSERT INTO "generation_flow" VALUES('01a22241-843d-7559-94e2-11910d37a5ad','01a22241-79b4-7327-a749-99754ddd5b41','01a22241-4a75-7a98-9621-6163bd9c5149','Wood','["01a22241-53b8-7841-8b1b-19c66b769984"]','{}','generating','{"style":"wood","size":128}',1,0,1,'2026-11-28T13:04:08.765Z','2026-11-28T13:04:31.564Z',NULL,0);
INSERT INTO "generation_flow" VALUES('01a22241-8595-7901-aae4-bd66cb4cc104','01a22241-79b4-7327-a749-99754ddd5b41','01a22241-4a75-7a98-9621-6163bd9c5149','Model','["01a22241-53b8-75ca-a72f-e4b0c1e0cf8e"]','{}','generating','{"style":"marble","engine":"gemini"}',0,0,1,'2026-11-28T13:04:09.109Z','2026-11-28T13:04:30.016Z',NULL,0);
INSERT INTO "generation_flow" VALUES('01a22241-86df-7a9a-9895-c6f61337b220',NULL,'01a22241-4a75-7a98-9621-6163bd9c5149','Alone','["01a22241-74f7-7610-a261-db5a131f736d"]','{}','error','{"style":"podium","size":128}',0,0,1,'2026-11-28T13:04:09.439Z','2026-11-28T13:04:14.433Z',NULL,0);
CREATE TABLE inspiration_image (
    id TEXT NOT NULL PRIMARY KEY,
    collection_session_id TEXT NOT NULL REFERENCES collection_session (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    r2_key TEXT,
    source TEXT NOT NULL,
    analysis TEXT CHECK (json_valid(analysis)),
    display_order INTEGER NOT NULL DEFAULT 0,
    sha256 TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT inspiration_image_source_check CHECK (source IN ('upload', 'unsplash', 'url', 'library', 'stock'))
);
INSERT INTO "inspiration_image" VALUES('01a22241-7fe0-7f79-ac84-a02e7071b0b3','01a22241-79b4-7327-a749-99754ddd5b41','oak.png','clients/01a22241-4a75-7a98-9621-6163bd9c5149/sessions/01a22241-79b4-7327-a749-99754ddd5b41/inspirations/01a22241-7fe0-7f79-ac84-a02e7071b0b3.png','upload','{"palette":["#5c3e78"],"roomType":"warm oak","style":"warm oak","lighting":"warm oak","cameraAngle":"warm oak","surroundings":"warm oak","colorScheme":"warm oak","props":["warm oak"],"promptText":"warm oak","version":"gemini/1"}',0,'84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16','2026-11-28T13:04:07.654Z');
INSERT INTO "inspiration_image" VALUES('01a22241-82bf-7ba0-8d38-77405068da08','01a22241-79b4-7327-a749-99754ddd5b41','oak.png','clients/01a22241-4a75-7a98-9621-6163bd9c5149/sessions/01a22241-79b4-7327-a749-99754ddd5b41/inspirations/01a22241-82bf-7ba0-8d38-77405068da08.png','upload',NULL,1,'84eb638b73cb8e5d63851170b41028f33049e069c71188ddf0375818208bfd16','2026-11-28T13:04:08.443Z');
CREATE TABLE job (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    queue TEXT NOT NULL,
    flow_id TEXT REFERENCES generation_flow (id) ON DELETE SET NULL,
    store_connection_id TEXT REFERENCES store_connection (id) ON DELETE CASCADE,
    type TEXT NOT NULL,
    payload TEXT NOT NULL CHECK (json_valid(payload)),
    status TEXT NOT NULL DEFAULT 'pending',
    progress INTEGER NOT NULL DEFAULT 0,
    result TEXT CHECK (json_valid(result)),
    error TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    postponements INTEGER NOT NULL DEFAULT 0,
    waiting_since TEXT,
    max_attempts INTEGER NOT NULL DEFAULT 3,
    scheduled_for TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    locked_by TEXT,
    locked_at TEXT,
    lease_expires_at TEXT,
    lane TEXT NOT NULL,
    running_lane TEXT,
    priority INTEGER NOT NULL DEFAULT 100,
    turn INTEGER NOT NULL DEFAULT 0,
    dedupe_key TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    started_at TEXT,
    completed_at TEXT,
    CONSTRAINT job_status_check CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'cancelled')),
    CONSTRAINT job_progress_check CHECK (progress BETWEEN 0 AND 100),
    CONSTRAINT job_running_lane_unique UNIQUE (running_lane),
    CONSTRAINT job_running_lane_check CHECK (running_lane IS NULL OR (status = 'processing' AND running_lane = lane))
);
INSERT INTO "job" VALUES('01a22241-5386-7d37-b20c-1991d0dc651c','01a22241-4a75-7a98-9621-6163bd9c5149','import',NULL,'01a22241-5383-706e-89a7-6558b6dfbab4','import_products','{"type":"import_products","connection":"01a22241-5383-706e-89a7-6558b6dfbab4","scope":"full","trigger":"startup","accept_deletes":false}','completed',0,NULL,NULL,1,0,0,NULL,5,'2026-11-28T13:03:56.294Z','20107-01a22241-51f2-7d4c-aec6-9fa4d9c0be47','2026-11-28T13:03:56.298Z',NULL,'import:01a22241-5383-706e-89a7-6558b6dfbab4',NULL,100,0,'import:01a22241-5383-706e-89a7-6558b6dfbab4:full','2026-11-28T13:03:56.291Z','2026-11-28T13:03:56.298Z','2026-11-28T13:03:56.439Z');
INSERT INTO "job" VALUES('01a22241-5499-75d9-9f1f-74f0ad7f00dd','01a22241-4c06-703f-9a87-814f4f3e2ca4','import',NULL,'01a22241-5497-7742-9ef6-95ef7947720b','import_products','{"type":"import_products","connection":"01a22241-5497-7742-9ef6-95ef7947720b","scope":"full","trigger":"startup","accept_deletes":false}','completed',0,NULL,NULL,1,0,0,NULL,5,'2026-11-28T13:03:56.569Z','20107-01a22241-51f2-7d4c-aec6-9fa4d9c0be47','2026-11-28T13:03:56.572Z',NULL,'import:01a22241-5497-7742-9ef6-95ef7947720b',NULL,100,0,'import:01a22241-5497-7742-9ef6-95ef7947720b:full','2026-11-28T13:03:56.566Z','2026-11-28T13:03:56.572Z','2026-11-28T13:03:56.621Z');
INSERT INTO "job" VALUES('01a22241-560e-753c-96e5-3d89637913c2','01a22241-4a75-7a98-9621-6163bd9c5149','import',NULL,'01a22241-560a-7336-a662-16d1a3aa74b8','import_products','{"type":"import_products","connection":"01a22241-560a-7336-a662-16d1a3aa74b8","scope":"full","trigger":"startup","accept_deletes":false}','completed',0,NULL,NULL,1,0,0,NULL,5,'2026-11-28T13:03:56.942Z','20107-01a22241-51f2-7d4c-aec6-9fa4d9c0be47','2026-11-28T13:03:56.946Z',NULL,'import:01a22241-560a-7336-a662-16d1a3aa74b8',NULL,100,0,'import:01a22241-560a-7336-a662-16d1a3aa74b8:full','2026-11-28T13:03:56.937Z','2026-11-28T13:03:56.946Z','2026-11-28T13:03:57.080Z');
INSERT INTO "job" VALUES('01a22241-57ca-7413-b24f-f573760d1ba7','01a22241-4a75-7a98-9621-6163bd9c5149','import',NULL,'01a22241-57c9-7fa6-88b2-7868f8653f39','import_products','{"type":"import_products","connection":"01a22241-57c9-7fa6-88b2-7868f8653f39","scope":"full","trigger":"startup","accept_deletes":false}','completed',0,NULL,NULL,1,0,0,NULL,5,'2026-11-28T13:03:57.386Z','20107-01a22241-51f2-7d4c-aec6-9fa4d9c0be47','2026-11-28T13:03:57.388Z',NULL,'import:01a22241-57c9-7fa6-88b2-7868f8653f39',NULL,100,0,'import:01a22241-57c9-7fa6-88b2-7868f8653f39:full','2026-11-28T13:03:57.385Z','2026-11-28T13:03:57.388Z','2026-11-28T13:03:57.425Z');
INSERT INTO "job" VALUES('01a22241-5bff-79e7-b1a3-2bde383c60f1','01a22241-4a75-7a98-9621-6163bd9c5149','import',NULL,'01a22241-5bfe-70cf-9046-071f4ca4fb76','import_products','{"type":"import_products","connection":"01a22241-5bfe-70cf-9046-071f4ca4fb76","scope":"full","trigger":"startup","accept_deletes":false}','completed',0,NULL,NULL,1,0,0,NULL,5,'2026-11-28T13:03:58.463Z','20107-01a22241-51f2-7d4c-aec6-9fa4d9c0be47','2026-11-28T13:03:58.473Z',NULL,'import:01a22241-5bfe-70cf-9046-071f4ca4fb76',NULL,100,0,'import:01a22241-5bfe-70cf-9046-071f4ca4fb76:full','2026-11-28T13:03:58.462Z','2026-11-28T13:03:58.473Z','2026-11-28T13:03:58.537Z');
INSERT INTO "job" VALUES('01a22241-5e4f-7004-99e0-63f175de2415','01a22241-4a75-7a98-9621-6163bd9c5149','import',NULL,'01a22241-5e4a-7117-81c6-32c838679026','import_products','{"type":"import_products","connection":"01a22241-5e4a-7117-81c6-32c838679026","scope":"full","trigger":"startup","accept_deletes":false}','completed',0,NULL,NULL,1,0,0,NULL,5,'2026-11-28T13:03:59.055Z','20107-01a22241-51f2-7d4c-aec6-9fa4d9c0be47','2026-11-28T13:03:59.076Z',NULL,'import:01a22241-5e4a-7117-81c6-32c838679026',NULL,100,0,'import:01a22241-5e4a-7117-81c6-32c838679026:full','2026-11-28T13:03:59.048Z','2026-11-28T13:03:59.076Z','2026-11-28T13:03:59.196Z');
INSERT INTO "job" VALUES('01a22241-5e55-7f78-83a7-a7372fbbb78f','01a22241-4a75-7a98-9621-6163bd9c5149','maintenance',NULL,'01a22241-5e4a-7117-81c6-32c838679026','subscribe','{"type":"subscribe","connection":"01a22241-5e4a-7117-81c6-32c838679026"}','completed',0,NULL,NULL,1,0,0,NULL,5,'2026-11-28T13:03:59.061Z','20107-01a22241-51f2-7d4c-aec6-9fa4d9c0be47','2026-11-28T13:03:59.077Z',NULL,'subscribe:01a22241-5e4a-7117-81c6-32c838679026',NULL,120,0,'subscribe:01a22241-5e4a-7117-81c6-32c838679026','2026-11-28T13:03:59.048Z','2026-11-28T13:03:59.077Z','2026-11-28T13:03:59.226Z');
INSERT INTO "job" VALUES('01a22241-7060-79f0-a3d7-1c061d99116e','01a22241-4a75-7a98-9621-6163bd9c5149','import',NULL,'01a22241-5383-706e-89a7-6558b6dfbab4','import_products','{"type":"import_products","connection":"01a22241-5383-706e-89a7-6558b6dfbab4","scope":"full","trigger":"manual","accept_deletes":false}','completed',0,NULL,NULL,1,0,0,NULL,3,'2026-11-28T13:04:03.680Z','20249-01a22241-705f-77a3-88bc-851d8eafcd9e','2026-11-28T13:04:03.743Z',NULL,'import:01a22241-5383-706e-89a7-6558b6dfbab4',NULL,50,0,'import:01a22241-5383-706e-89a7-6558b6dfbab4:full','2026-11-28T13:04:03.680Z','2026-11-28T13:04:03.743Z','2026-11-28T13:04:03.806Z');
INSERT INTO "job" VALUES('01a22241-881c-7bde-b54e-a793fa9e52f6','01a22241-4a75-7a98-9621-6163bd9c5149','generate','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'generate','{"type":"generate","asset":"01a22241-881c-756c-892b-e1f3e7c6c554","client":"01a22241-4a75-7a98-9621-6163bd9c5149","flow":"01a22241-843d-7559-94e2-11910d37a5ad","by_model":false}','completed',0,NULL,NULL,1,0,0,NULL,3,'2026-11-28T13:04:09.762Z','20377-01a22241-8815-7ba2-ad30-eae30941ea5b','2026-11-28T13:04:09.779Z',NULL,'generate:01a22241-881c-756c-892b-e1f3e7c6c554',NULL,100,0,NULL,'2026-11-28T13:04:09.762Z','2026-11-28T13:04:09.779Z','2026-11-28T13:04:10.052Z');
INSERT INTO "job" VALUES('01a22241-881d-79f1-b86d-359a092eb6d0','01a22241-4a75-7a98-9621-6163bd9c5149','generate','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'generate','{"type":"generate","asset":"01a22241-881d-7128-869b-0e2d6efb3bb0","client":"01a22241-4a75-7a98-9621-6163bd9c5149","flow":"01a22241-843d-7559-94e2-11910d37a5ad","by_model":false}','completed',0,NULL,NULL,1,0,0,NULL,3,'2026-11-28T13:04:09.762Z','20377-01a22241-8815-7ba2-ad30-eae30941ea5b','2026-11-28T13:04:10.120Z',NULL,'generate:01a22241-881d-7128-869b-0e2d6efb3bb0',NULL,100,1,NULL,'2026-11-28T13:04:09.762Z','2026-11-28T13:04:10.120Z','2026-11-28T13:04:10.342Z');
INSERT INTO "job" VALUES('01a22241-881d-728b-8b95-d96a6a106894','01a22241-4a75-7a98-9621-6163bd9c5149','generate','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'generate','{"type":"generate","asset":"01a22241-881d-7104-a13c-5c5147cc9645","client":"01a22241-4a75-7a98-9621-6163bd9c5149","flow":"01a22241-843d-7559-94e2-11910d37a5ad","by_model":false}','completed',0,NULL,NULL,1,0,0,NULL,3,'2026-11-28T13:04:09.762Z','20377-01a22241-8815-7ba2-ad30-eae30941ea5b','2026-11-28T13:04:10.345Z',NULL,'generate:01a22241-881d-7104-a13c-5c5147cc9645',NULL,100,2,NULL,'2026-11-28T13:04:09.762Z','2026-11-28T13:04:10.345Z','2026-11-28T13:04:10.617Z');
INSERT INTO "job" VALUES('01a22241-881d-79b6-9f7b-d828020ecca8','01a22241-4a75-7a98-9621-6163bd9c5149','generate','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'generate','{"type":"generate","asset":"01a22241-881d-76be-bdf8-c779cea733a8","client":"01a22241-4a75-7a98-9621-6163bd9c5149","flow":"01a22241-843d-7559-94e2-11910d37a5ad","by_model":false}','completed',0,NULL,NULL,1,0,0,NULL,3,'2026-11-28T13:04:09.763Z','20377-01a22241-8815-7ba2-ad30-eae30941ea5b','2026-11-28T13:04:10.621Z',NULL,'generate:01a22241-881d-76be-bdf8-c779cea733a8',NULL,100,3,NULL,'2026-11-28T13:04:09.763Z','2026-11-28T13:04:10.621Z','2026-11-28T13:04:10.860Z');
INSERT INTO "job" VALUES('01a22241-881d-70f6-a3aa-e613c5aed149','01a22241-4a75-7a98-9621-6163bd9c5149','generate','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'generate','{"type":"generate","asset":"01a22241-881d-7979-8273-013eb5250dd2","client":"01a22241-4a75-7a98-9621-6163bd9c5149","flow":"01a22241-843d-7559-94e2-11910d37a5ad","by_model":false}','completed',0,NULL,NULL,1,0,0,NULL,3,'2026-11-28T13:04:09.763Z','20377-01a22241-8815-7ba2-ad30-eae30941ea5b','2026-11-28T13:04:10.868Z',NULL,'generate:01a22241-881d-7979-8273-013eb5250dd2',NULL,100,4,NULL,'2026-11-28T13:04:09.763Z','2026-11-28T13:04:10.868Z','2026-11-28T13:04:11.149Z');
INSERT INTO "job" VALUES('01a22241-881e-7617-95ec-f0afbff9b51c','01a22241-4a75-7a98-9621-6163bd9c5149','generate','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'generate','{"type":"generate","asset":"01a22241-881e-7093-9fc0-5a74c80f25ff","client":"01a22241-4a75-7a98-9621-6163bd9c5149","flow":"01a22241-843d-7559-94e2-11910d37a5ad","by_model":false}','completed',0,NULL,NULL,1,0,0,NULL,3,'2026-11-28T13:04:09.763Z','20377-01a22241-8815-7ba2-ad30-eae30941ea5b','2026-11-28T13:04:11.151Z',NULL,'generate:01a22241-881e-7093-9fc0-5a74c80f25ff',NULL,100,5,NULL,'2026-11-28T13:04:09.763Z','2026-11-28T13:04:11.151Z','2026-11-28T13:04:11.441Z');
INSERT INTO "job" VALUES('01a22241-90e8-7a50-8dc9-232eb0668223','01a22241-4a75-7a98-9621-6163bd9c5149','generate','01a22241-8595-7901-aae4-bd66cb4cc104',NULL,'generate','{"type":"generate","asset":"01a22241-90e8-75c1-b0a7-06db0c53244c","client":"01a22241-4a75-7a98-9621-6163bd9c5149","flow":"01a22241-8595-7901-aae4-bd66cb4cc104","by_model":true}','completed',0,NULL,NULL,1,0,0,NULL,3,'2026-11-28T13:04:12.011Z','20404-01a22241-90e5-7234-9319-b768c65da06d','2026-11-28T13:04:12.023Z',NULL,'generate:01a22241-90e8-75c1-b0a7-06db0c53244c',NULL,100,0,NULL,'2026-11-28T13:04:12.011Z','2026-11-28T13:04:12.023Z','2026-11-28T13:04:12.265Z');
INSERT INTO "job" VALUES('01a22241-9399-7f3c-91a8-67ffcae0a49c','01a22241-4a75-7a98-9621-6163bd9c5149','generate','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'generate','{"type":"generate","asset":"01a22241-9399-73c6-ad41-80e4e801ab71","client":"01a22241-4a75-7a98-9621-6163bd9c5149","flow":"01a22241-843d-7559-94e2-11910d37a5ad","by_model":false}','completed',0,NULL,NULL,1,0,0,NULL,3,'2026-11-28T13:04:12.700Z','20420-01a22241-9395-7e06-b971-f30ff34d0784','2026-11-28T13:04:12.710Z',NULL,'generate:01a22241-9399-73c6-ad41-80e4e801ab71',NULL,50,0,NULL,'2026-11-28T13:04:12.700Z','2026-11-28T13:04:12.710Z','2026-11-28T13:04:12.888Z');
INSERT INTO "job" VALUES('01a22241-9653-7887-8090-186fbee9efb4','01a22241-4a75-7a98-9621-6163bd9c5149','generate','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'generate','{"type":"generate","asset":"01a22241-9653-7c36-9c15-d3bffbc05967","client":"01a22241-4a75-7a98-9621-6163bd9c5149","flow":"01a22241-843d-7559-94e2-11910d37a5ad","by_model":false}','completed',0,NULL,NULL,1,0,0,NULL,3,'2026-11-28T13:04:13.397Z','20434-01a22241-964a-7b3f-9a4a-2af599eb2a10','2026-11-28T13:04:13.412Z',NULL,'generate:01a22241-9653-7c36-9c15-d3bffbc05967',NULL,50,0,NULL,'2026-11-28T13:04:13.397Z','2026-11-28T13:04:13.412Z','2026-11-28T13:04:13.462Z');
INSERT INTO "job" VALUES('01a22241-98dd-7951-a86c-41e3ea66a306','01a22241-4a75-7a98-9621-6163bd9c5149','generate','01a22241-86df-7a9a-9895-c6f61337b220',NULL,'generate','{"type":"generate","asset":"01a22241-98dd-77cb-8ea2-28c645a3706e","client":"01a22241-4a75-7a98-9621-6163bd9c5149","flow":"01a22241-86df-7a9a-9895-c6f61337b220","by_model":false}','cancelled',0,NULL,NULL,0,0,0,NULL,3,'2026-11-28T13:04:14.048Z',NULL,NULL,NULL,'generate:01a22241-98dd-77cb-8ea2-28c645a3706e',NULL,100,0,NULL,'2026-11-28T13:04:14.048Z',NULL,'2026-11-28T13:04:14.429Z');
INSERT INTO "job" VALUES('01a22241-98dd-78ef-adba-74ef5d29db45','01a22241-4a75-7a98-9621-6163bd9c5149','generate','01a22241-86df-7a9a-9895-c6f61337b220',NULL,'generate','{"type":"generate","asset":"01a22241-98dd-722f-bb3e-ed36b9e04987","client":"01a22241-4a75-7a98-9621-6163bd9c5149","flow":"01a22241-86df-7a9a-9895-c6f61337b220","by_model":false}','cancelled',0,NULL,NULL,0,0,0,NULL,3,'2026-11-28T13:04:14.049Z',NULL,NULL,NULL,'generate:01a22241-98dd-722f-bb3e-ed36b9e04987',NULL,100,1,NULL,'2026-11-28T13:04:14.049Z',NULL,'2026-11-28T13:04:14.429Z');
INSERT INTO "job" VALUES('01a22241-9f0b-748f-9596-d9cd87e4430a','01a22241-4a75-7a98-9621-6163bd9c5149','push',NULL,'01a22241-5383-706e-89a7-6558b6dfbab4','push_asset','{"type":"push_asset","push":"01a22241-9f0a-7ced-b342-22bad0ee9662","connection":"01a22241-5383-706e-89a7-6558b6dfbab4","trigger":"approval"}','completed',0,NULL,NULL,1,0,0,NULL,8,'2026-11-28T13:04:15.627Z','20491-01a22241-a045-77df-ac2e-d9ebd9421538','2026-11-28T13:04:15.996Z',NULL,'push:01a22241-5383-706e-89a7-6558b6dfbab4',NULL,50,0,'push:01a22241-9f0a-7ced-b342-22bad0ee9662','2026-11-28T13:04:15.625Z','2026-11-28T13:04:15.996Z','2026-11-28T13:04:16.088Z');
INSERT INTO "job" VALUES('01a22241-a2ef-761d-af2c-8fb97af51631','01a22241-4a75-7a98-9621-6163bd9c5149','push',NULL,'01a22241-5383-706e-89a7-6558b6dfbab4','push_asset','{"type":"push_asset","push":"01a22241-a2ed-718d-98b7-0d900ad1b467","connection":"01a22241-5383-706e-89a7-6558b6dfbab4","trigger":"approval"}','failed',0,NULL,'Sandbox shop: POST 127.0.0.1:4101/api/uploads answered 422 (something broke in the shop)',1,1,0,NULL,8,'2026-11-28T13:04:16.623Z','20509-01a22241-a3ed-7735-8781-f0361e2345bf','2026-11-28T13:04:16.883Z',NULL,'push:01a22241-5383-706e-89a7-6558b6dfbab4',NULL,50,0,'push:01a22241-a2ed-718d-98b7-0d900ad1b467','2026-11-28T13:04:16.620Z','2026-11-28T13:04:16.883Z','2026-11-28T13:04:16.937Z');
INSERT INTO "job" VALUES('01a22241-a618-7cca-95fb-22e2e3ed5677','01a22241-4a75-7a98-9621-6163bd9c5149','push',NULL,'01a22241-5383-706e-89a7-6558b6dfbab4','push_asset','{"type":"push_asset","push":"01a22241-a617-75a0-80a1-5d7f795c2b50","connection":"01a22241-5383-706e-89a7-6558b6dfbab4","trigger":"approval"}','completed',0,NULL,NULL,1,0,0,NULL,8,'2026-11-28T13:04:17.432Z','20530-01a22241-a77b-74ae-87f8-3f88400e036d','2026-11-28T13:04:17.794Z',NULL,'push:01a22241-5383-706e-89a7-6558b6dfbab4',NULL,50,0,'push:01a22241-a617-75a0-80a1-5d7f795c2b50','2026-11-28T13:04:17.424Z','2026-11-28T13:04:17.794Z','2026-11-28T13:04:17.962Z');
INSERT INTO "job" VALUES('01a22241-acfb-738a-89fa-1a78de7e90ac','01a22241-4a75-7a98-9621-6163bd9c5149','push',NULL,'01a22241-5383-706e-89a7-6558b6dfbab4','remove_asset','{"type":"remove_asset","push":"01a22241-a617-75a0-80a1-5d7f795c2b50","connection":"01a22241-5383-706e-89a7-6558b6dfbab4","trigger":"manual"}','completed',0,NULL,NULL,1,0,0,NULL,8,'2026-11-28T13:04:19.195Z','20549-01a22241-acf9-735e-a5e4-253cd1e69aea','2026-11-28T13:04:19.264Z',NULL,'push:01a22241-5383-706e-89a7-6558b6dfbab4',NULL,50,0,'remove:01a22241-a617-75a0-80a1-5d7f795c2b50','2026-11-28T13:04:19.193Z','2026-11-28T13:04:19.264Z','2026-11-28T13:04:19.296Z');
INSERT INTO "job" VALUES('01a22241-b15e-7aff-a50f-cd1732cc5a69','01a22241-4a75-7a98-9621-6163bd9c5149','push',NULL,'01a22241-5383-706e-89a7-6558b6dfbab4','push_asset','{"type":"push_asset","push":"01a22241-b15d-74b7-b4a2-396085c8c09e","connection":"01a22241-5383-706e-89a7-6558b6dfbab4","trigger":"approval"}','completed',0,NULL,NULL,1,0,0,NULL,8,'2026-11-28T13:04:20.318Z','20579-01a22241-b30a-78b4-91e2-a987b21461d3','2026-11-28T13:04:20.752Z',NULL,'push:01a22241-5383-706e-89a7-6558b6dfbab4',NULL,50,0,'push:01a22241-b15d-74b7-b4a2-396085c8c09e','2026-11-28T13:04:20.256Z','2026-11-28T13:04:20.752Z','2026-11-28T13:04:20.799Z');
INSERT INTO "job" VALUES('01a22241-c3a6-7b09-8050-ab6af00f60f2','01a22241-4a75-7a98-9621-6163bd9c5149','import',NULL,'01a22241-57c9-7fa6-88b2-7868f8653f39','import_products','{"type":"import_products","connection":"01a22241-57c9-7fa6-88b2-7868f8653f39","scope":"changes","trigger":"manual","accept_deletes":false}','failed',0,NULL,'Sandbox shop: GET 127.0.0.1:4104/api/products answered 401 (the shop has removed this app). The shop has removed the app.',1,1,0,NULL,3,'2026-11-28T13:04:24.998Z','20674-01a22241-c3a5-7652-b570-3186420cd50c','2026-11-28T13:04:25.006Z',NULL,'import:01a22241-57c9-7fa6-88b2-7868f8653f39',NULL,50,0,'import:01a22241-57c9-7fa6-88b2-7868f8653f39:changes','2026-11-28T13:04:24.998Z','2026-11-28T13:04:25.006Z','2026-11-28T13:04:25.049Z');
INSERT INTO "job" VALUES('01a22241-c6a9-7c5a-b736-cfd7bca45960','01a22241-4a75-7a98-9621-6163bd9c5149','import',NULL,'01a22241-5bfe-70cf-9046-071f4ca4fb76','import_products','{"type":"import_products","connection":"01a22241-5bfe-70cf-9046-071f4ca4fb76","scope":"full","trigger":"manual","accept_deletes":false}','pending',0,NULL,'Corner shop: GET 127.0.0.1:4105/api/products answered 503 (something broke in the shop)',1,1,0,NULL,3,'2026-11-28T13:04:37.895Z',NULL,'2026-11-28T13:04:25.778Z',NULL,'import:01a22241-5bfe-70cf-9046-071f4ca4fb76',NULL,50,0,'import:01a22241-5bfe-70cf-9046-071f4ca4fb76:full','2026-11-28T13:04:25.769Z','2026-11-28T13:04:25.778Z',NULL);
INSERT INTO "job" VALUES('01a22241-cdf1-7a54-a11f-c96d3f8404c0','01a22241-4a75-7a98-9621-6163bd9c5149','import',NULL,'01a22241-5e4a-7117-81c6-32c838679026','import_products','{"type":"import_products","connection":"01a22241-5e4a-7117-81c6-32c838679026","scope":"changes","trigger":"webhook","accept_deletes":false}','completed',0,NULL,NULL,1,0,0,NULL,3,'2026-11-28T13:04:27.633Z','20710-01a22241-cc29-7efc-88c7-2032e12833aa','2026-11-28T13:04:27.635Z',NULL,'import:01a22241-5e4a-7117-81c6-32c838679026',NULL,80,0,'import:01a22241-5e4a-7117-81c6-32c838679026:webhook','2026-11-28T13:04:27.633Z','2026-11-28T13:04:27.635Z','2026-11-28T13:04:27.669Z');
INSERT INTO "job" VALUES('01a22241-d027-7ac3-b1fb-0901408c0dcf','01a22241-4a75-7a98-9621-6163bd9c5149','import',NULL,'01a22241-5383-706e-89a7-6558b6dfbab4','import_products','{"type":"import_products","connection":"01a22241-5383-706e-89a7-6558b6dfbab4","scope":"changes","trigger":"schedule","accept_deletes":false}','completed',0,NULL,NULL,1,0,0,NULL,3,'2026-11-28T13:04:28.195Z','20710-01a22241-cc29-7efc-88c7-2032e12833aa','2026-11-28T13:04:28.202Z',NULL,'import:01a22241-5383-706e-89a7-6558b6dfbab4',NULL,100,0,'import:01a22241-5383-706e-89a7-6558b6dfbab4:2026-11-28T13:04:02.569Z','2026-11-28T13:04:28.195Z','2026-11-28T13:04:28.202Z','2026-11-28T13:04:28.230Z');
INSERT INTO "job" VALUES('01a22241-d73c-72ed-a0d2-a240cd37f17a','01a22241-4a75-7a98-9621-6163bd9c5149','generate','01a22241-8595-7901-aae4-bd66cb4cc104',NULL,'generate','{"type":"generate","asset":"01a22241-d73c-7b9a-9895-a8fd7c13ddbe","client":"01a22241-4a75-7a98-9621-6163bd9c5149","flow":"01a22241-8595-7901-aae4-bd66cb4cc104","by_model":true}','processing',0,NULL,NULL,1,0,0,NULL,3,'2026-11-28T13:04:30.016Z','20710-01a22241-cc29-7efc-88c7-2032e12833aa','2026-11-28T13:04:30.130Z','2026-11-28T13:04:50.130Z','generate:01a22241-d73c-7b9a-9895-a8fd7c13ddbe','generate:01a22241-d73c-7b9a-9895-a8fd7c13ddbe',100,0,NULL,'2026-11-28T13:04:30.016Z','2026-11-28T13:04:30.130Z',NULL);
INSERT INTO "job" VALUES('01a22241-d90a-737d-949f-e7e06ef914b8','01a22241-4a75-7a98-9621-6163bd9c5149','push',NULL,'01a22241-5383-706e-89a7-6558b6dfbab4','push_asset','{"type":"push_asset","push":"01a22241-d909-7334-bf38-08d3973510c6","connection":"01a22241-5383-706e-89a7-6558b6dfbab4","trigger":"approval"}','processing',0,NULL,NULL,1,0,0,NULL,8,'2026-11-28T13:04:30.474Z','20710-01a22241-cc29-7efc-88c7-2032e12833aa','2026-11-28T13:04:30.535Z','2026-11-28T13:04:50.535Z','push:01a22241-5383-706e-89a7-6558b6dfbab4','push:01a22241-5383-706e-89a7-6558b6dfbab4',50,0,'push:01a22241-d909-7334-bf38-08d3973510c6','2026-11-28T13:04:30.472Z','2026-11-28T13:04:30.535Z',NULL);
INSERT INTO "job" VALUES('01a22241-dd48-7669-bbe3-9ea2fb8d891d','01a22241-4a75-7a98-9621-6163bd9c5149','generate','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'generate','{"type":"generate","asset":"01a22241-dd48-7494-9c5a-75aa0bfbc18a","client":"01a22241-4a75-7a98-9621-6163bd9c5149","flow":"01a22241-843d-7559-94e2-11910d37a5ad","by_model":false}','pending',0,NULL,NULL,0,0,0,NULL,3,'2026-11-28T13:04:31.563Z',NULL,NULL,NULL,'generate:01a22241-dd48-7494-9c5a-75aa0bfbc18a',NULL,100,0,NULL,'2026-11-28T13:04:31.563Z',NULL,NULL);
INSERT INTO "job" VALUES('01a22241-dd49-7440-82a6-9f47cf710429','01a22241-4a75-7a98-9621-6163bd9c5149','generate','01a22241-843d-7559-94e2-11910d37a5ad',NULL,'generate','{"type":"generate","asset":"01a22241-dd49-7e67-80d6-0fcfe88c63e0","client":"01a22241-4a75-7a98-9621-6163bd9c5149","flow":"01a22241-843d-7559-94e2-11910d37a5ad","by_model":false}','pending',0,NULL,NULL,0,0,0,NULL,3,'2026-11-28T13:04:31.564Z',NULL,NULL,NULL,'generate:01a22241-dd49-7e67-80d6-0fcfe88c63e0',NULL,100,1,NULL,'2026-11-28T13:04:31.564Z',NULL,NULL);
INSERT INTO "job" VALUES('01a22241-dfcc-75c0-8c2e-713e42d1ccbd','01a22241-4a75-7a98-9621-6163bd9c5149','import',NULL,'01a22241-5383-706e-89a7-6558b6dfbab4','import_products','{"type":"import_products","connection":"01a22241-5383-706e-89a7-6558b6dfbab4","scope":"changes","trigger":"manual","accept_deletes":false}','pending',0,NULL,NULL,0,0,0,NULL,3,'2026-11-28T13:04:32.204Z',NULL,NULL,NULL,'import:01a22241-5383-706e-89a7-6558b6dfbab4',NULL,50,0,'import:01a22241-5383-706e-89a7-6558b6dfbab4:changes','2026-11-28T13:04:32.204Z',NULL,NULL);
INSERT INTO "job" VALUES('01a22241-e184-7bf5-aa8f-3c159e9decab','01a22241-4a75-7a98-9621-6163bd9c5149','push',NULL,'01a22241-5383-706e-89a7-6558b6dfbab4','push_asset','{"type":"push_asset","push":"01a22241-e183-709a-afc1-73940611ec21","connection":"01a22241-5383-706e-89a7-6558b6dfbab4","trigger":"approval"}','pending',0,NULL,NULL,0,0,0,NULL,8,'2026-11-28T13:04:32.644Z',NULL,NULL,NULL,'push:01a22241-5383-706e-89a7-6558b6dfbab4',NULL,50,0,'push:01a22241-e183-709a-afc1-73940611ec21','2026-11-28T13:04:32.642Z',NULL,NULL);
CREATE TABLE member (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
    role TEXT NOT NULL DEFAULT 'member',
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT member_client_user_unique UNIQUE (client_id, user_id)
);
INSERT INTO "member" VALUES('01a22241-4e00-78b7-8b0f-7edb568faa89','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-4e00-7710-9643-a06d3243c49f','owner','2026-11-28T13:03:54.878Z','2026-11-28T13:03:54.878Z');
INSERT INTO "member" VALUES('01a22241-4f23-7376-bfa8-01ebd578045c','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-4f22-7f70-971a-71ef3192f2e9','member','2026-11-28T13:03:55.169Z','2026-11-28T13:03:55.169Z');
CREATE TABLE message (
    id TEXT NOT NULL PRIMARY KEY,
    chat_session_id TEXT REFERENCES chat_session (id) ON DELETE CASCADE,
    collection_session_id TEXT REFERENCES collection_session (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    parts TEXT NOT NULL CHECK (json_valid(parts)),
    base_image_id TEXT,
    base_image_ids TEXT CHECK (json_valid(base_image_ids)),
    inspiration_image_id TEXT,
    version INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    from_legacy BOOLEAN NOT NULL DEFAULT false CHECK (from_legacy IN (0, 1)),
    CONSTRAINT message_session_check CHECK ((chat_session_id IS NOT NULL AND collection_session_id IS NULL) OR (chat_session_id IS NULL AND collection_session_id IS NOT NULL))
);
INSERT INTO "message" VALUES('01a22241-7ce5-768f-b0a4-36cdcfa71749',NULL,'01a22241-79b4-7327-a749-99754ddd5b41','user','[{"type":"text","text":"on a wooden table"}]',NULL,NULL,NULL,1,'2026-11-28T13:04:06.885Z','2026-11-28T13:04:06.885Z',0);
INSERT INTO "message" VALUES('01a22241-7e66-701d-aa47-f675240a8082',NULL,'01a22241-79b4-7327-a749-99754ddd5b41','assistant','[{"type":"text","text":"as you wish"}]',NULL,NULL,NULL,1,'2026-11-28T13:04:07.270Z','2026-11-28T13:04:07.270Z',0);
CREATE TABLE oauth_state (
    state_hash TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    user_id TEXT REFERENCES "user" (id) ON DELETE SET NULL,
    store_connection_id TEXT REFERENCES store_connection (id) ON DELETE CASCADE,
    store_type TEXT NOT NULL,
    store_url TEXT NOT NULL,
    facts TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(facts)),
    browser_hash TEXT,
    requested_scopes TEXT NOT NULL CHECK (json_valid(requested_scopes)),
    code_verifier_sealed TEXT,
    grant_sealed TEXT,
    return_url TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    expires_at TEXT NOT NULL,
    consumed_at TEXT
);
INSERT INTO "oauth_state" VALUES('21074f180221ab5688a81c910e879e92ab88dbd510be402577ceafd86a8d882e','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,NULL,'sandbox','http://127.0.0.1:4101','{"shop":"http://127.0.0.1:4101"}','4772ad2c4ea2d27977cfe0bffdc74a6295a0c44a9333a05e35b27383ee979c56','["products","pictures"]',NULL,NULL,NULL,'2026-11-28T13:03:56.263Z','2026-11-28T13:18:56.263Z','2026-11-28T13:03:56.281Z');
INSERT INTO "oauth_state" VALUES('9243938afa40f820958f9631fbca9c59fd0dc2bca9e6b74e31095df8d8e09345','01a22241-4c06-703f-9a87-814f4f3e2ca4',NULL,NULL,'sandbox','http://127.0.0.1:4102','{"shop":"http://127.0.0.1:4102"}','35c7a7c0322f0804f52ec0dd93a78447dd77b953ccf501dbd7d56b9e250b9683','["products","pictures"]',NULL,NULL,NULL,'2026-11-28T13:03:56.543Z','2026-11-28T13:18:56.543Z','2026-11-28T13:03:56.559Z');
INSERT INTO "oauth_state" VALUES('d94b7d17640c8bcc037e157c3ef1c3fd9d89c6bc17907a29bea05e449f1e6b86','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,NULL,'sandbox','http://127.0.0.1:4103','{"shop":"http://127.0.0.1:4103"}','5fae703f05d2fa01fbb0625a73da97843a224eb5c2c13abec57a231df0bfddd6','["products","pictures"]',NULL,NULL,NULL,'2026-11-28T13:03:56.912Z','2026-11-28T13:18:56.912Z','2026-11-28T13:03:56.927Z');
INSERT INTO "oauth_state" VALUES('b415b3e6db9c2f28273e15e3707124811bc190554310d984d8ed1f965a32bf1d','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,NULL,'sandbox','http://127.0.0.1:4104','{"shop":"http://127.0.0.1:4104"}','1de398f18b7422c023ff20f02b333e0dd195073b841188973817cb1af7f321f4','["products","pictures"]',NULL,NULL,NULL,'2026-11-28T13:03:57.364Z','2026-11-28T13:18:57.364Z','2026-11-28T13:03:57.377Z');
INSERT INTO "oauth_state" VALUES('765f0c8ceb84bb1c33aa45b636cb0ba4927c5ed095d820f9e9d56a0b9ad0c15e','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,NULL,'corner','http://127.0.0.1:4105','{"shop":"http://127.0.0.1:4105"}','90fcec64a1ae309a0724e6e919f40fa09c3b5a8ebde3fc82b2b2d6132994b420','["products","pictures"]',NULL,NULL,NULL,'2026-11-28T13:03:58.194Z','2026-11-28T13:18:58.194Z','2026-11-28T13:03:58.452Z');
INSERT INTO "oauth_state" VALUES('d2b2941fa5dfcd11fdbc9069af0edc6597784e4869708015c965bd7341d6fd2a','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,NULL,'shopify','https://acme.myshopify.com','{"shop":"acme.myshopify.com"}','102e15d4cbb1119076d319fc512f073862ed7f4d94498c296acdf981637dc205','["read_products","write_products","read_files","write_files"]',NULL,NULL,NULL,'2026-11-28T13:03:59.021Z','2026-11-28T13:18:59.021Z','2026-11-28T13:03:59.033Z');
INSERT INTO "oauth_state" VALUES('a8d43a027394adfac22c60604f2c85cf5d76bc8d2c9861a71c17c66330154d7a','01a22241-4c06-703f-9a87-814f4f3e2ca4',NULL,NULL,'sandbox','http://127.0.0.1:4104','{"shop":"http://127.0.0.1:4104"}','ae4acde4feaa800265f72f45f41ac1b3d871a7d6206560d3a734a8c6d86bf031','["products","pictures"]','v1.EDlZo1kdf0/M+YlC.xlhCheQyLO98dNW/+UEg6w==.PB06ze7Ptxi2+jPsSRB45laRLgHlOoHCwhobo7LB7SCURTRB3olEdJseXQ==',NULL,NULL,'2026-11-28T13:04:29.481Z','2026-11-28T13:19:29.481Z',NULL);
CREATE TABLE product (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT,
    category TEXT,
    room_types TEXT CHECK (json_valid(room_types)),
    model_filename TEXT,
    favorite_images TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(favorite_images)),
    scene_images TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(scene_images)),
    is_favorite BOOLEAN NOT NULL DEFAULT false CHECK (is_favorite IN (0, 1)),
    source TEXT NOT NULL DEFAULT 'uploaded',
    store_connection_id TEXT REFERENCES store_connection (id) ON DELETE SET NULL,
    erp_id TEXT,
    erp_sku TEXT,
    erp_url TEXT,
    imported_at TEXT,
    analysis_data TEXT CHECK (json_valid(analysis_data)),
    analysis_version TEXT,
    analyzed_at TEXT,
    price TEXT,
    currency TEXT,
    metadata TEXT CHECK (json_valid(metadata)),
    erp_status TEXT,
    erp_updated_at TEXT,
    erp_hash TEXT,
    last_synced_at TEXT,
    last_seen_run_id TEXT,
    erp_deleted_at TEXT,
    edited_fields TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(edited_fields)),
    version INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT product_source_check CHECK (source IN ('imported', 'uploaded')),
    CONSTRAINT product_imported_check CHECK (source <> 'imported' OR erp_id IS NOT NULL)
);
INSERT INTO "product" VALUES('01a22241-53b8-7841-8b1b-19c66b769984','01a22241-4a75-7a98-9621-6163bd9c5149','Terracotta Mug','<p>A mug that keeps tea warm and hands happy. Made in small batches.</p>','Kitchen',NULL,NULL,'[]','[]',0,'imported','01a22241-5383-706e-89a7-6558b6dfbab4','1001','MUG-1001','http://127.0.0.1:4101/products/1001','2026-11-28T13:03:56.340Z','{"productType":"Kitchen","materials":[],"colors":["terracotta","rust","dark brown"],"style":"","suggestedRoomTypes":["kitchen"],"scaleHints":"even","promptKeywords":["terracotta","rust"],"plainBackground":true,"palette":["#d37352","#97523b","#5a3b28"],"version":"studio/1","picture":"1a0fe7a26c2c1a4f"}','studio/1','2026-11-28T13:04:05.457Z','9.00','EUR',NULL,'active','2026-11-28T13:03:52.487Z','1:174e3ab97171c386ac3262dd6dbdf3a3eafe68c82e9bf6db76b104cebbbb3487','2026-11-28T13:04:28.219Z','01a22241-d030-79c3-b0cc-346064ecd917',NULL,'[]',2,'2026-11-28T13:03:56.340Z','2026-11-28T13:04:28.219Z');
INSERT INTO "product" VALUES('01a22241-53b8-75ca-a72f-e4b0c1e0cf8e','01a22241-4a75-7a98-9621-6163bd9c5149','Terracotta Vase','<p>A vase with room for one branch or a whole meadow. Made in small batches.</p>','Living',NULL,NULL,'[]','[]',0,'imported','01a22241-5383-706e-89a7-6558b6dfbab4','1002','VAS-1002','http://127.0.0.1:4101/products/1002','2026-11-28T13:03:56.340Z','{"productType":"warm oak","materials":["warm oak"],"colors":["warm oak"],"style":"warm oak","suggestedRoomTypes":["warm oak"],"scaleHints":"warm oak","promptKeywords":["warm oak"],"version":"gemini/1","picture":"daafcd4927c510ba"}','gemini/1','2026-11-28T13:04:12.136Z','16.37','EUR',NULL,'active','2026-11-28T13:03:52.487Z','1:0b302ef2b9209643cf21c0166e43046b3e80a5863ccdebdc38c0f78ef1210b52','2026-11-28T13:04:28.219Z','01a22241-d030-79c3-b0cc-346064ecd917',NULL,'[]',2,'2026-11-28T13:03:56.340Z','2026-11-28T13:04:28.219Z');
INSERT INTO "product" VALUES('01a22241-53b8-7fd9-bebf-d79ba59e843a','01a22241-4a75-7a98-9621-6163bd9c5149','Terracotta Table Lamp','<p>Soft light for late pages. Made in small batches.</p>','Lighting',NULL,NULL,'[]','[]',0,'imported','01a22241-5383-706e-89a7-6558b6dfbab4','1003','LMP-1003','http://127.0.0.1:4101/products/1003','2026-11-28T13:03:56.340Z',NULL,NULL,NULL,'23.74','EUR',NULL,'active','2026-11-28T13:03:52.487Z','1:0745f62bd02b1406899da7f935931098be4e3e45f8ae95d41002b691318880a3','2026-11-28T13:03:56.340Z','01a22241-539a-7d15-bf57-1bd5d5ab4e9a',NULL,'[]',1,'2026-11-28T13:03:56.340Z','2026-11-28T13:03:56.340Z');
INSERT INTO "product" VALUES('01a22241-53b8-7c70-84d4-be2805b49b45','01a22241-4a75-7a98-9621-6163bd9c5149','A chair, renamed','<p>Sits well at the table and by the window. Made in small batches.</p>','Furniture',NULL,NULL,'[]','[]',0,'imported','01a22241-5383-706e-89a7-6558b6dfbab4','1004','CHR-1004','http://127.0.0.1:4101/products/1004','2026-11-28T13:03:56.340Z',NULL,NULL,NULL,'31.11','EUR',NULL,'active','2026-11-28T13:04:03.284Z','1:ea093567d028134eb2513761d1ada9d9d55cda43c266f255a0a41436d4b97119','2026-11-28T13:04:03.772Z','01a22241-70a7-72bd-b347-fe6c2270c2f2',NULL,'[]',2,'2026-11-28T13:03:56.340Z','2026-11-28T13:04:03.772Z');
INSERT INTO "product" VALUES('01a22241-53b8-78dc-9f23-f067da18f4ac','01a22241-4a75-7a98-9621-6163bd9c5149','Terracotta Side Table','<p>Holds a cup, a book and your keys. Made in small batches.</p>','Furniture',NULL,NULL,'[]','[]',0,'imported','01a22241-5383-706e-89a7-6558b6dfbab4','1005','TBL-1005','http://127.0.0.1:4101/products/1005','2026-11-28T13:03:56.340Z',NULL,NULL,NULL,'38.48','EUR',NULL,'deleted','2026-11-28T13:03:52.487Z',NULL,'2026-11-28T13:03:56.340Z','01a22241-539a-7d15-bf57-1bd5d5ab4e9a','2026-11-28T13:04:03.791Z','[]',2,'2026-11-28T13:03:56.340Z','2026-11-28T13:03:56.340Z');
INSERT INTO "product" VALUES('01a22241-54be-773e-a9e2-d4ddbb6694fc','01a22241-4c06-703f-9a87-814f4f3e2ca4','Terracotta Mug','<p>A mug that keeps tea warm and hands happy. Made in small batches.</p>','Kitchen',NULL,NULL,'[]','[]',0,'imported','01a22241-5497-7742-9ef6-95ef7947720b','1001','MUG-1001','http://127.0.0.1:4102/products/1001','2026-11-28T13:03:56.604Z',NULL,NULL,NULL,'9.00','EUR',NULL,'active','2026-11-28T13:03:52.620Z','1:8ec7602cefe7ed5710b16a02a032f1a7de43c1210d498c4ce1bf575db616ab3f','2026-11-28T13:03:56.604Z','01a22241-54ae-76bf-9eed-92c33cb6d490',NULL,'[]',1,'2026-11-28T13:03:56.604Z','2026-11-28T13:03:56.604Z');
INSERT INTO "product" VALUES('01a22241-54be-7369-95cc-6cf52b2a6c04','01a22241-4c06-703f-9a87-814f4f3e2ca4','Terracotta Vase','<p>A vase with room for one branch or a whole meadow. Made in small batches.</p>','Living',NULL,NULL,'[]','[]',0,'imported','01a22241-5497-7742-9ef6-95ef7947720b','1002','VAS-1002','http://127.0.0.1:4102/products/1002','2026-11-28T13:03:56.604Z',NULL,NULL,NULL,'16.37','EUR',NULL,'active','2026-11-28T13:03:52.620Z','1:d8e1d00a13727605b0d6161454dde0e06c37bac52c2109463d200e908a719e21','2026-11-28T13:03:56.604Z','01a22241-54ae-76bf-9eed-92c33cb6d490',NULL,'[]',1,'2026-11-28T13:03:56.604Z','2026-11-28T13:03:56.604Z');
INSERT INTO "product" VALUES('01a22241-5648-708a-880d-010dd6aea2ae','01a22241-4a75-7a98-9621-6163bd9c5149','Terracotta Mug','<p>A mug that keeps tea warm and hands happy. Made in small batches.</p>','Kitchen',NULL,NULL,'[]','[]',0,'imported','01a22241-560a-7336-a662-16d1a3aa74b8','1001','MUG-1001','http://127.0.0.1:4103/products/1001','2026-11-28T13:03:56.984Z',NULL,NULL,NULL,'9.00','EUR',NULL,'active','2026-11-28T13:03:52.782Z','1:d9697efb389f880a407ba67d139ba1a8d0d5581cb9ba5536241295521dc0d757','2026-11-28T13:03:56.984Z','01a22241-5628-7619-a5cb-db4ee1c56e39',NULL,'[]',1,'2026-11-28T13:03:56.984Z','2026-11-28T13:03:56.984Z');
INSERT INTO "product" VALUES('01a22241-57e8-7908-b7ee-01d82a611c61','01a22241-4a75-7a98-9621-6163bd9c5149','Terracotta Mug','<p>A mug that keeps tea warm and hands happy. Made in small batches.</p>','Kitchen',NULL,NULL,'[]','[]',0,'imported','01a22241-57c9-7fa6-88b2-7868f8653f39','1001','MUG-1001','http://127.0.0.1:4104/products/1001','2026-11-28T13:03:57.415Z',NULL,NULL,NULL,'9.00','EUR',NULL,'active','2026-11-28T13:03:52.848Z','1:c9c44d17079b58c3f5f95199680e54c53240bc10fb5a041d9c70a725bae78f39','2026-11-28T13:03:57.415Z','01a22241-57d4-79ce-adf6-a53de1e49e91',NULL,'[]',1,'2026-11-28T13:03:57.415Z','2026-11-28T13:03:57.415Z');
INSERT INTO "product" VALUES('01a22241-5c1c-7bd1-b4c2-4782f3afc61a','01a22241-4a75-7a98-9621-6163bd9c5149','Terracotta Mug','<p>A mug that keeps tea warm and hands happy. Made in small batches.</p>','Kitchen',NULL,NULL,'[]','[]',0,'imported','01a22241-5bfe-70cf-9046-071f4ca4fb76','1001','MUG-1001','http://127.0.0.1:4105/products/1001','2026-11-28T13:03:58.491Z',NULL,NULL,NULL,'9.00','EUR',NULL,'active','2026-11-28T13:03:52.936Z','1:1545aff310bd8f78ecbaa6b7a5d28a075913cfa238b3d54aee12b13da0c24bcc','2026-11-28T13:03:58.491Z','01a22241-5c0f-7f94-9268-cbfa0e8cc274',NULL,'[]',1,'2026-11-28T13:03:58.491Z','2026-11-28T13:03:58.491Z');
INSERT INTO "product" VALUES('01a22241-5c1c-7b5f-97ad-812e548ced7a','01a22241-4a75-7a98-9621-6163bd9c5149','Terracotta Vase','<p>A vase with room for one branch or a whole meadow. Made in small batches.</p>','Living',NULL,NULL,'[]','[]',0,'imported','01a22241-5bfe-70cf-9046-071f4ca4fb76','1002','VAS-1002','http://127.0.0.1:4105/products/1002','2026-11-28T13:03:58.491Z',NULL,NULL,NULL,'16.37','EUR',NULL,'active','2026-11-28T13:03:52.936Z','1:493a5ed7ac0515fa3cbf1e8b2ffb4f3047fce5aee2c4d4f52187adc1a3df2de9','2026-11-28T13:03:58.491Z','01a22241-5c0f-7f94-9268-cbfa0e8cc274',NULL,'[]',1,'2026-11-28T13:03:58.491Z','2026-11-28T13:03:58.491Z');
INSERT INTO "product" VALUES('01a22241-5c32-79fb-a096-d60171b74ce4','01a22241-4a75-7a98-9621-6163bd9c5149','Terracotta Table Lamp','<p>Soft light for late pages. Made in small batches.</p>','Lighting',NULL,NULL,'[]','[]',0,'imported','01a22241-5bfe-70cf-9046-071f4ca4fb76','1003','LMP-1003','http://127.0.0.1:4105/products/1003','2026-11-28T13:03:58.502Z',NULL,NULL,NULL,'23.74','EUR',NULL,'active','2026-11-28T13:03:52.936Z','1:cd5556826c9e89301a14ae8156e030ea77c3a15ba39f3972f72d5eb5a14a56c1','2026-11-28T13:03:58.502Z','01a22241-5c0f-7f94-9268-cbfa0e8cc274',NULL,'[]',1,'2026-11-28T13:03:58.502Z','2026-11-28T13:03:58.502Z');
INSERT INTO "product" VALUES('01a22241-5c32-7614-8505-0c90751f9dd8','01a22241-4a75-7a98-9621-6163bd9c5149','Terracotta Chair','<p>Sits well at the table and by the window. Made in small batches.</p>','Furniture',NULL,NULL,'[]','[]',0,'imported','01a22241-5bfe-70cf-9046-071f4ca4fb76','1004','CHR-1004','http://127.0.0.1:4105/products/1004','2026-11-28T13:03:58.502Z',NULL,NULL,NULL,'31.11','EUR',NULL,'active','2026-11-28T13:03:52.936Z','1:55ad5e085372d9ca6f8f3939862fe3f20f540c65ddd343a58c349e337a0714f6','2026-11-28T13:03:58.502Z','01a22241-5c0f-7f94-9268-cbfa0e8cc274',NULL,'[]',1,'2026-11-28T13:03:58.502Z','2026-11-28T13:03:58.502Z');
INSERT INTO "product" VALUES('01a22241-5c41-708c-92cd-356ce964495e','01a22241-4a75-7a98-9621-6163bd9c5149','Terracotta Side Table','<p>Holds a cup, a book and your keys. Made in small batches.</p>','Furniture',NULL,NULL,'[]','[]',0,'imported','01a22241-5bfe-70cf-9046-071f4ca4fb76','1005','TBL-1005','http://127.0.0.1:4105/products/1005','2026-11-28T13:03:58.528Z',NULL,NULL,NULL,'38.48','EUR',NULL,'active','2026-11-28T13:03:52.936Z','1:e1d5bf12b4d0ce73e378d245801809de625e94ac57496900a0cd6ec50795560e','2026-11-28T13:03:58.528Z','01a22241-5c0f-7f94-9268-cbfa0e8cc274',NULL,'[]',1,'2026-11-28T13:03:58.528Z','2026-11-28T13:03:58.528Z');
INSERT INTO "product" VALUES('01a22241-5ed3-7719-88f6-46d1607be074','01a22241-4a75-7a98-9621-6163bd9c5149','Terracotta Mug','<p>A mug that keeps tea warm and hands happy. Made in small batches.</p>','Kitchen',NULL,NULL,'[]','[]',0,'imported','01a22241-5e4a-7117-81c6-32c838679026','gid://shopify/Product/1001','MUG-1001','https://acme.myshopify.com/products/1001','2026-11-28T13:03:59.186Z',NULL,NULL,NULL,'9.00','EUR',NULL,'active','2026-11-28T13:03:53.295Z','1:145cd55d28b1881b123e03b7ac0a89cec58e53eb331cbaa96db90de3ab693a8a','2026-11-28T13:03:59.186Z','01a22241-5ea5-7524-b1e1-65c910bd5ce4',NULL,'[]',1,'2026-11-28T13:03:59.186Z','2026-11-28T13:03:59.186Z');
INSERT INTO "product" VALUES('01a22241-5ed3-71d3-84ce-48eede597689','01a22241-4a75-7a98-9621-6163bd9c5149','Terracotta Vase','<p>A vase with room for one branch or a whole meadow. Made in small batches.</p>','Living',NULL,NULL,'[]','[]',0,'imported','01a22241-5e4a-7117-81c6-32c838679026','gid://shopify/Product/1002','VAS-1002','https://acme.myshopify.com/products/1002','2026-11-28T13:03:59.186Z',NULL,NULL,NULL,'16.37','EUR',NULL,'active','2026-11-28T13:03:53.295Z','1:d5fd5e8dc4a8f0cf50d06bbf14cc88ce9c78712cda996a4f843cfd04bf701a40','2026-11-28T13:03:59.186Z','01a22241-5ea5-7524-b1e1-65c910bd5ce4',NULL,'[]',1,'2026-11-28T13:03:59.186Z','2026-11-28T13:03:59.186Z');
INSERT INTO "product" VALUES('01a22241-74f7-7610-a261-db5a131f736d','01a22241-4a75-7a98-9621-6163bd9c5149','Own mug','Unikat','Mugs',NULL,NULL,'[]','[]',0,'uploaded',NULL,NULL,NULL,NULL,NULL,'{"productType":"Mugs","materials":[],"colors":["terracotta","rust","dark brown"],"style":"","suggestedRoomTypes":["kitchen"],"scaleHints":"even","promptKeywords":["terracotta","rust"],"plainBackground":true,"palette":["#d37352","#97523b","#5a3b28"],"version":"studio/1","picture":"3980bdec364b70b9"}','studio/1','2026-11-28T13:04:05.569Z',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]',1,'2026-11-28T13:04:04.888Z','2026-11-28T13:04:04.888Z');
CREATE TABLE product_image (
    id TEXT NOT NULL PRIMARY KEY,
    product_id TEXT NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    r2_key_base TEXT NOT NULL,
    r2_key_preview TEXT,
    sort_order INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    is_primary BOOLEAN NOT NULL DEFAULT false CHECK (is_primary IN (0, 1)),
    sync_status TEXT NOT NULL DEFAULT 'local',
    external_image_id TEXT,
    original_store_url TEXT,
    generated_asset_id TEXT,
    sha256 TEXT,
    mime_type TEXT,
    width INTEGER,
    height INTEGER,
    alt_text TEXT,
    deleted_at TEXT,
    CONSTRAINT product_image_sync_status_check CHECK (sync_status IN ('local', 'synced', 'unsynced', 'removed'))
);
INSERT INTO "product_image" VALUES('01a22241-53b9-78fe-b25e-6a69ac505272','01a22241-53b8-7841-8b1b-19c66b769984','clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-53b8-7841-8b1b-19c66b769984/media/images/base/01a22241-53b9-78fe-b25e-6a69ac505272.png',NULL,0,2,'2026-11-28T13:03:56.340Z','2026-11-28T13:04:28.219Z',1,'synced','i1001-1','http://127.0.0.1:4101/pictures/1001-1.png',NULL,NULL,NULL,NULL,NULL,'Terracotta Mug, view 1',NULL);
INSERT INTO "product_image" VALUES('01a22241-53b9-70e0-b72a-67eb4341f2e7','01a22241-53b8-75ca-a72f-e4b0c1e0cf8e','clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-53b8-75ca-a72f-e4b0c1e0cf8e/media/images/base/01a22241-53b9-70e0-b72a-67eb4341f2e7.png',NULL,0,2,'2026-11-28T13:03:56.340Z','2026-11-28T13:04:28.219Z',1,'synced','i1002-1','http://127.0.0.1:4101/pictures/1002-1.png',NULL,NULL,NULL,NULL,NULL,'Terracotta Vase, view 1',NULL);
INSERT INTO "product_image" VALUES('01a22241-53b9-772f-afb5-a8f9fe4281a1','01a22241-53b8-75ca-a72f-e4b0c1e0cf8e','clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-53b8-75ca-a72f-e4b0c1e0cf8e/media/images/base/01a22241-53b9-772f-afb5-a8f9fe4281a1.png',NULL,1,2,'2026-11-28T13:03:56.340Z','2026-11-28T13:04:28.219Z',0,'synced','i1002-2','http://127.0.0.1:4101/pictures/1002-2.png',NULL,NULL,NULL,NULL,NULL,'Terracotta Vase, view 2',NULL);
INSERT INTO "product_image" VALUES('01a22241-53b9-7a65-8c9d-c0faef666a02','01a22241-53b8-7fd9-bebf-d79ba59e843a','clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-53b8-7fd9-bebf-d79ba59e843a/media/images/base/01a22241-53b9-7a65-8c9d-c0faef666a02.png',NULL,0,1,'2026-11-28T13:03:56.340Z','2026-11-28T13:03:56.340Z',1,'synced','i1003-1','http://127.0.0.1:4101/pictures/1003-1.png',NULL,NULL,NULL,NULL,NULL,'Terracotta Table Lamp, view 1',NULL);
INSERT INTO "product_image" VALUES('01a22241-53b9-757b-b336-69553ed4a372','01a22241-53b8-7c70-84d4-be2805b49b45','clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-53b8-7c70-84d4-be2805b49b45/media/images/base/01a22241-53b9-757b-b336-69553ed4a372.png',NULL,0,2,'2026-11-28T13:03:56.340Z','2026-11-28T13:04:03.772Z',1,'synced','i1004-1','http://127.0.0.1:4101/pictures/1004-1.png',NULL,NULL,NULL,NULL,NULL,'Terracotta Chair, view 1',NULL);
INSERT INTO "product_image" VALUES('01a22241-53b9-78d2-86a3-a03f839cad13','01a22241-53b8-7c70-84d4-be2805b49b45','clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-53b8-7c70-84d4-be2805b49b45/media/images/base/01a22241-53b9-78d2-86a3-a03f839cad13.png',NULL,1,2,'2026-11-28T13:03:56.340Z','2026-11-28T13:04:03.772Z',0,'synced','i1004-2','http://127.0.0.1:4101/pictures/1004-2.png',NULL,NULL,NULL,NULL,NULL,'Terracotta Chair, view 2',NULL);
INSERT INTO "product_image" VALUES('01a22241-53b9-765c-bc69-24562616e83f','01a22241-53b8-78dc-9f23-f067da18f4ac','clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-53b8-78dc-9f23-f067da18f4ac/media/images/base/01a22241-53b9-765c-bc69-24562616e83f.png',NULL,0,1,'2026-11-28T13:03:56.340Z','2026-11-28T13:03:56.340Z',1,'synced','i1005-1','http://127.0.0.1:4101/pictures/1005-1.png',NULL,NULL,NULL,NULL,NULL,'Terracotta Side Table, view 1',NULL);
INSERT INTO "product_image" VALUES('01a22241-54c0-7899-911c-21f712f84502','01a22241-54be-773e-a9e2-d4ddbb6694fc','clients/01a22241-4c06-703f-9a87-814f4f3e2ca4/products/01a22241-54be-773e-a9e2-d4ddbb6694fc/media/images/base/01a22241-54c0-7899-911c-21f712f84502.png',NULL,0,1,'2026-11-28T13:03:56.604Z','2026-11-28T13:03:56.604Z',1,'synced','i1001-1','http://127.0.0.1:4102/pictures/1001-1.png',NULL,NULL,NULL,NULL,NULL,'Terracotta Mug, view 1',NULL);
INSERT INTO "product_image" VALUES('01a22241-54c0-77ed-909e-29bea9bd241d','01a22241-54be-7369-95cc-6cf52b2a6c04','clients/01a22241-4c06-703f-9a87-814f4f3e2ca4/products/01a22241-54be-7369-95cc-6cf52b2a6c04/media/images/base/01a22241-54c0-77ed-909e-29bea9bd241d.png',NULL,0,1,'2026-11-28T13:03:56.604Z','2026-11-28T13:03:56.604Z',1,'synced','i1002-1','http://127.0.0.1:4102/pictures/1002-1.png',NULL,NULL,NULL,NULL,NULL,'Terracotta Vase, view 1',NULL);
INSERT INTO "product_image" VALUES('01a22241-54c0-708b-bfdd-396057f43e13','01a22241-54be-7369-95cc-6cf52b2a6c04','clients/01a22241-4c06-703f-9a87-814f4f3e2ca4/products/01a22241-54be-7369-95cc-6cf52b2a6c04/media/images/base/01a22241-54c0-708b-bfdd-396057f43e13.png',NULL,1,1,'2026-11-28T13:03:56.604Z','2026-11-28T13:03:56.604Z',0,'synced','i1002-2','http://127.0.0.1:4102/pictures/1002-2.png',NULL,NULL,NULL,NULL,NULL,'Terracotta Vase, view 2',NULL);
INSERT INTO "product_image" VALUES('01a22241-5648-75c9-ba7c-fae529e0ef21','01a22241-5648-708a-880d-010dd6aea2ae','clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-5648-708a-880d-010dd6aea2ae/media/images/base/01a22241-5648-75c9-ba7c-fae529e0ef21.png',NULL,0,1,'2026-11-28T13:03:56.984Z','2026-11-28T13:03:56.984Z',1,'synced','i1001-1','http://127.0.0.1:4103/pictures/1001-1.png',NULL,NULL,NULL,NULL,NULL,'Terracotta Mug, view 1',NULL);
INSERT INTO "product_image" VALUES('01a22241-57e9-731c-9e0a-e4c156633a15','01a22241-57e8-7908-b7ee-01d82a611c61','clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-57e8-7908-b7ee-01d82a611c61/media/images/base/01a22241-57e9-731c-9e0a-e4c156633a15.png',NULL,0,1,'2026-11-28T13:03:57.415Z','2026-11-28T13:03:57.415Z',1,'synced','i1001-1','http://127.0.0.1:4104/pictures/1001-1.png',NULL,NULL,NULL,NULL,NULL,'Terracotta Mug, view 1',NULL);
INSERT INTO "product_image" VALUES('01a22241-5c1c-7906-86fd-9754e66359e5','01a22241-5c1c-7bd1-b4c2-4782f3afc61a','clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-5c1c-7bd1-b4c2-4782f3afc61a/media/images/base/01a22241-5c1c-7906-86fd-9754e66359e5.png',NULL,0,1,'2026-11-28T13:03:58.491Z','2026-11-28T13:03:58.491Z',1,'synced','i1001-1','http://127.0.0.1:4105/pictures/1001-1.png',NULL,NULL,NULL,NULL,NULL,'Terracotta Mug, view 1',NULL);
INSERT INTO "product_image" VALUES('01a22241-5c1c-7e3e-815e-ad988b3e3e58','01a22241-5c1c-7b5f-97ad-812e548ced7a','clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-5c1c-7b5f-97ad-812e548ced7a/media/images/base/01a22241-5c1c-7e3e-815e-ad988b3e3e58.png',NULL,0,1,'2026-11-28T13:03:58.491Z','2026-11-28T13:03:58.491Z',1,'synced','i1002-1','http://127.0.0.1:4105/pictures/1002-1.png',NULL,NULL,NULL,NULL,NULL,'Terracotta Vase, view 1',NULL);
INSERT INTO "product_image" VALUES('01a22241-5c1c-704d-aa74-97a77182ed89','01a22241-5c1c-7b5f-97ad-812e548ced7a','clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-5c1c-7b5f-97ad-812e548ced7a/media/images/base/01a22241-5c1c-704d-aa74-97a77182ed89.png',NULL,1,1,'2026-11-28T13:03:58.491Z','2026-11-28T13:03:58.491Z',0,'synced','i1002-2','http://127.0.0.1:4105/pictures/1002-2.png',NULL,NULL,NULL,NULL,NULL,'Terracotta Vase, view 2',NULL);
INSERT INTO "product_image" VALUES('01a22241-5c33-7b11-90f5-2c89c3c6854c','01a22241-5c32-79fb-a096-d60171b74ce4','clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-5c32-79fb-a096-d60171b74ce4/media/images/base/01a22241-5c33-7b11-90f5-2c89c3c6854c.png',NULL,0,1,'2026-11-28T13:03:58.502Z','2026-11-28T13:03:58.502Z',1,'synced','i1003-1','http://127.0.0.1:4105/pictures/1003-1.png',NULL,NULL,NULL,NULL,NULL,'Terracotta Table Lamp, view 1',NULL);
INSERT INTO "product_image" VALUES('01a22241-5c33-7e38-b171-622ea04547bf','01a22241-5c32-7614-8505-0c90751f9dd8','clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-5c32-7614-8505-0c90751f9dd8/media/images/base/01a22241-5c33-7e38-b171-622ea04547bf.png',NULL,0,1,'2026-11-28T13:03:58.502Z','2026-11-28T13:03:58.502Z',1,'synced','i1004-1','http://127.0.0.1:4105/pictures/1004-1.png',NULL,NULL,NULL,NULL,NULL,'Terracotta Chair, view 1',NULL);
INSERT INTO "product_image" VALUES('01a22241-5c33-7ab6-8809-7a8de3d36760','01a22241-5c32-7614-8505-0c90751f9dd8','clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-5c32-7614-8505-0c90751f9dd8/media/images/base/01a22241-5c33-7ab6-8809-7a8de3d36760.png',NULL,1,1,'2026-11-28T13:03:58.502Z','2026-11-28T13:03:58.502Z',0,'synced','i1004-2','http://127.0.0.1:4105/pictures/1004-2.png',NULL,NULL,NULL,NULL,NULL,'Terracotta Chair, view 2',NULL);
INSERT INTO "product_image" VALUES('01a22241-5c42-7bc5-af81-b39f3dad9e0b','01a22241-5c41-708c-92cd-356ce964495e','clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-5c41-708c-92cd-356ce964495e/media/images/base/01a22241-5c42-7bc5-af81-b39f3dad9e0b.png',NULL,0,1,'2026-11-28T13:03:58.528Z','2026-11-28T13:03:58.528Z',1,'synced','i1005-1','http://127.0.0.1:4105/pictures/1005-1.png',NULL,NULL,NULL,NULL,NULL,'Terracotta Side Table, view 1',NULL);
INSERT INTO "product_image" VALUES('01a22241-5ed4-7a54-9bd3-89582b03aa4a','01a22241-5ed3-7719-88f6-46d1607be074','clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-5ed3-7719-88f6-46d1607be074/media/images/base/01a22241-5ed4-7a54-9bd3-89582b03aa4a.png',NULL,0,1,'2026-11-28T13:03:59.186Z','2026-11-28T13:03:59.186Z',1,'synced','gid://shopify/MediaImage/100101','https://acme.myshopify.com/rehearsal/files/100101/1001-1.png',NULL,NULL,NULL,NULL,NULL,'Terracotta Mug, view 1',NULL);
INSERT INTO "product_image" VALUES('01a22241-5ed4-7446-bea3-e344c3ddc725','01a22241-5ed3-71d3-84ce-48eede597689','clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-5ed3-71d3-84ce-48eede597689/media/images/base/01a22241-5ed4-7446-bea3-e344c3ddc725.png',NULL,0,1,'2026-11-28T13:03:59.186Z','2026-11-28T13:03:59.186Z',1,'synced','gid://shopify/MediaImage/100201','https://acme.myshopify.com/rehearsal/files/100201/1002-1.png',NULL,NULL,NULL,NULL,NULL,'Terracotta Vase, view 1',NULL);
INSERT INTO "product_image" VALUES('01a22241-5ed4-7cf0-a20a-532b7ac7716f','01a22241-5ed3-71d3-84ce-48eede597689','clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-5ed3-71d3-84ce-48eede597689/media/images/base/01a22241-5ed4-7cf0-a20a-532b7ac7716f.png',NULL,1,1,'2026-11-28T13:03:59.186Z','2026-11-28T13:03:59.186Z',0,'synced','gid://shopify/MediaImage/100202','https://acme.myshopify.com/rehearsal/files/100202/1002-2.png',NULL,NULL,NULL,NULL,NULL,'Terracotta Vase, view 2',NULL);
INSERT INTO "product_image" VALUES('01a22241-74f7-7d02-a0e7-f9f6777e8fe0','01a22241-74f7-7610-a261-db5a131f736d','clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-74f7-7610-a261-db5a131f736d/media/images/base/01a22241-74f7-7d02-a0e7-f9f6777e8fe0.png',NULL,0,1,'2026-11-28T13:04:04.888Z','2026-11-28T13:04:04.888Z',1,'local',NULL,NULL,NULL,'708ccbbd0206eca8f51507c9e8c34febab991b37925aaeb92ca5e031603d0a70','image/png',640,640,NULL,NULL);
INSERT INTO "product_image" VALUES('01a22241-d03e-7dc0-ae8d-06b7fad65130','01a22241-53b8-7841-8b1b-19c66b769984','clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-53b8-7841-8b1b-19c66b769984/media/images/base/01a22241-d03e-7dc0-ae8d-06b7fad65130.png',NULL,1,1,'2026-11-28T13:04:28.219Z','2026-11-28T13:04:28.219Z',0,'synced','a2','http://127.0.0.1:4101/pictures/a2','01a22241-881c-756c-892b-e1f3e7c6c554',NULL,NULL,NULL,NULL,'Terracotta Mug',NULL);
INSERT INTO "product_image" VALUES('01a22241-d03e-7cc9-9b89-babb896ed1d2','01a22241-53b8-75ca-a72f-e4b0c1e0cf8e','clients/01a22241-4a75-7a98-9621-6163bd9c5149/products/01a22241-53b8-75ca-a72f-e4b0c1e0cf8e/media/images/base/01a22241-d03e-7cc9-9b89-babb896ed1d2.png',NULL,2,1,'2026-11-28T13:04:28.219Z','2026-11-28T13:04:28.219Z',0,'synced','a6','http://127.0.0.1:4101/pictures/a6','01a22241-90e8-75c1-b0a7-06db0c53244c',NULL,NULL,NULL,NULL,'Terracotta Vase',NULL);
CREATE TABLE product_variant (
    id TEXT NOT NULL PRIMARY KEY,
    product_id TEXT NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    store_connection_id TEXT REFERENCES store_connection (id) ON DELETE SET NULL,
    erp_variant_id TEXT NOT NULL,
    erp_sku TEXT,
    title TEXT,
    options TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(options)),
    price TEXT,
    currency TEXT,
    erp_image_id TEXT,
    position INTEGER NOT NULL DEFAULT 0,
    erp_hash TEXT,
    erp_deleted_at TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT product_variant_unique UNIQUE (product_id, erp_variant_id)
);
INSERT INTO "product_variant" VALUES('01a22241-53b9-7456-b023-4bdb5beb9952','01a22241-53b8-7841-8b1b-19c66b769984','01a22241-5383-706e-89a7-6558b6dfbab4','v1001-1','MUG-1001-S','Small','{"Size":"Small"}','9.00','EUR','i1001-1',0,NULL,NULL,'2026-11-28T13:03:56.340Z','2026-11-28T13:04:28.219Z');
INSERT INTO "product_variant" VALUES('01a22241-53b9-7f12-91d4-28f4e672fe63','01a22241-53b8-75ca-a72f-e4b0c1e0cf8e','01a22241-5383-706e-89a7-6558b6dfbab4','v1002-1','VAS-1002-S','Small','{"Size":"Small"}','16.37','EUR','i1002-1',0,NULL,NULL,'2026-11-28T13:03:56.340Z','2026-11-28T13:04:28.219Z');
INSERT INTO "product_variant" VALUES('01a22241-53b9-7beb-a8fc-d1fac37e294a','01a22241-53b8-75ca-a72f-e4b0c1e0cf8e','01a22241-5383-706e-89a7-6558b6dfbab4','v1002-2','VAS-1002-M','Medium','{"Size":"Medium"}','21.37','EUR','i1002-1',1,NULL,NULL,'2026-11-28T13:03:56.340Z','2026-11-28T13:04:28.219Z');
INSERT INTO "product_variant" VALUES('01a22241-53b9-7568-9579-7951a76ef358','01a22241-53b8-7fd9-bebf-d79ba59e843a','01a22241-5383-706e-89a7-6558b6dfbab4','v1003-1','LMP-1003-S','Small','{"Size":"Small"}','23.74','EUR','i1003-1',0,NULL,NULL,'2026-11-28T13:03:56.340Z','2026-11-28T13:03:56.340Z');
INSERT INTO "product_variant" VALUES('01a22241-53b9-7cf9-a1c1-950b10644277','01a22241-53b8-7fd9-bebf-d79ba59e843a','01a22241-5383-706e-89a7-6558b6dfbab4','v1003-2','LMP-1003-M','Medium','{"Size":"Medium"}','28.74','EUR','i1003-1',1,NULL,NULL,'2026-11-28T13:03:56.340Z','2026-11-28T13:03:56.340Z');
INSERT INTO "product_variant" VALUES('01a22241-53b9-7a3f-947f-a9f48f7f2e26','01a22241-53b8-7fd9-bebf-d79ba59e843a','01a22241-5383-706e-89a7-6558b6dfbab4','v1003-3','LMP-1003-L','Large','{"Size":"Large"}','33.74','EUR','i1003-1',2,NULL,NULL,'2026-11-28T13:03:56.340Z','2026-11-28T13:03:56.340Z');
INSERT INTO "product_variant" VALUES('01a22241-53b9-73fe-9a22-f47996a5b946','01a22241-53b8-7c70-84d4-be2805b49b45','01a22241-5383-706e-89a7-6558b6dfbab4','v1004-1','CHR-1004-S','Small','{"Size":"Small"}','31.11','EUR','i1004-1',0,NULL,NULL,'2026-11-28T13:03:56.340Z','2026-11-28T13:04:03.772Z');
INSERT INTO "product_variant" VALUES('01a22241-53b9-7797-b67a-4dd6a3333dae','01a22241-53b8-78dc-9f23-f067da18f4ac','01a22241-5383-706e-89a7-6558b6dfbab4','v1005-1','TBL-1005-S','Small','{"Size":"Small"}','38.48','EUR','i1005-1',0,NULL,NULL,'2026-11-28T13:03:56.340Z','2026-11-28T13:03:56.340Z');
INSERT INTO "product_variant" VALUES('01a22241-53b9-7514-a16a-c5ee8ce82505','01a22241-53b8-78dc-9f23-f067da18f4ac','01a22241-5383-706e-89a7-6558b6dfbab4','v1005-2','TBL-1005-M','Medium','{"Size":"Medium"}','43.48','EUR','i1005-1',1,NULL,NULL,'2026-11-28T13:03:56.340Z','2026-11-28T13:03:56.340Z');
INSERT INTO "product_variant" VALUES('01a22241-54c0-79d3-adb5-1b8f38caad55','01a22241-54be-773e-a9e2-d4ddbb6694fc','01a22241-5497-7742-9ef6-95ef7947720b','v1001-1','MUG-1001-S','Small','{"Size":"Small"}','9.00','EUR','i1001-1',0,NULL,NULL,'2026-11-28T13:03:56.604Z','2026-11-28T13:03:56.604Z');
INSERT INTO "product_variant" VALUES('01a22241-54c0-7f4d-970d-6d6aa27de465','01a22241-54be-7369-95cc-6cf52b2a6c04','01a22241-5497-7742-9ef6-95ef7947720b','v1002-1','VAS-1002-S','Small','{"Size":"Small"}','16.37','EUR','i1002-1',0,NULL,NULL,'2026-11-28T13:03:56.604Z','2026-11-28T13:03:56.604Z');
INSERT INTO "product_variant" VALUES('01a22241-54c0-784f-a235-d7af13650ea6','01a22241-54be-7369-95cc-6cf52b2a6c04','01a22241-5497-7742-9ef6-95ef7947720b','v1002-2','VAS-1002-M','Medium','{"Size":"Medium"}','21.37','EUR','i1002-1',1,NULL,NULL,'2026-11-28T13:03:56.604Z','2026-11-28T13:03:56.604Z');
INSERT INTO "product_variant" VALUES('01a22241-5648-7406-9a5c-1a5bcd5edb79','01a22241-5648-708a-880d-010dd6aea2ae','01a22241-560a-7336-a662-16d1a3aa74b8','v1001-1','MUG-1001-S','Small','{"Size":"Small"}','9.00','EUR','i1001-1',0,NULL,NULL,'2026-11-28T13:03:56.984Z','2026-11-28T13:03:56.984Z');
INSERT INTO "product_variant" VALUES('01a22241-57e8-761b-ba60-ac0cd7ffdb84','01a22241-57e8-7908-b7ee-01d82a611c61','01a22241-57c9-7fa6-88b2-7868f8653f39','v1001-1','MUG-1001-S','Small','{"Size":"Small"}','9.00','EUR','i1001-1',0,NULL,NULL,'2026-11-28T13:03:57.415Z','2026-11-28T13:03:57.415Z');
INSERT INTO "product_variant" VALUES('01a22241-5c1c-73a8-8f3c-5925095449fd','01a22241-5c1c-7bd1-b4c2-4782f3afc61a','01a22241-5bfe-70cf-9046-071f4ca4fb76','v1001-1','MUG-1001-S','Small','{"Size":"Small"}','9.00','EUR','i1001-1',0,NULL,NULL,'2026-11-28T13:03:58.491Z','2026-11-28T13:03:58.491Z');
INSERT INTO "product_variant" VALUES('01a22241-5c1c-777c-862d-8ed28a942c1e','01a22241-5c1c-7b5f-97ad-812e548ced7a','01a22241-5bfe-70cf-9046-071f4ca4fb76','v1002-1','VAS-1002-S','Small','{"Size":"Small"}','16.37','EUR','i1002-1',0,NULL,NULL,'2026-11-28T13:03:58.491Z','2026-11-28T13:03:58.491Z');
INSERT INTO "product_variant" VALUES('01a22241-5c1c-74f0-9930-60ed23b5c570','01a22241-5c1c-7b5f-97ad-812e548ced7a','01a22241-5bfe-70cf-9046-071f4ca4fb76','v1002-2','VAS-1002-M','Medium','{"Size":"Medium"}','21.37','EUR','i1002-1',1,NULL,NULL,'2026-11-28T13:03:58.491Z','2026-11-28T13:03:58.491Z');
INSERT INTO "product_variant" VALUES('01a22241-5c33-7339-918c-00823eb9b481','01a22241-5c32-79fb-a096-d60171b74ce4','01a22241-5bfe-70cf-9046-071f4ca4fb76','v1003-1','LMP-1003-S','Small','{"Size":"Small"}','23.74','EUR','i1003-1',0,NULL,NULL,'2026-11-28T13:03:58.502Z','2026-11-28T13:03:58.502Z');
INSERT INTO "product_variant" VALUES('01a22241-5c33-7b96-bc35-e2cd9d8a951c','01a22241-5c32-79fb-a096-d60171b74ce4','01a22241-5bfe-70cf-9046-071f4ca4fb76','v1003-2','LMP-1003-M','Medium','{"Size":"Medium"}','28.74','EUR','i1003-1',1,NULL,NULL,'2026-11-28T13:03:58.502Z','2026-11-28T13:03:58.502Z');
INSERT INTO "product_variant" VALUES('01a22241-5c33-788b-9262-e81ceb8382b8','01a22241-5c32-79fb-a096-d60171b74ce4','01a22241-5bfe-70cf-9046-071f4ca4fb76','v1003-3','LMP-1003-L','Large','{"Size":"Large"}','33.74','EUR','i1003-1',2,NULL,NULL,'2026-11-28T13:03:58.502Z','2026-11-28T13:03:58.502Z');
INSERT INTO "product_variant" VALUES('01a22241-5c33-7e75-8980-0210878a45bf','01a22241-5c32-7614-8505-0c90751f9dd8','01a22241-5bfe-70cf-9046-071f4ca4fb76','v1004-1','CHR-1004-S','Small','{"Size":"Small"}','31.11','EUR','i1004-1',0,NULL,NULL,'2026-11-28T13:03:58.502Z','2026-11-28T13:03:58.502Z');
INSERT INTO "product_variant" VALUES('01a22241-5c42-7d07-8225-722b11838cfb','01a22241-5c41-708c-92cd-356ce964495e','01a22241-5bfe-70cf-9046-071f4ca4fb76','v1005-1','TBL-1005-S','Small','{"Size":"Small"}','38.48','EUR','i1005-1',0,NULL,NULL,'2026-11-28T13:03:58.528Z','2026-11-28T13:03:58.528Z');
INSERT INTO "product_variant" VALUES('01a22241-5c42-7879-b969-4ef4c1a690a8','01a22241-5c41-708c-92cd-356ce964495e','01a22241-5bfe-70cf-9046-071f4ca4fb76','v1005-2','TBL-1005-M','Medium','{"Size":"Medium"}','43.48','EUR','i1005-1',1,NULL,NULL,'2026-11-28T13:03:58.528Z','2026-11-28T13:03:58.528Z');
INSERT INTO "product_variant" VALUES('01a22241-5ed4-73ba-a5b8-d5a693c84486','01a22241-5ed3-7719-88f6-46d1607be074','01a22241-5e4a-7117-81c6-32c838679026','gid://shopify/ProductVariant/100101','MUG-1001','Small','{"Size":"Small"}','9.00','EUR','gid://shopify/MediaImage/100101',0,NULL,NULL,'2026-11-28T13:03:59.186Z','2026-11-28T13:03:59.186Z');
INSERT INTO "product_variant" VALUES('01a22241-5ed4-7c5b-8c16-629dcf32ab20','01a22241-5ed3-71d3-84ce-48eede597689','01a22241-5e4a-7117-81c6-32c838679026','gid://shopify/ProductVariant/100201','VAS-1002','Small','{"Size":"Small"}','16.37','EUR','gid://shopify/MediaImage/100201',0,NULL,NULL,'2026-11-28T13:03:59.186Z','2026-11-28T13:03:59.186Z');
INSERT INTO "product_variant" VALUES('01a22241-5ed4-7f0e-b28c-efc297bb2b89','01a22241-5ed3-71d3-84ce-48eede597689','01a22241-5e4a-7117-81c6-32c838679026','gid://shopify/ProductVariant/100202','VAS-1002-M','Medium','{"Size":"Medium"}','21.37','EUR','gid://shopify/MediaImage/100201',1,NULL,NULL,'2026-11-28T13:03:59.186Z','2026-11-28T13:03:59.186Z');
CREATE TABLE quota_limit (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    plan TEXT NOT NULL DEFAULT 'free',
    monthly_generation_limit INTEGER NOT NULL DEFAULT 100,
    storage_quota_mb INTEGER NOT NULL DEFAULT 1000,
    max_products INTEGER,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT quota_limit_client_id_unique UNIQUE (client_id)
);
INSERT INTO "quota_limit" VALUES('01a22241-50fe-7fac-835b-d9e8ea01ed3b','01a22241-4a75-7a98-9621-6163bd9c5149','pro',2000,20000,200,'2026-11-28T13:03:55.645Z','2026-11-28T13:03:55.645Z');
CREATE TABLE schema_adoption (
    id TEXT NOT NULL PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    report TEXT NOT NULL CHECK (json_valid(report)),
    started_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    completed_at TEXT
);
CREATE TABLE spending (
    budget TEXT NOT NULL,
    month TEXT NOT NULL,
    usd_micros INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    CONSTRAINT spending_pkey PRIMARY KEY (budget, month)
);
INSERT INTO "spending" VALUES('gemini:88f7459297ff','2026-11',134747,'2026-11-28T13:04:30.166Z');
CREATE TABLE store_connection (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    store_type TEXT NOT NULL,
    store_url TEXT NOT NULL,
    store_name TEXT,
    external_store_id TEXT,
    facts TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(facts)),
    credentials_ciphertext TEXT,
    credentials_iv TEXT,
    credentials_tag TEXT,
    credentials_key_id TEXT,
    credentials_format INTEGER NOT NULL DEFAULT 2,
    credentials_fingerprint TEXT,
    scopes TEXT CHECK (json_valid(scopes)),
    token_expires_at TEXT,
    refresh_expires_at TEXT,
    token_refreshed_at TEXT,
    keep_alive_at TEXT,
    renew_at TEXT,
    warn_at TEXT,
    token_version INTEGER NOT NULL DEFAULT 1,
    refresh_locked_until TEXT,
    refresh_locked_by TEXT,
    api_version TEXT,
    auto_sync_enabled BOOLEAN NOT NULL DEFAULT false CHECK (auto_sync_enabled IN (0, 1)),
    sync_on_approval BOOLEAN NOT NULL DEFAULT true CHECK (sync_on_approval IN (0, 1)),
    sync_interval_seconds INTEGER NOT NULL DEFAULT 3600,
    sync_cron TEXT,
    sync_timezone TEXT NOT NULL DEFAULT 'UTC',
    import_filter TEXT CHECK (json_valid(import_filter)),
    push_mode TEXT NOT NULL DEFAULT 'append',
    next_sync_at TEXT,
    last_sync_at TEXT,
    last_success_at TEXT,
    consecutive_failures INTEGER NOT NULL DEFAULT 0,
    backoff_until TEXT,
    status TEXT NOT NULL DEFAULT 'active',
    last_error_code TEXT,
    last_error TEXT,
    last_webhook_at TEXT,
    connected_by TEXT REFERENCES "user" (id) ON DELETE SET NULL,
    disconnected_at TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT store_connection_unique UNIQUE (client_id, store_type, store_url),
    CONSTRAINT store_connection_interval_check CHECK (sync_interval_seconds >= 60),
    CONSTRAINT store_connection_push_mode_check CHECK (push_mode IN ('append', 'set_primary', 'replace_pushed')),
    CONSTRAINT store_connection_status_check CHECK (status IN ('pending', 'active', 'needs_reauth', 'disconnected', 'error')),
    CONSTRAINT store_connection_credentials_check CHECK (status <> 'active' OR credentials_ciphertext IS NOT NULL)
);
INSERT INTO "store_connection" VALUES('01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-4a75-7a98-9621-6163bd9c5149','sandbox','http://127.0.0.1:4101','Sandbox Shop','sandbox','{"shop":"http://127.0.0.1:4101","currency":"EUR"}','EaoV3MT9fUDks9bMqRZ1hoRHgD9ykLoJv7P/XZmedWLV18xrlx3oI6pAIvrO4VvSn9eeOiBp2LBR+U/Vo8PKa5GUe6MhJIB36qH9IBAUCizMYvgqV9I3RN9G4x6RAq1GJkhQdqEm9OmBwEgbN6XXhog9YsgTDwrstpvfhYIiAeeZKUU5TuxhfwbZf+Fr2MMpr9F28NE=','6/HbWt16IbSeZfGt','WQixlA8nueVbECaDSlzMTw==','v1',2,'f87012dc6ab6cb3e80de09e5cddb5dd6','["products","pictures"]','2026-11-29T13:03:56.289Z','2027-02-26T13:03:56.289Z','2026-11-28T13:03:56.291Z','2027-01-24T05:51:56.289Z','2026-11-29T10:10:08.289Z','2027-02-13T01:03:56.289Z',1,NULL,NULL,NULL,1,1,21600,NULL,'UTC',NULL,'append','2026-11-28T19:04:28.195Z','2026-11-28T13:04:28.226Z','2026-11-28T13:04:28.226Z',0,NULL,'active',NULL,NULL,NULL,NULL,NULL,'2026-11-28T13:03:56.291Z','2026-11-28T13:04:28.226Z');
INSERT INTO "store_connection" VALUES('01a22241-5497-7742-9ef6-95ef7947720b','01a22241-4c06-703f-9a87-814f4f3e2ca4','sandbox','http://127.0.0.1:4102','Sandbox Shop','sandbox','{"shop":"http://127.0.0.1:4102","currency":"EUR"}','tbYxd7W+FA4y1JW/NoljEg0ynwfeKLe3qASjEtf0+m4NJ3Y0B+AGaZbQC8Lb9c4RK9WC0/fpedHVoTvJJfL3+Zjq7iM6bG61+2LnyVXJ2g34ZwDfOBA4gSOZ/VGFZDFeuqCzzzcadzd3F8o5swMTPz7VuthX3Bm9N0Zk4ylutrSgOAiwSNKKn/S6QauZiJXeDu/KiNg=','8tExqmK5fLI2uxsu','ONOMXkU0pCHQ7z8J8GFhsA==','v1',2,'a64192222c162021f5821d91d5813e75','["products","pictures"]','2026-11-29T13:03:56.564Z','2027-02-26T13:03:56.564Z','2026-11-28T13:03:56.566Z','2027-01-25T03:27:56.564Z','2026-11-29T13:02:56.564Z','2027-02-13T01:03:56.564Z',1,NULL,NULL,NULL,1,1,3600,NULL,'UTC',NULL,'append','2026-11-28T13:04:02.945Z','2026-11-28T13:03:56.614Z','2026-11-28T13:03:56.614Z',0,NULL,'error','paused','paused by an operator',NULL,NULL,NULL,'2026-11-28T13:03:56.566Z','2026-11-28T13:04:24.296Z');
INSERT INTO "store_connection" VALUES('01a22241-560a-7336-a662-16d1a3aa74b8','01a22241-4a75-7a98-9621-6163bd9c5149','sandbox','http://127.0.0.1:4103','Sandbox Shop','sandbox','{"shop":"http://127.0.0.1:4103","currency":"EUR"}',NULL,NULL,NULL,NULL,2,NULL,NULL,NULL,NULL,'2026-11-28T13:03:56.937Z',NULL,NULL,NULL,2,NULL,NULL,NULL,0,1,3600,NULL,'UTC',NULL,'append',NULL,'2026-11-28T13:03:57.052Z','2026-11-28T13:03:57.052Z',0,NULL,'disconnected',NULL,NULL,NULL,NULL,'2026-11-28T13:04:24.769Z','2026-11-28T13:03:56.937Z','2026-11-28T13:04:24.769Z');
INSERT INTO "store_connection" VALUES('01a22241-57c9-7fa6-88b2-7868f8653f39','01a22241-4a75-7a98-9621-6163bd9c5149','sandbox','http://127.0.0.1:4104','Sandbox Shop','sandbox','{"shop":"http://127.0.0.1:4104","currency":"EUR"}','XW0HgP2qkepVLlX2a7k+4bxEpKZazKxL+LbM+XdSphW1S6H8lp4CWO5loKVnSw43pX+Kz61saRz3T+dVfzcLQwuho2TtK3LE3PlZL9YoxZFOpp1RPyYvfdzAJVIKtIZMBPfvRNa8lTHgiI3wNfSxnv5tlIyr2lpJvY9vjWiBDQwQ0wXZMqr1imNXTp3Pz496gDDoDqw=','191WCsoUONRkeHDn','Fz96mcHdL+lw+uuSUH6Fag==','v1',2,'05c2413a73e225b3c7a7214418e18ca5','["products","pictures"]','2026-11-29T13:03:57.383Z','2027-02-26T13:03:57.383Z','2026-11-28T13:03:57.385Z','2027-01-31T10:39:57.383Z','2026-11-29T11:07:45.383Z','2027-02-13T01:03:57.383Z',1,NULL,NULL,NULL,0,1,3600,NULL,'UTC',NULL,'append',NULL,'2026-11-28T13:03:57.420Z','2026-11-28T13:03:57.420Z',0,NULL,'needs_reauth','revoked','Sandbox shop: GET 127.0.0.1:4104/api/products answered 401 (the shop has removed this app). The shop has removed the app.',NULL,NULL,NULL,'2026-11-28T13:03:57.385Z','2026-11-28T13:04:25.049Z');
INSERT INTO "store_connection" VALUES('01a22241-5bfe-70cf-9046-071f4ca4fb76','01a22241-4a75-7a98-9621-6163bd9c5149','corner','http://127.0.0.1:4105','Sandbox Shop','sandbox','{"shop":"http://127.0.0.1:4105","currency":"EUR"}','zPJOcdmMXqpi4pLgeDAy9FQIq1qsx/49Ya7MR0K2T0H76ep8o2FQKEaQ47yS/EBwHN2K4Qt4lx2GTUfdUgkagNlmiqOVQrnFki9H+esvpLn3LnFvgkQC8m6fMFXkNxlJVujTD25neSWR6fqIryAMQT6PRrgm/dWZZbi6xAgxgbtq+d+WrRcuo+fyxW6+TntNDi8Szg==','mK4rSfT75qo+KPp8','c9wVdoNitOi8h98VQ4H39w==','v1',2,'d4275e5a4387f975873401f8cb851432','["products","pictures"]','2026-11-29T13:03:58.459Z','2027-02-26T13:03:58.459Z','2026-11-28T13:03:58.462Z','2027-01-25T03:27:58.460Z','2026-11-29T11:22:10.459Z','2027-02-13T01:03:58.459Z',1,NULL,NULL,NULL,1,0,3600,'0 6 * * *','Europe/Berlin',NULL,'append','2026-11-29T05:00:00.234Z','2026-11-28T13:04:26.713Z','2026-11-28T13:03:58.533Z',1,'2026-11-28T13:04:37.895Z','active','shop_down','Corner shop: GET 127.0.0.1:4105/api/products answered 503 (something broke in the shop)',NULL,NULL,NULL,'2026-11-28T13:03:58.462Z','2026-11-28T13:04:26.713Z');
INSERT INTO "store_connection" VALUES('01a22241-5e4a-7117-81c6-32c838679026','01a22241-4a75-7a98-9621-6163bd9c5149','shopify','https://acme.myshopify.com','Acme','gid://shopify/Shop/1','{"shop":"acme.myshopify.com","currency":"EUR","public_url":"https://acme.example"}','oZkQwwLNTw2uVpIyXzQfRzbXUYs2/ONkIrtOdctQ0ZduZOPlqdagtGEi+AkeBL9A2wGXwNXjlPmnKqdpXdB6RZJweGuTgWoxUCjWG1i3Tbg3UxWVoa2vYdIQcSfxAB97PpGpnXvwW9bXH717fPRIpjMbkmd4XJkFkIFlRUaleHEXcPx0Hu6fRCwWtuoBb4rigw2iXR8Dl1fMroJFSm5slhs=','a7AlN7Ey6M/CQQCC','caX9H3A5HeEYX0z7z8/gKA==','v1',2,'81aec8fd8fae73792bedb38396ce59bf','["write_products","write_files"]','2026-11-29T13:03:59.045Z','2027-02-26T13:03:59.045Z','2026-11-28T13:03:59.048Z','2027-02-02T05:51:59.045Z','2026-11-29T09:22:59.045Z','2027-02-13T01:03:59.045Z',1,NULL,NULL,NULL,0,1,3600,NULL,'UTC',NULL,'append',NULL,'2026-11-28T13:04:27.666Z','2026-11-28T13:04:27.666Z',0,NULL,'active',NULL,NULL,'2026-11-28T13:04:27.639Z',NULL,NULL,'2026-11-28T13:03:59.048Z','2026-11-28T13:04:27.666Z');
CREATE TABLE store_sync_item (
    id TEXT NOT NULL PRIMARY KEY,
    sync_log_id TEXT NOT NULL REFERENCES store_sync_log (id) ON DELETE CASCADE,
    entity_type TEXT NOT NULL,
    entity_id TEXT,
    external_id TEXT,
    outcome TEXT NOT NULL,
    error_code TEXT,
    message TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT store_sync_item_entity_type_check CHECK (entity_type IN ('product', 'variant', 'product_image', 'generated_asset')),
    CONSTRAINT store_sync_item_outcome_check CHECK (outcome IN ('created', 'updated', 'unchanged', 'skipped', 'deleted', 'failed'))
);
INSERT INTO "store_sync_item" VALUES('01a22241-70be-7c87-ae9e-f2c163d7d1ee','01a22241-70a7-72bd-b347-fe6c2270c2f2','product','01a22241-53b8-7c70-84d4-be2805b49b45','1004','updated',NULL,NULL,'2026-11-28T13:04:03.772Z');
INSERT INTO "store_sync_item" VALUES('01a22241-70cf-7285-a731-5c347d46cd0e','01a22241-70a7-72bd-b347-fe6c2270c2f2','product','01a22241-53b8-78dc-9f23-f067da18f4ac','1005','deleted',NULL,'a complete pass over the shop did not meet it','2026-11-28T13:04:03.788Z');
INSERT INTO "store_sync_item" VALUES('01a22241-d03c-7985-b514-d72bd89af81c','01a22241-d030-79c3-b0cc-346064ecd917','product','01a22241-53b8-7841-8b1b-19c66b769984','1001','updated',NULL,NULL,'2026-11-28T13:04:28.219Z');
INSERT INTO "store_sync_item" VALUES('01a22241-d03c-7f7b-bc7e-70287b3dfc8a','01a22241-d030-79c3-b0cc-346064ecd917','product','01a22241-53b8-75ca-a72f-e4b0c1e0cf8e','1002','updated',NULL,NULL,'2026-11-28T13:04:28.219Z');
CREATE TABLE store_sync_log (
    id TEXT NOT NULL PRIMARY KEY,
    store_connection_id TEXT NOT NULL REFERENCES store_connection (id) ON DELETE CASCADE,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    parent_id TEXT REFERENCES store_sync_log (id) ON DELETE SET NULL,
    action TEXT NOT NULL,
    "trigger" TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending',
    generated_asset_id TEXT REFERENCES generated_asset (id) ON DELETE SET NULL,
    product_id TEXT REFERENCES product (id) ON DELETE SET NULL,
    external_image_id TEXT,
    external_image_url TEXT,
    items_total INTEGER NOT NULL DEFAULT 0,
    items_processed INTEGER NOT NULL DEFAULT 0,
    items_created INTEGER NOT NULL DEFAULT 0,
    items_updated INTEGER NOT NULL DEFAULT 0,
    items_unchanged INTEGER NOT NULL DEFAULT 0,
    items_deleted INTEGER NOT NULL DEFAULT 0,
    items_skipped INTEGER NOT NULL DEFAULT 0,
    items_failed INTEGER NOT NULL DEFAULT 0,
    api_calls INTEGER NOT NULL DEFAULT 0,
    attempt INTEGER NOT NULL DEFAULT 1,
    error_code TEXT,
    error_message TEXT,
    error_details TEXT CHECK (json_valid(error_details)),
    triggered_by TEXT REFERENCES "user" (id) ON DELETE SET NULL,
    job_id TEXT,
    instance TEXT,
    heartbeat_at TEXT,
    started_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    completed_at TEXT,
    CONSTRAINT store_sync_log_action_check CHECK (action IN ('import', 'upload', 'update', 'delete', 'reconcile', 'refresh_token', 'webhook')),
    CONSTRAINT store_sync_log_trigger_check CHECK ("trigger" IN ('schedule', 'manual', 'approval', 'webhook', 'retry', 'startup')),
    CONSTRAINT store_sync_log_status_check CHECK (status IN ('pending', 'running', 'success', 'partial', 'failed', 'cancelled', 'skipped')),
    CONSTRAINT store_sync_log_done_check CHECK (completed_at IS NOT NULL OR status IN ('pending', 'running'))
);
INSERT INTO "store_sync_log" VALUES('01a22241-539a-7d15-bf57-1bd5d5ab4e9a','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,'import','startup','success',NULL,NULL,NULL,NULL,5,5,5,0,0,0,0,0,1,1,NULL,NULL,NULL,NULL,'01a22241-5386-7d37-b20c-1991d0dc651c','20107-01a22241-51f2-7d4c-aec6-9fa4d9c0be47','2026-11-28T13:03:56.416Z','2026-11-28T13:03:56.309Z','2026-11-28T13:03:56.416Z');
INSERT INTO "store_sync_log" VALUES('01a22241-54ae-76bf-9eed-92c33cb6d490','01a22241-5497-7742-9ef6-95ef7947720b','01a22241-4c06-703f-9a87-814f4f3e2ca4',NULL,'import','startup','success',NULL,NULL,NULL,NULL,2,2,2,0,0,0,0,0,1,1,NULL,NULL,NULL,NULL,'01a22241-5499-75d9-9f1f-74f0ad7f00dd','20107-01a22241-51f2-7d4c-aec6-9fa4d9c0be47','2026-11-28T13:03:56.617Z','2026-11-28T13:03:56.584Z','2026-11-28T13:03:56.617Z');
INSERT INTO "store_sync_log" VALUES('01a22241-5628-7619-a5cb-db4ee1c56e39','01a22241-560a-7336-a662-16d1a3aa74b8','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,'import','startup','success',NULL,NULL,NULL,NULL,1,1,1,0,0,0,0,0,1,1,NULL,NULL,NULL,NULL,'01a22241-560e-753c-96e5-3d89637913c2','20107-01a22241-51f2-7d4c-aec6-9fa4d9c0be47','2026-11-28T13:03:57.068Z','2026-11-28T13:03:56.956Z','2026-11-28T13:03:57.068Z');
INSERT INTO "store_sync_log" VALUES('01a22241-57d4-79ce-adf6-a53de1e49e91','01a22241-57c9-7fa6-88b2-7868f8653f39','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,'import','startup','success',NULL,NULL,NULL,NULL,1,1,1,0,0,0,0,0,1,1,NULL,NULL,NULL,NULL,'01a22241-57ca-7413-b24f-f573760d1ba7','20107-01a22241-51f2-7d4c-aec6-9fa4d9c0be47','2026-11-28T13:03:57.423Z','2026-11-28T13:03:57.393Z','2026-11-28T13:03:57.423Z');
INSERT INTO "store_sync_log" VALUES('01a22241-5c0f-7f94-9268-cbfa0e8cc274','01a22241-5bfe-70cf-9046-071f4ca4fb76','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,'import','startup','success',NULL,NULL,NULL,NULL,5,5,5,0,0,0,0,0,3,1,NULL,NULL,NULL,NULL,'01a22241-5bff-79e7-b1a3-2bde383c60f1','20107-01a22241-51f2-7d4c-aec6-9fa4d9c0be47','2026-11-28T13:03:58.536Z','2026-11-28T13:03:58.477Z','2026-11-28T13:03:58.536Z');
INSERT INTO "store_sync_log" VALUES('01a22241-5ea5-7524-b1e1-65c910bd5ce4','01a22241-5e4a-7117-81c6-32c838679026','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,'import','startup','success',NULL,NULL,NULL,NULL,2,2,2,0,0,0,0,0,2,1,NULL,NULL,NULL,NULL,'01a22241-5e4f-7004-99e0-63f175de2415','20107-01a22241-51f2-7d4c-aec6-9fa4d9c0be47','2026-11-28T13:03:59.195Z','2026-11-28T13:03:59.132Z','2026-11-28T13:03:59.195Z');
INSERT INTO "store_sync_log" VALUES('01a22241-70a7-72bd-b347-fe6c2270c2f2','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,'import','manual','success',NULL,NULL,NULL,NULL,4,4,0,1,3,1,0,0,1,1,NULL,NULL,NULL,NULL,'01a22241-7060-79f0-a3d7-1c061d99116e','20249-01a22241-705f-77a3-88bc-851d8eafcd9e','2026-11-28T13:04:03.803Z','2026-11-28T13:04:03.748Z','2026-11-28T13:04:03.803Z');
INSERT INTO "store_sync_log" VALUES('01a22241-a090-7c70-8dc2-16bb2218236a','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,'upload','approval','success','01a22241-881c-756c-892b-e1f3e7c6c554','01a22241-53b8-7841-8b1b-19c66b769984','a2','http://127.0.0.1:4101/pictures/a2',0,0,0,0,0,0,0,0,6,1,NULL,NULL,NULL,NULL,'01a22241-9f0b-748f-9596-d9cd87e4430a','20491-01a22241-a045-77df-ac2e-d9ebd9421538','2026-11-28T13:04:16.082Z','2026-11-28T13:04:16.007Z','2026-11-28T13:04:16.082Z');
INSERT INTO "store_sync_log" VALUES('01a22241-a40d-7596-a69d-897c1e2a3e69','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,'upload','approval','failed','01a22241-881d-7128-869b-0e2d6efb3bb0','01a22241-53b8-7841-8b1b-19c66b769984',NULL,NULL,0,0,0,0,0,0,0,0,2,1,'http_422','Sandbox shop: POST 127.0.0.1:4101/api/uploads answered 422 (something broke in the shop)',NULL,NULL,'01a22241-a2ef-761d-af2c-8fb97af51631','20509-01a22241-a3ed-7735-8781-f0361e2345bf','2026-11-28T13:04:16.935Z','2026-11-28T13:04:16.904Z','2026-11-28T13:04:16.935Z');
INSERT INTO "store_sync_log" VALUES('01a22241-a791-7ad8-a5db-4fada5262bac','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,'upload','approval','success','01a22241-881d-7104-a13c-5c5147cc9645','01a22241-53b8-7841-8b1b-19c66b769984','a4','http://127.0.0.1:4101/pictures/a4',0,0,0,0,0,0,0,0,6,1,NULL,NULL,NULL,NULL,'01a22241-a618-7cca-95fb-22e2e3ed5677','20530-01a22241-a77b-74ae-87f8-3f88400e036d','2026-11-28T13:04:17.958Z','2026-11-28T13:04:17.804Z','2026-11-28T13:04:17.958Z');
INSERT INTO "store_sync_log" VALUES('01a22241-ad47-7907-9b66-e373c5317e8c','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,'delete','manual','success','01a22241-881d-7104-a13c-5c5147cc9645','01a22241-53b8-7841-8b1b-19c66b769984','a4',NULL,0,0,0,0,0,0,0,0,3,1,NULL,NULL,NULL,NULL,'01a22241-acfb-738a-89fa-1a78de7e90ac','20549-01a22241-acf9-735e-a5e4-253cd1e69aea','2026-11-28T13:04:19.293Z','2026-11-28T13:04:19.268Z','2026-11-28T13:04:19.293Z');
INSERT INTO "store_sync_log" VALUES('01a22241-b318-7882-846b-203e820ea111','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,'upload','approval','success','01a22241-90e8-75c1-b0a7-06db0c53244c','01a22241-53b8-75ca-a72f-e4b0c1e0cf8e','a6','http://127.0.0.1:4101/pictures/a6',0,0,0,0,0,0,0,0,6,1,NULL,NULL,NULL,NULL,'01a22241-b15e-7aff-a50f-cd1732cc5a69','20579-01a22241-b30a-78b4-91e2-a987b21461d3','2026-11-28T13:04:20.795Z','2026-11-28T13:04:20.756Z','2026-11-28T13:04:20.795Z');
INSERT INTO "store_sync_log" VALUES('01a22241-c3b8-78b0-aacb-a17b6a49d7fd','01a22241-57c9-7fa6-88b2-7868f8653f39','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,'import','manual','failed',NULL,NULL,NULL,NULL,0,0,0,0,0,0,0,0,1,1,'revoked','Sandbox shop: GET 127.0.0.1:4104/api/products answered 401 (the shop has removed this app). The shop has removed the app.',NULL,NULL,'01a22241-c3a6-7b09-8050-ab6af00f60f2','20674-01a22241-c3a5-7652-b570-3186420cd50c','2026-11-28T13:04:25.047Z','2026-11-28T13:04:25.013Z','2026-11-28T13:04:25.047Z');
INSERT INTO "store_sync_log" VALUES('01a22241-c6b7-7188-b4f4-427e85b75bd5','01a22241-5bfe-70cf-9046-071f4ca4fb76','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,'import','manual','failed',NULL,NULL,NULL,NULL,5,2,0,0,2,0,0,0,4,1,'shop_down','Corner shop: GET 127.0.0.1:4105/api/products answered 503 (something broke in the shop)',NULL,NULL,'01a22241-c6a9-7c5a-b736-cfd7bca45960','20692-01a22241-c6a5-7019-9f39-cd713e03dbfa','2026-11-28T13:04:26.710Z','2026-11-28T13:04:25.780Z','2026-11-28T13:04:26.710Z');
INSERT INTO "store_sync_log" VALUES('01a22241-cdff-778c-9d6f-3e3c157372b1','01a22241-5e4a-7117-81c6-32c838679026','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,'import','webhook','success',NULL,NULL,NULL,NULL,2,2,0,0,2,0,0,0,1,1,NULL,NULL,NULL,NULL,'01a22241-cdf1-7a54-a11f-c96d3f8404c0','20710-01a22241-cc29-7efc-88c7-2032e12833aa','2026-11-28T13:04:27.668Z','2026-11-28T13:04:27.642Z','2026-11-28T13:04:27.668Z');
INSERT INTO "store_sync_log" VALUES('01a22241-d030-79c3-b0cc-346064ecd917','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,'import','schedule','success',NULL,NULL,NULL,NULL,4,4,0,2,2,0,0,0,1,1,NULL,NULL,NULL,NULL,'01a22241-d027-7ac3-b1fb-0901408c0dcf','20710-01a22241-cc29-7efc-88c7-2032e12833aa','2026-11-28T13:04:28.228Z','2026-11-28T13:04:28.204Z','2026-11-28T13:04:28.228Z');
INSERT INTO "store_sync_log" VALUES('01a22241-d950-71e0-a7ab-ee0637214b0e','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,'upload','approval','running','01a22241-881d-7979-8273-013eb5250dd2','01a22241-53b8-7841-8b1b-19c66b769984',NULL,NULL,0,0,0,0,0,0,0,0,0,1,NULL,NULL,NULL,NULL,'01a22241-d90a-737d-949f-e7e06ef914b8','20710-01a22241-cc29-7efc-88c7-2032e12833aa','2026-11-28T13:04:30.541Z','2026-11-28T13:04:30.541Z',NULL);
CREATE TABLE sync_cursor (
    store_connection_id TEXT NOT NULL REFERENCES store_connection (id) ON DELETE CASCADE,
    resource TEXT NOT NULL,
    cursor TEXT CHECK (json_valid(cursor)),
    updated_since TEXT,
    full_sync_at TEXT,
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    PRIMARY KEY (store_connection_id, resource),
    CONSTRAINT sync_cursor_resource_check CHECK (resource IN ('products', 'categories', 'images'))
);
INSERT INTO "sync_cursor" VALUES('01a22241-5383-706e-89a7-6558b6dfbab4','products',NULL,'2026-11-28T13:04:03.284Z','2026-11-28T13:04:03.764Z','2026-11-28T13:04:28.226Z');
INSERT INTO "sync_cursor" VALUES('01a22241-5497-7742-9ef6-95ef7947720b','products',NULL,'2026-11-28T13:03:52.620Z','2026-11-28T13:03:56.598Z','2026-11-28T13:03:56.614Z');
INSERT INTO "sync_cursor" VALUES('01a22241-560a-7336-a662-16d1a3aa74b8','products',NULL,'2026-11-28T13:03:52.782Z','2026-11-28T13:03:56.974Z','2026-11-28T13:03:57.052Z');
INSERT INTO "sync_cursor" VALUES('01a22241-57c9-7fa6-88b2-7868f8653f39','products',NULL,'2026-11-28T13:03:52.848Z','2026-11-28T13:03:57.402Z','2026-11-28T13:03:57.420Z');
INSERT INTO "sync_cursor" VALUES('01a22241-5bfe-70cf-9046-071f4ca4fb76','products','{"pass":"01a22241-c6bd-78b6-85b2-7a1219826183","scope":"full","since":null,"next":{"cursor":"MTAwMg"},"pages":1,"seen":2,"nameless":0,"total":5,"newest":"2026-11-28T13:03:52.936Z","started_at":"2026-11-28T13:04:25.789Z"}','2026-11-28T13:03:52.936Z','2026-11-28T13:03:58.484Z','2026-11-28T13:04:25.797Z');
INSERT INTO "sync_cursor" VALUES('01a22241-5e4a-7117-81c6-32c838679026','products',NULL,'2026-11-28T13:03:53.295Z','2026-11-28T13:03:59.150Z','2026-11-28T13:04:27.666Z');
CREATE TABLE sync_seen (
    store_connection_id TEXT NOT NULL REFERENCES store_connection (id) ON DELETE CASCADE,
    pass_id TEXT NOT NULL,
    page INTEGER NOT NULL,
    marks BLOB NOT NULL,
    PRIMARY KEY (store_connection_id, pass_id, page)
);
INSERT INTO "sync_seen" VALUES('01a22241-5bfe-70cf-9046-071f4ca4fb76','01a22241-c6bd-78b6-85b2-7a1219826183',1,X'FE675FE7AAEE830BB281BC2C616CB3C3');
CREATE TABLE tag (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    color TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT tag_client_name_unique UNIQUE (client_id, name)
);
INSERT INTO "tag" VALUES('01a22241-b500-7204-89fc-76b62602dda6','01a22241-4a75-7a98-9621-6163bd9c5149','red','#ff0000','2026-11-28T13:04:21.248Z');
INSERT INTO "tag" VALUES('01a22241-b652-7a6d-acfb-f2cf858431ea','01a22241-4a75-7a98-9621-6163bd9c5149','blue',NULL,'2026-11-28T13:04:21.586Z');
CREATE TABLE tag_assignment (
    id TEXT NOT NULL PRIMARY KEY,
    tag_id TEXT NOT NULL REFERENCES tag (id) ON DELETE CASCADE,
    entity_type TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT tag_assignment_unique UNIQUE (tag_id, entity_type, entity_id),
    CONSTRAINT tag_assignment_entity_type_check CHECK (entity_type IN ('product', 'generation_flow'))
);
INSERT INTO "tag_assignment" VALUES('01a22241-b7b5-7c68-bf09-225902d885f2','01a22241-b500-7204-89fc-76b62602dda6','product','01a22241-53b8-7841-8b1b-19c66b769984','2026-11-28T13:04:21.941Z');
INSERT INTO "tag_assignment" VALUES('01a22241-b7bb-723c-86b3-21f5257cae2c','01a22241-b500-7204-89fc-76b62602dda6','generation_flow','01a22241-843d-7559-94e2-11910d37a5ad','2026-11-28T13:04:21.947Z');
CREATE TABLE usage_entry (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    store_connection_id TEXT REFERENCES store_connection (id) ON DELETE SET NULL,
    product_id TEXT REFERENCES product (id) ON DELETE SET NULL,
    generated_asset_id TEXT REFERENCES generated_asset (id) ON DELETE SET NULL,
    month TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    budget TEXT,
    reserved_usd_micros INTEGER NOT NULL,
    usd_micros INTEGER NOT NULL,
    model TEXT,
    input_tokens INTEGER,
    output_tokens INTEGER,
    created_at TEXT NOT NULL,
    called_at TEXT,
    settled_at TEXT,
    CONSTRAINT usage_entry_kind_check CHECK (kind IN ('image', 'edit', 'product_analysis', 'scene_analysis', 'lost')),
    CONSTRAINT usage_entry_status_check CHECK (status IN ('reserved', 'settled', 'released'))
);
INSERT INTO "usage_entry" VALUES('01a22241-8821-794d-a85c-e2fbbd77da28','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-53b8-7841-8b1b-19c66b769984','01a22241-881c-756c-892b-e1f3e7c6c554','2026-11','image','settled',NULL,0,0,'local-studio/2',NULL,NULL,'2026-11-28T13:04:09.761Z',NULL,'2026-11-28T13:04:10.045Z');
INSERT INTO "usage_entry" VALUES('01a22241-8821-76fc-b78b-fe79d99f0d4d','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-53b8-7841-8b1b-19c66b769984','01a22241-881d-7128-869b-0e2d6efb3bb0','2026-11','image','settled',NULL,0,0,'local-studio/2',NULL,NULL,'2026-11-28T13:04:09.761Z',NULL,'2026-11-28T13:04:10.340Z');
INSERT INTO "usage_entry" VALUES('01a22241-8821-777b-b0b0-8b720e192fd8','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-53b8-7841-8b1b-19c66b769984','01a22241-881d-7104-a13c-5c5147cc9645','2026-11','image','settled',NULL,0,0,'local-studio/2',NULL,NULL,'2026-11-28T13:04:09.761Z',NULL,'2026-11-28T13:04:10.611Z');
INSERT INTO "usage_entry" VALUES('01a22241-8821-7d2b-ac58-7f7753a57957','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-53b8-7841-8b1b-19c66b769984','01a22241-881d-76be-bdf8-c779cea733a8','2026-11','image','settled',NULL,0,0,'local-studio/2',NULL,NULL,'2026-11-28T13:04:09.761Z',NULL,'2026-11-28T13:04:10.853Z');
INSERT INTO "usage_entry" VALUES('01a22241-8821-736b-a667-cb8da1bce2f0','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-53b8-7841-8b1b-19c66b769984','01a22241-881d-7979-8273-013eb5250dd2','2026-11','image','settled',NULL,0,0,'local-studio/2',NULL,NULL,'2026-11-28T13:04:09.761Z',NULL,'2026-11-28T13:04:11.141Z');
INSERT INTO "usage_entry" VALUES('01a22241-8821-734d-a0d7-6a722c87991c','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-53b8-7841-8b1b-19c66b769984','01a22241-881e-7093-9fc0-5a74c80f25ff','2026-11','image','settled',NULL,0,0,'local-studio/2',NULL,NULL,'2026-11-28T13:04:09.761Z',NULL,'2026-11-28T13:04:11.437Z');
INSERT INTO "usage_entry" VALUES('01a22241-90ea-7cf6-852d-1ba84803b54b','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-53b8-75ca-a72f-e4b0c1e0cf8e','01a22241-90e8-75c1-b0a7-06db0c53244c','2026-11','image','settled','gemini:88f7459297ff',67000,67000,'gemini-3.1-flash-image',1290,300,'2026-11-28T13:04:12.010Z','2026-11-28T13:04:12.153Z','2026-11-28T13:04:12.262Z');
INSERT INTO "usage_entry" VALUES('01a22241-9155-7b55-8ef4-a42cc9d5149f','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-53b8-75ca-a72f-e4b0c1e0cf8e',NULL,'2026-11','product_analysis','settled','gemini:88f7459297ff',5370,249,'gemini-2.5-flash-lite',1290,300,'2026-11-28T13:04:12.117Z',NULL,'2026-11-28T13:04:12.132Z');
INSERT INTO "usage_entry" VALUES('01a22241-916e-7582-b83d-011f24abc883','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,NULL,NULL,'2026-11','scene_analysis','settled','gemini:88f7459297ff',5370,249,'gemini-2.5-flash-lite',1290,300,'2026-11-28T13:04:12.141Z',NULL,'2026-11-28T13:04:12.149Z');
INSERT INTO "usage_entry" VALUES('01a22241-939b-7e6e-8d47-0dc9e00a5f5b','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-53b8-7841-8b1b-19c66b769984','01a22241-9399-73c6-ad41-80e4e801ab71','2026-11','image','settled',NULL,0,0,'local-studio/2',NULL,NULL,'2026-11-28T13:04:12.699Z',NULL,'2026-11-28T13:04:12.881Z');
INSERT INTO "usage_entry" VALUES('01a22241-9655-7970-b9c4-f2a8ac0889af','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-53b8-7841-8b1b-19c66b769984','01a22241-9653-7c36-9c15-d3bffbc05967','2026-11','edit','settled',NULL,0,0,'local-studio/2',NULL,NULL,'2026-11-28T13:04:13.397Z',NULL,'2026-11-28T13:04:13.458Z');
INSERT INTO "usage_entry" VALUES('01a22241-98df-72bc-9cb9-46bbd483dda4','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,'01a22241-74f7-7610-a261-db5a131f736d','01a22241-98dd-77cb-8ea2-28c645a3706e','2026-11','image','released',NULL,0,0,NULL,NULL,NULL,'2026-11-28T13:04:14.047Z',NULL,'2026-11-28T13:04:14.431Z');
INSERT INTO "usage_entry" VALUES('01a22241-98df-7a8e-8d33-fbdd501004fc','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,'01a22241-74f7-7610-a261-db5a131f736d','01a22241-98dd-722f-bb3e-ed36b9e04987','2026-11','image','released',NULL,0,0,NULL,NULL,NULL,'2026-11-28T13:04:14.047Z',NULL,'2026-11-28T13:04:14.431Z');
INSERT INTO "usage_entry" VALUES('01a22241-d73f-7486-9a45-b3716ba3d6dd','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-53b8-75ca-a72f-e4b0c1e0cf8e','01a22241-d73c-7b9a-9895-a8fd7c13ddbe','2026-11','image','reserved','gemini:88f7459297ff',67000,0,NULL,NULL,NULL,'2026-11-28T13:04:30.014Z','2026-11-28T13:04:30.170Z',NULL);
INSERT INTO "usage_entry" VALUES('01a22241-d7cc-7041-b9dd-09f9820fa7ee','01a22241-4a75-7a98-9621-6163bd9c5149',NULL,NULL,NULL,'2026-11','scene_analysis','settled','gemini:88f7459297ff',5370,249,'gemini-2.5-flash-lite',1290,300,'2026-11-28T13:04:30.155Z',NULL,'2026-11-28T13:04:30.166Z');
INSERT INTO "usage_entry" VALUES('01a22241-dd4b-741a-8bc7-3376b212fd5e','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-53b8-7841-8b1b-19c66b769984','01a22241-dd48-7494-9c5a-75aa0bfbc18a','2026-11','image','reserved',NULL,0,0,NULL,NULL,NULL,'2026-11-28T13:04:31.563Z',NULL,NULL);
INSERT INTO "usage_entry" VALUES('01a22241-dd4b-7df2-9989-62493f69dd7d','01a22241-4a75-7a98-9621-6163bd9c5149','01a22241-5383-706e-89a7-6558b6dfbab4','01a22241-53b8-7841-8b1b-19c66b769984','01a22241-dd49-7e67-80d6-0fcfe88c63e0','2026-11','image','reserved',NULL,0,0,NULL,NULL,NULL,'2026-11-28T13:04:31.563Z',NULL,NULL);
CREATE TABLE usage_record (
    id TEXT NOT NULL PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    month TEXT NOT NULL,
    generation_count INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT usage_record_client_month_unique UNIQUE (client_id, month)
);
INSERT INTO "usage_record" VALUES('01a22241-8820-7266-9f90-7b3d2b330022','01a22241-4a75-7a98-9621-6163bd9c5149','2026-11',12,'2026-11-28T13:04:09.760Z','2026-11-28T13:04:31.562Z');
CREATE TABLE "user" (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    email_verified BOOLEAN NOT NULL DEFAULT false CHECK (email_verified IN (0, 1)),
    image TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT user_email_unique UNIQUE (email)
);
INSERT INTO "user" VALUES('01a22241-4e00-7710-9643-a06d3243c49f','Ann','ann@acme.example',0,NULL,'2026-11-28T13:03:54.878Z','2026-11-28T13:03:54.878Z');
INSERT INTO "user" VALUES('01a22241-4f22-7f70-971a-71ef3192f2e9','bob@acme.example','bob@acme.example',0,NULL,'2026-11-28T13:03:55.169Z','2026-11-28T13:03:55.169Z');
CREATE TABLE user_favorite (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
    entity_type TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT user_favorite_unique UNIQUE (user_id, entity_type, entity_id),
    CONSTRAINT user_favorite_entity_type_check CHECK (entity_type IN ('product', 'generation_flow'))
);
INSERT INTO "user_favorite" VALUES('01a22241-b931-7697-b533-1d1b265b2334','01a22241-4e00-7710-9643-a06d3243c49f','product','01a22241-53b8-7841-8b1b-19c66b769984','2026-11-28T13:04:22.319Z');
INSERT INTO "user_favorite" VALUES('01a22241-bb82-7f32-a0f8-43f407a4e047','01a22241-4f22-7f70-971a-71ef3192f2e9','generation_flow','01a22241-843d-7559-94e2-11910d37a5ad','2026-11-28T13:04:22.913Z');
CREATE TABLE webhook_event (
    id TEXT NOT NULL PRIMARY KEY,
    store_connection_id TEXT NOT NULL REFERENCES store_connection (id) ON DELETE CASCADE,
    delivery_id TEXT NOT NULL,
    topic TEXT NOT NULL,
    external_resource_id TEXT,
    payload TEXT NOT NULL CHECK (json_valid(payload)),
    status TEXT NOT NULL DEFAULT 'received',
    attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    received_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    processed_at TEXT,
    CONSTRAINT webhook_event_unique UNIQUE (store_connection_id, delivery_id),
    CONSTRAINT webhook_event_status_check CHECK (status IN ('received', 'processing', 'processed', 'ignored', 'failed'))
);
INSERT INTO "webhook_event" VALUES('01a22241-cdf0-7746-8304-f558ff3b46c6','01a22241-5e4a-7117-81c6-32c838679026','1','products/update',NULL,'{}','processed',0,NULL,'2026-11-28T13:04:27.632Z','2026-11-28T13:04:27.632Z');
INSERT INTO "webhook_event" VALUES('01a22241-cdfb-76bd-9c83-bf27b4a19cd4','01a22241-5e4a-7117-81c6-32c838679026','2','customers/redact',NULL,'{}','ignored',0,NULL,'2026-11-28T13:04:27.639Z','2026-11-28T13:04:27.639Z');
CREATE TABLE webhook_subscription (
    id TEXT NOT NULL PRIMARY KEY,
    store_connection_id TEXT NOT NULL REFERENCES store_connection (id) ON DELETE CASCADE,
    topic TEXT NOT NULL,
    external_webhook_id TEXT,
    secret_sealed TEXT,
    status TEXT NOT NULL DEFAULT 'active',
    last_delivery_at TEXT,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    CONSTRAINT webhook_subscription_unique UNIQUE (store_connection_id, topic),
    CONSTRAINT webhook_subscription_status_check CHECK (status IN ('active', 'paused', 'failed', 'removed'))
);
INSERT INTO "webhook_subscription" VALUES('01a22241-5eab-70cb-b2a8-9722f896abc0','01a22241-5e4a-7117-81c6-32c838679026','PRODUCTS_CREATE','1','v1.d2xCxN07r/7exepg.Tt9ALKxGHMWHddCKZongYw==.VBfYrnZ3sVyjIF58NSNcAlbMUX6XTGs76oFC8mga8jfI6g6FdjPYqKz+jg==','active',NULL,'2026-11-28T13:03:59.157Z','2026-11-28T13:03:59.157Z');
INSERT INTO "webhook_subscription" VALUES('01a22241-5ec8-7033-868c-69af0a347e2d','01a22241-5e4a-7117-81c6-32c838679026','PRODUCTS_UPDATE','2','v1.52Afo50lw66w9YYO.HSMWcVYDVezwjzKeGhniLg==.OvVwFo4QjgnbxK8f/sIvW9Ck0EArgRo+pbQSXpImfWxbRY7ukvdODS+FKA==','active',NULL,'2026-11-28T13:03:59.177Z','2026-11-28T13:03:59.177Z');
INSERT INTO "webhook_subscription" VALUES('01a22241-5ee8-7110-bdc1-1e2f16a95848','01a22241-5e4a-7117-81c6-32c838679026','PRODUCTS_DELETE','3','v1.ae1cB6dFTIcK7YZy.dwUmzUq9vzdoW4ihcNSU1Q==.qkCqSB4ljdisCpnzPgIwkslmVcuK8xQGC2DGlpjm0gK3kRpB8Ztbm6V6fA==','active',NULL,'2026-11-28T13:03:59.208Z','2026-11-28T13:03:59.208Z');
INSERT INTO "webhook_subscription" VALUES('01a22241-5ef7-7fe3-bbe1-3b67fb6d3ad0','01a22241-5e4a-7117-81c6-32c838679026','APP_UNINSTALLED','4','v1.cnjCx33KS09VB3pP.Qy3/BsddYoMEuLUHG5n7qg==.rypDJP60I9jSsaI+QINY3I57VzX5a0IY1gLSVNwMsLginqhe8GiRg9kK9w==','active',NULL,'2026-11-28T13:03:59.224Z','2026-11-28T13:03:59.224Z');
CREATE INDEX member_client_id_idx ON member (client_id);
CREATE INDEX member_user_id_idx ON member (user_id);
CREATE INDEX store_connection_client_id_idx ON store_connection (client_id);
CREATE INDEX store_connection_store_url_idx ON store_connection (store_type, store_url);
CREATE INDEX store_connection_keep_alive_idx ON store_connection (keep_alive_at) WHERE keep_alive_at IS NOT NULL;
CREATE INDEX store_connection_renew_idx ON store_connection (renew_at) WHERE renew_at IS NOT NULL;
CREATE INDEX store_connection_warn_idx ON store_connection (warn_at) WHERE warn_at IS NOT NULL;
CREATE INDEX store_connection_due_idx ON store_connection (next_sync_at) WHERE auto_sync_enabled AND status = 'active';
CREATE INDEX oauth_state_expires_at_idx ON oauth_state (expires_at);
CREATE INDEX oauth_state_browser_hash_idx ON oauth_state (browser_hash);
CREATE INDEX product_client_id_idx ON product (client_id);
CREATE INDEX product_favorite_idx ON product (client_id, is_favorite);
CREATE INDEX product_source_idx ON product (client_id, source);
CREATE UNIQUE INDEX product_store_erp_unique ON product (store_connection_id, erp_id);
CREATE INDEX product_erp_sku_idx ON product (client_id, erp_sku);
CREATE INDEX product_analyzed_idx ON product (client_id, analyzed_at);
CREATE INDEX product_variant_sku_idx ON product_variant (erp_sku);
CREATE INDEX product_image_product_id_idx ON product_image (product_id);
CREATE INDEX product_image_sort_order_idx ON product_image (product_id, sort_order);
CREATE UNIQUE INDEX product_image_external_unique ON product_image (product_id, external_image_id);
CREATE UNIQUE INDEX product_image_primary_unique ON product_image (product_id) WHERE is_primary;
CREATE INDEX chat_session_product_id_idx ON chat_session (product_id);
CREATE INDEX collection_session_client_id_idx ON collection_session (client_id);
CREATE INDEX generation_flow_collection_session_id_idx ON generation_flow (collection_session_id);
CREATE INDEX generation_flow_client_id_idx ON generation_flow (client_id);
CREATE INDEX generation_flow_status_idx ON generation_flow (status);
CREATE INDEX generation_flow_favorite_idx ON generation_flow (client_id, is_favorite);
CREATE INDEX message_chat_session_id_idx ON message (chat_session_id);
CREATE INDEX message_collection_session_id_idx ON message (collection_session_id);
CREATE INDEX inspiration_collection_idx ON inspiration_image (collection_session_id, display_order);
CREATE INDEX generated_asset_client_id_idx ON generated_asset (client_id);
CREATE INDEX generated_asset_generation_flow_id_idx ON generated_asset (generation_flow_id);
CREATE INDEX generated_asset_chat_session_id_idx ON generated_asset (chat_session_id);
CREATE INDEX generated_asset_created_at_idx ON generated_asset (created_at);
CREATE INDEX generated_asset_job_id_idx ON generated_asset (job_id);
CREATE INDEX generated_asset_status_idx ON generated_asset (status);
CREATE INDEX generated_asset_approval_status_idx ON generated_asset (client_id, approval_status);
CREATE INDEX generated_asset_product_asset_idx ON generated_asset_product (generated_asset_id);
CREATE INDEX generated_asset_product_product_idx ON generated_asset_product (product_id);
CREATE UNIQUE INDEX generated_asset_product_primary_unique ON generated_asset_product (generated_asset_id) WHERE is_primary;
CREATE INDEX favorite_image_client_id_idx ON favorite_image (client_id);
CREATE INDEX favorite_image_generated_asset_id_idx ON favorite_image (generated_asset_id);
CREATE INDEX store_sync_log_store_connection_id_idx ON store_sync_log (store_connection_id, started_at);
CREATE INDEX store_sync_log_generated_asset_id_idx ON store_sync_log (generated_asset_id);
CREATE INDEX store_sync_log_product_id_idx ON store_sync_log (product_id);
CREATE INDEX store_sync_log_status_idx ON store_sync_log (status);
CREATE INDEX store_sync_log_job_id_idx ON store_sync_log (job_id);
CREATE UNIQUE INDEX store_sync_log_one_import_unique ON store_sync_log (store_connection_id) WHERE action = 'import' AND status = 'running';
CREATE INDEX store_sync_item_log_idx ON store_sync_item (sync_log_id, outcome);
CREATE INDEX store_sync_item_entity_idx ON store_sync_item (entity_id, created_at);
CREATE INDEX asset_push_due_idx ON asset_push (status, next_attempt_at);
CREATE INDEX asset_push_product_idx ON asset_push (product_id);
CREATE INDEX job_claimable_idx ON job (queue, priority, turn, scheduled_for, id) WHERE status = 'pending';
CREATE INDEX job_turn_idx ON job (queue, turn) WHERE status = 'pending';
CREATE INDEX job_lease_idx ON job (lease_expires_at) WHERE status = 'processing';
CREATE INDEX job_client_turn_idx ON job (client_id, queue, turn) WHERE status = 'pending';
CREATE INDEX job_client_idx ON job (client_id, created_at);
CREATE INDEX job_flow_idx ON job (flow_id);
CREATE INDEX job_store_connection_idx ON job (store_connection_id, created_at);
CREATE UNIQUE INDEX job_dedupe_unique ON job (dedupe_key) WHERE dedupe_key IS NOT NULL AND status IN ('pending', 'processing');
CREATE INDEX webhook_event_status_idx ON webhook_event (status, received_at);
CREATE INDEX tag_client_id_idx ON tag (client_id);
CREATE INDEX tag_assignment_tag_id_idx ON tag_assignment (tag_id);
CREATE INDEX tag_assignment_entity_idx ON tag_assignment (entity_type, entity_id);
CREATE INDEX user_favorite_user_id_idx ON user_favorite (user_id);
CREATE INDEX user_favorite_entity_idx ON user_favorite (entity_type, entity_id);
CREATE INDEX generation_event_client_id_idx ON generation_event (client_id, created_at);
CREATE INDEX generation_event_type_idx ON generation_event (event_type);
CREATE INDEX generation_event_created_at_idx ON generation_event (created_at);
CREATE INDEX generation_event_flow_id_idx ON generation_event (generation_flow_id);
CREATE INDEX usage_entry_client_idx ON usage_entry (client_id, month);
CREATE INDEX usage_entry_reserved_idx ON usage_entry (kind, created_at) WHERE status = 'reserved';
CREATE INDEX usage_entry_asset_idx ON usage_entry (generated_asset_id);
CREATE INDEX usage_entry_product_idx ON usage_entry (product_id);
CREATE INDEX usage_entry_connection_idx ON usage_entry (store_connection_id);
CREATE TRIGGER product_forget_marks AFTER DELETE ON product BEGIN
    DELETE FROM tag_assignment WHERE entity_type = 'product' AND entity_id = OLD.id;
    DELETE FROM user_favorite WHERE entity_type = 'product' AND entity_id = OLD.id;
END;
CREATE TRIGGER generation_flow_forget_marks AFTER DELETE ON generation_flow BEGIN
    DELETE FROM tag_assignment WHERE entity_type = 'generation_flow' AND entity_id = OLD.id;
    DELETE FROM user_favorite WHERE entity_type = 'generation_flow' AND entity_id = OLD.id;
END;
COMMIT;
