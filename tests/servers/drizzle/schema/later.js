// The later generations (data-model part 4, its columns from seed, design log and upstream): the second, and, told so, the third.
const { tables, made } = require('./common.js');
const { boolean, id, index, integer, jsonb, numeric, of, oneParent, pgTable, text, times, unique, version, zoned } = made;
const { client, user } = tables;

module.exports = (third) => {
  const made = () => zoned('created_at').notNull().defaultNow();
  const shop = third ? 'store' : 'erp';
  const storeConnection = pgTable('store_connection', {
    id: id(), clientId: of('client_id', () => client).notNull(), storeType: text('store_type').notNull(), storeUrl: text('store_url').notNull(), storeName: text('store_name'),
    ciphertext: text('credentials_ciphertext').notNull(), iv: text('credentials_iv').notNull(), tag: text('credentials_tag').notNull(),
    keyId: text('credentials_key_id').notNull(), fingerprint: text('credentials_fingerprint'), tokenExpiresAt: zoned('token_expires_at'),
    autoSyncEnabled: boolean('auto_sync_enabled').notNull().default(false), syncOnApproval: boolean('sync_on_approval').notNull().default(true),
    status: text('status').notNull().default('active'), lastSyncAt: zoned('last_sync_at'), createdAt: made(), updatedAt: zoned('updated_at').notNull().defaultNow(),
  }, (t) => [index('store_connection_client_id_idx').on(t.clientId), unique('store_connection_unique').on(t.clientId, t.storeType, t.storeUrl)]);
  const product = pgTable('product', {
    id: id(), clientId: of('client_id', () => client).notNull(), name: text('name').notNull(), description: text('description'), category: text('category'),
    roomTypes: jsonb(third ? 'scene_types' : 'room_types'), modelFilename: text('model_filename'),
    ...(third ? {} : { favoriteImages: jsonb('favorite_images').notNull().default([]) }), sceneImages: jsonb('scene_images').notNull().default([]),
    isFavorite: boolean('is_favorite').notNull().default(false), source: text('source').notNull().default('uploaded'), storeConnectionId: text('store_connection_id'),
    erpId: text(`${shop}_id`), erpSku: text(`${shop}_sku`), erpUrl: text(`${shop}_url`), importedAt: zoned('imported_at'), analysisData: jsonb('analysis_data'),
    analysisVersion: text('analysis_version'), analyzedAt: zoned('analyzed_at'), price: numeric('price', { precision: 10, scale: 2 }), metadata: jsonb('metadata'),
    version: version(), ...times(),
  }, (t) => [index('product_client_id_idx').on(t.clientId), index('product_favorite_idx').on(t.clientId, t.isFavorite), index('product_source_idx').on(t.clientId, t.source),
    index(`product_${shop}_idx`).on(t.storeConnectionId, t.erpId)]);
  const productImage = pgTable('product_image', {
    id: id(), productId: of('product_id', () => product).notNull(), r2KeyBase: text(third ? 'image_url' : 'r2_key_base').notNull(),
    r2KeyPreview: text(third ? 'preview_url' : 'r2_key_preview'), sortOrder: integer('sort_order').notNull().default(0), version: version(),
    ...(third ? { isPrimary: boolean('is_primary').notNull().default(false), syncStatus: text('sync_status').notNull().default('local'), externalImageId: text('external_image_id'),
      originalStoreUrl: text('original_store_url'), syncedAt: zoned('synced_at') } : {}),
    ...times(),
  }, (t) => [index('product_image_product_id_idx').on(t.productId), index('product_image_sort_order_idx').on(t.productId, t.sortOrder)]);
  const chatSession = pgTable('chat_session', {
    id: id(), productId: of('product_id', () => product).notNull(), name: text('name').notNull(), selectedBaseImageId: text('selected_base_image_id'),
    version: version(), ...times(),
  }, (t) => [index('chat_session_product_id_idx').on(t.productId)]);
  const collectionSession = pgTable('collection_session', {
    id: id(), clientId: of('client_id', () => client).notNull(), name: text('name').notNull(), status: text('status').notNull().default('draft'),
    productIds: jsonb('product_ids').notNull().default([]), selectedBaseImages: jsonb('selected_base_images').notNull().default({}),
    ...(third ? { settings: jsonb('settings') } : {}), version: version(), ...times(),
  }, (t) => [index('collection_session_client_id_idx').on(t.clientId)]);
  const message = pgTable('message', {
    id: id(), chatSessionId: of('chat_session_id', () => chatSession), collectionSessionId: of('collection_session_id', () => collectionSession),
    role: text('role').notNull(), parts: jsonb('parts').notNull(), baseImageId: text('base_image_id'), baseImageIds: jsonb('base_image_ids'),
    inspirationImageId: text('inspiration_image_id'), version: version(), ...times(),
  }, (t) => [index('message_chat_session_id_idx').on(t.chatSessionId), index('message_collection_session_id_idx').on(t.collectionSessionId),
    oneParent('message_session_check', t.chatSessionId, t.collectionSessionId)]);
  const generationFlow = pgTable('generation_flow', {
    id: id(), collectionSessionId: of('collection_session_id', () => collectionSession), clientId: of('client_id', () => client).notNull(), name: text('name'),
    productIds: jsonb('product_ids').notNull().default([]), selectedBaseImages: jsonb('selected_base_images').notNull().default({}),
    status: text('status').notNull().default('empty'), settings: jsonb('settings').notNull(), isFavorite: boolean('is_favorite').notNull().default(false),
    currentImageIndex: integer('current_image_index').notNull().default(0), version: version(), ...times(),
  }, (t) => [index('generation_flow_collection_session_id_idx').on(t.collectionSessionId), index('generation_flow_client_id_idx').on(t.clientId),
    index('generation_flow_status_idx').on(t.status), index('generation_flow_favorite_idx').on(t.clientId, t.isFavorite)]);
  const generatedAsset = pgTable('generated_asset', {
    id: id(), clientId: of('client_id', () => client).notNull(), generationFlowId: of('generation_flow_id', () => generationFlow, 'set null'),
    chatSessionId: of('chat_session_id', () => chatSession, 'set null'), assetUrl: text('asset_url').notNull(), assetType: text('asset_type').notNull().default('image'),
    status: text('status').notNull().default('pending'), prompt: text('prompt'), settings: jsonb('settings'), productIds: jsonb('product_ids'), jobId: text('job_id'),
    error: text('error'), assetAnalysis: jsonb('asset_analysis'), analysisVersion: text('analysis_version'), approvalStatus: text('approval_status').notNull().default('pending'),
    approvedAt: zoned('approved_at'), approvedBy: of('approved_by', () => user, 'set null'), completedAt: zoned('completed_at'),
    ...(third ? { originalAssetUrl: text('original_asset_url'), externalImageId: text('external_image_id'), syncedAt: zoned('synced_at'), deletedAt: zoned('deleted_at') } : {}),
    ...times(),
  }, (t) => [index('generated_asset_client_id_idx').on(t.clientId), index('generated_asset_generation_flow_id_idx').on(t.generationFlowId),
    index('generated_asset_chat_session_id_idx').on(t.chatSessionId), index('generated_asset_created_at_idx').on(t.createdAt), index('generated_asset_job_id_idx').on(t.jobId),
    index('generated_asset_status_idx').on(t.status), index('generated_asset_approval_status_idx').on(t.clientId, t.approvalStatus)]);
  const generatedAssetProduct = pgTable('generated_asset_product', {
    id: id(), generatedAssetId: of('generated_asset_id', () => generatedAsset).notNull(), productId: of('product_id', () => product).notNull(),
    isPrimary: boolean('is_primary').notNull().default(false), createdAt: made(),
  }, (t) => [index('generated_asset_product_asset_idx').on(t.generatedAssetId), index('generated_asset_product_product_idx').on(t.productId)]);
  const favoriteImage = pgTable('favorite_image', {
    id: id(), clientId: of('client_id', () => client).notNull(), generatedAssetId: of('generated_asset_id', () => generatedAsset).notNull(), ...times(),
  }, (t) => [index('favorite_image_client_id_idx').on(t.clientId), index('favorite_image_generated_asset_id_idx').on(t.generatedAssetId)]);
  const tag = pgTable('tag', {
    id: id(), clientId: of('client_id', () => client).notNull(), name: text('name').notNull(), color: text('color'), createdAt: made(),
  }, (t) => [index('tag_client_id_idx').on(t.clientId), unique('tag_client_name_unique').on(t.clientId, t.name)]);
  const tagAssignment = pgTable('tag_assignment', {
    id: id(), tagId: of('tag_id', () => tag).notNull(), entityType: text('entity_type').notNull(), entityId: text('entity_id').notNull(), createdAt: made(),
  }, (t) => [index('tag_assignment_tag_id_idx').on(t.tagId), index('tag_assignment_entity_idx').on(t.entityType, t.entityId),
    unique('tag_assignment_unique').on(t.tagId, t.entityType, t.entityId)]);
  const userFavorite = pgTable('user_favorite', {
    id: id(), userId: of('user_id', () => user).notNull(), entityType: text('entity_type').notNull(), entityId: text('entity_id').notNull(), createdAt: made(),
  }, (t) => [index('user_favorite_user_id_idx').on(t.userId), index('user_favorite_entity_idx').on(t.entityType, t.entityId),
    unique('user_favorite_unique').on(t.userId, t.entityType, t.entityId)]);
  const generationEvent = pgTable('generation_event', {
    id: id(), clientId: of('client_id', () => client).notNull(), generationFlowId: of('generation_flow_id', () => generationFlow, 'set null'),
    productId: of('product_id', () => product, 'set null'), eventType: text('event_type').notNull(), metadata: jsonb('metadata'), createdAt: made(),
  }, (t) => [index('generation_event_client_id_idx').on(t.clientId), index('generation_event_type_idx').on(t.eventType), index('generation_event_created_at_idx').on(t.createdAt)]);
  const storeSyncLog = pgTable('store_sync_log', {
    id: id(), storeConnectionId: of('store_connection_id', () => storeConnection).notNull(), generatedAssetId: of('generated_asset_id', () => generatedAsset).notNull(),
    productId: of('product_id', () => product).notNull(), action: text('action').notNull(), status: text('status').notNull().default('pending'),
    externalImageUrl: text('external_image_url'), errorMessage: text('error_message'), startedAt: zoned('started_at').notNull().defaultNow(), completedAt: zoned('completed_at'),
  }, (t) => [index('store_sync_log_store_connection_id_idx').on(t.storeConnectionId), index('store_sync_log_generated_asset_id_idx').on(t.generatedAssetId),
    index('store_sync_log_product_id_idx').on(t.productId), index('store_sync_log_status_idx').on(t.status)]);
  const more = third ? {
    generationJob: pgTable('generation_job', {
      id: id(), clientId: of('client_id', () => client).notNull(), flowId: of('flow_id', () => generationFlow, 'set null'), type: text('type').notNull(),
      payload: jsonb('payload').notNull(), status: text('status').notNull().default('pending'), progress: integer('progress').notNull().default(0), result: jsonb('result'),
      error: text('error'), attempts: integer('attempts').notNull().default(0), maxAttempts: integer('max_attempts').notNull().default(3),
      scheduledFor: zoned('scheduled_for').notNull().defaultNow(), lockedBy: text('locked_by'), lockedAt: zoned('locked_at'), priority: integer('priority').notNull().default(100),
      createdAt: made(), startedAt: zoned('started_at'), completedAt: zoned('completed_at'),
    }),
    generationFlowProduct: pgTable('generation_flow_product', {
      id: id(), generationFlowId: of('generation_flow_id', () => generationFlow).notNull(), productId: of('product_id', () => product).notNull(), createdAt: made(),
    }),
  } : {};
  return { ...tables, storeConnection, product, productImage, chatSession, collectionSession, message, generationFlow, generatedAsset, generatedAssetProduct, favoriteImage,
    tag, tagAssignment, userFavorite, generationEvent, storeSyncLog, ...more };
};
