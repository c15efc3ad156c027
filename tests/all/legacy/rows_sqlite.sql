INSERT INTO client (id, name, slug) VALUES ('northwind', 'Northwind', 'northwind');
INSERT INTO product (id, client_id, name) VALUES ('product-1', 'northwind', 'Chair'), ('product-2', 'northwind', 'Table');
INSERT INTO studio_session (id, client_id, name) VALUES ('studio-1', 'northwind', 'Spring');
INSERT INTO flow (id, studio_session_id, settings) VALUES ('flow-1', 'studio-1', '{"someUnknownKey": {"kept": true}}');
INSERT INTO generated_image (id, client_id, flow_id, r2_key, product_ids) VALUES ('image-1', 'northwind', 'flow-1', 'orgs/x.png', '["product-2", "product-gone", "product-1"]');
INSERT INTO generated_image (id, client_id, r2_key, product_ids, error) VALUES ('image-2', 'northwind', 'clients/y.png', '"product-1"', 'refused');
INSERT INTO message (id, studio_session_id, role, parts) VALUES ('m-1', 'studio-1', 'user', '[]');
INSERT INTO favorite_image (id, client_id, generated_image_id) VALUES ('fav-1', 'northwind', 'image-1');
