// later.js URL gen2|gen3: what that generation's application inserts and changes, through its own library. Prints by kind what failed, or null.
const { drizzle } = require('drizzle-orm/node-postgres');
const { and, eq } = require('drizzle-orm');
const { Pool } = require('pg');
const t = require(`./schema/${process.argv[3]}.js`);

const pool = new Pool({ connectionString: process.argv[2], max: 1 });
const db = drizzle(pool);
const result = {};

async function call(kind, work) {
  try { await work(); result[kind] = null; } catch (error) { result[kind] = `${error.code ?? 'ERROR'} ${error.message}`; }
}

async function insert(kind, table, row) {
  await call(kind, async () => {
    const [back] = await db.insert(table).values(row).returning();
    const [read] = await db.select().from(table).where(eq(table.id, row.id));
    if (JSON.stringify(read) !== JSON.stringify(back)) throw new Error(`${JSON.stringify(read)} instead of ${JSON.stringify(back)}`);
  });
}

(async () => {
  const clientId = 'client3', settings = { scene: 'Studio Set' };
  await insert('a shop', t.storeConnection, { id: 'new-conn', clientId, storeType: 'shopify', storeUrl: 'https://new.example', ciphertext: 'AAAA', iv: 'AQEBAQEBAQEBAQEB', tag: 'AQEBAQEBAQEBAQEBAQEBAQ==', keyId: 'v1' });
  await insert('a product', t.product, { id: 'new-p', clientId, name: 'N', source: 'imported', erpId: '9', storeConnectionId: 'new-conn' });
  await insert('a picture of a product', t.productImage, { id: 'new-pi', productId: 'new-p', r2KeyBase: 'b', r2KeyPreview: 'p' });
  await call('a product changed', async () => {
    const [one] = await db.update(t.product).set({ erpSku: 'S', version: 2 }).where(and(eq(t.product.id, 'new-p'), eq(t.product.version, 1))).returning();
    if (one?.erpSku !== 'S' || one?.erpId !== '9') throw new Error(JSON.stringify(one));
  });
  await insert('a session', t.collectionSession, { id: 'new-ses', clientId, name: 'S' });
  await insert('a flow', t.generationFlow, { id: 'new-flow', clientId, collectionSessionId: 'new-ses', settings });
  await insert('a flow of no session', t.generationFlow, { id: 'new-alone', clientId, settings });
  await insert('a picture', t.generatedAsset, { id: 'new-img', clientId, generationFlowId: 'new-flow', assetUrl: 'k.webp', status: 'completed', completedAt: new Date() });
  await insert('a link', t.generatedAssetProduct, { id: 'new-link', generatedAssetId: 'new-img', productId: 'new-p', isPrimary: true });
  await insert('a message', t.message, { id: 'new-msg', collectionSessionId: 'new-ses', role: 'user', parts: [] });
  await insert('a favourite', t.favoriteImage, { id: 'new-fav', clientId, generatedAssetId: 'new-img' });
  await insert('a tag', t.tag, { id: 'new-tag', clientId, name: 'New' });
  await insert('a tag on a product', t.tagAssignment, { id: 'new-ta', tagId: 'new-tag', entityType: 'product', entityId: 'new-p' });
  await insert("a user's favourite", t.userFavorite, { id: 'new-uf', userId: 'u1', entityType: 'product', entityId: 'new-p' });
  await insert('an event', t.generationEvent, { id: 'new-e', clientId, generationFlowId: 'new-flow', eventType: 'completed' });
  await insert('a run', t.storeSyncLog, { id: 'new-log', storeConnectionId: 'new-conn', generatedAssetId: 'new-img', productId: 'new-p', action: 'upload', status: 'success', completedAt: new Date() });
  await call('a decision', async () => {
    const [one] = await db.update(t.generatedAsset).set({ approvalStatus: 'approved', approvedAt: new Date(), approvedBy: 'u1' }).where(eq(t.generatedAsset.id, 'new-img')).returning();
    if (one?.approvalStatus !== 'approved') throw new Error('not approved');
  });
  for (const [kind, table, id] of [['a run deleted', t.storeSyncLog, 'new-log'], ['a flow deleted', t.generationFlow, 'new-flow'], ['a session deleted', t.collectionSession, 'new-ses'], ['a product deleted', t.product, 'new-p']]) {
    await call(kind, async () => {
      const gone = await db.delete(table).where(eq(table.id, id)).returning();
      if (gone.length !== 1) throw new Error(`${gone.length} rows`);
    });
  }
  await pool.end();
  console.log(JSON.stringify(result));
})();
