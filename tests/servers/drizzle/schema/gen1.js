// The first generation (data-model 1.2): studio sessions, flows, generated images.
const { tables, made } = require('./common.js');
const { id, index, integer, jsonb, of, oneParent, pgTable, text, times, version } = made;
const { client } = tables;

const product = pgTable('product', {
  id: id(), clientId: of('client_id', () => client).notNull(), name: text('name').notNull(), description: text('description'), category: text('category'),
  roomTypes: jsonb('room_types'), modelFilename: text('model_filename'), favoriteImages: jsonb('favorite_images').notNull().default([]),
  sceneImages: jsonb('scene_images').notNull().default([]), version: version(), ...times(),
}, (t) => [index('product_client_id_idx').on(t.clientId)]);
const productImage = pgTable('product_image', {
  id: id(), productId: of('product_id', () => product).notNull(), r2KeyBase: text('r2_key_base').notNull(), r2KeyPreview: text('r2_key_preview'),
  sortOrder: integer('sort_order').notNull().default(0), version: version(), ...times(),
}, (t) => [index('product_image_product_id_idx').on(t.productId), index('product_image_sort_order_idx').on(t.productId, t.sortOrder)]);
const chatSession = pgTable('chat_session', {
  id: id(), productId: of('product_id', () => product).notNull(), name: text('name').notNull(), selectedBaseImageId: text('selected_base_image_id'),
  version: version(), ...times(),
}, (t) => [index('chat_session_product_id_idx').on(t.productId)]);
const studioSession = pgTable('studio_session', {
  id: id(), clientId: of('client_id', () => client).notNull(), name: text('name').notNull(), productIds: jsonb('product_ids').notNull().default([]),
  selectedBaseImages: jsonb('selected_base_images').notNull().default({}), version: version(), ...times(),
}, (t) => [index('studio_session_client_id_idx').on(t.clientId)]);
const message = pgTable('message', {
  id: id(), chatSessionId: of('chat_session_id', () => chatSession), studioSessionId: of('studio_session_id', () => studioSession), role: text('role').notNull(),
  parts: jsonb('parts').notNull(), baseImageId: text('base_image_id'), baseImageIds: jsonb('base_image_ids'), inspirationImageId: text('inspiration_image_id'),
  version: version(), ...times(),
}, (t) => [index('message_chat_session_id_idx').on(t.chatSessionId), index('message_studio_session_id_idx').on(t.studioSessionId),
  oneParent('message_session_check', t.chatSessionId, t.studioSessionId)]);
const flow = pgTable('flow', {
  id: id(), studioSessionId: of('studio_session_id', () => studioSession).notNull(), name: text('name'), productIds: jsonb('product_ids').notNull().default([]),
  selectedBaseImages: jsonb('selected_base_images').notNull().default({}), status: text('status').notNull().default('empty'), settings: jsonb('settings').notNull(),
  currentImageIndex: integer('current_image_index').notNull().default(0), version: version(), ...times(),
}, (t) => [index('flow_studio_session_id_idx').on(t.studioSessionId)]);
const generatedImage = pgTable('generated_image', {
  id: id(), clientId: of('client_id', () => client).notNull(), flowId: of('flow_id', () => flow, 'set null'),
  chatSessionId: of('chat_session_id', () => chatSession, 'set null'), r2Key: text('r2_key').notNull(), prompt: text('prompt'), settings: jsonb('settings'),
  productIds: jsonb('product_ids'), jobId: text('job_id'), error: text('error'), ...times(),
}, (t) => [index('generated_image_client_id_idx').on(t.clientId), index('generated_image_flow_id_idx').on(t.flowId),
  index('generated_image_chat_session_id_idx').on(t.chatSessionId), index('generated_image_created_at_idx').on(t.createdAt), index('generated_image_job_id_idx').on(t.jobId)]);
const favoriteImage = pgTable('favorite_image', {
  id: id(), clientId: of('client_id', () => client).notNull(), generatedImageId: of('generated_image_id', () => generatedImage).notNull(), ...times(),
}, (t) => [index('favorite_image_client_id_idx').on(t.clientId), index('favorite_image_generated_image_id_idx').on(t.generatedImageId)]);

module.exports = { ...tables, product, productImage, chatSession, studioSession, message, flow, generatedImage, favoriteImage };
