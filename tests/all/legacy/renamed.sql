-- The first thing that the older application's tool does with a gen1 database: three tables and five columns renamed.
ALTER TABLE studio_session RENAME TO collection_session;
ALTER TABLE flow RENAME TO generation_flow;
ALTER TABLE generated_image RENAME TO generated_asset;
ALTER TABLE generation_flow RENAME COLUMN studio_session_id TO collection_session_id;
ALTER TABLE message RENAME COLUMN studio_session_id TO collection_session_id;
ALTER TABLE generated_asset RENAME COLUMN flow_id TO generation_flow_id;
ALTER TABLE generated_asset RENAME COLUMN r2_key TO asset_url;
ALTER TABLE favorite_image RENAME COLUMN generated_image_id TO generated_asset_id;
