// app.js --url URL [--workers K] [--seconds S] [--seed N] [--pause MS] [--log FILE] [--part N]: does on a database what the older application
// does, through its own library, in K processes, each in a share of the sessions and products of its own: reads, inserts, updates under an
// optimistic lock, the save that deletes a whole session and inserts it again, deletions, favourites. Everything that is written is read back
// and compared. Prints as JSON how many calls of each kind there were, what failed, with which SQLSTATE, how long the longest took, and which
// rows it had its hands on. Ends after S seconds or when its input ends.
const { fork } = require('node:child_process');
const fs = require('node:fs');
const { drizzle } = require('drizzle-orm/node-postgres');
const { and, asc, eq, inArray, like, sql } = require('drizzle-orm');
const { Pool } = require('pg');
const { isDeepStrictEqual } = require('node:util');
const t = require('./schema/gen1.js');

const given = { workers: 3, seconds: 20, seed: 1, pause: 0, part: 10 };
for (let i = 2; i < process.argv.length; i += 2) given[process.argv[i].replace(/^--/, '')] = process.argv[i + 1];
for (const name of ['workers', 'seconds', 'seed', 'pause', 'part']) given[name] = Number(given[name]);

class Lost extends Error {}
const same = (what, found, wanted) => {
  if (isDeepStrictEqual(found, wanted)) return;
  const short = (value) => JSON.stringify(value)?.slice(0, 300);
  throw new Lost(`${what}: ${short(found)} instead of ${short(wanted)}`);
};
const byId = (rows) => [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
// A numbered sequence that is the same for the same seed.
const chance = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let x = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
  return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
};

class Worker {
  constructor(number) {
    this.number = number;
    this.pool = new Pool({ connectionString: given.url, max: 1, application_name: 'older application' });
    this.pool.on('error', () => {});
    this.db = drizzle(this.pool);
    this.next = chance(given.seed * 1000 + number);
    this.kinds = {};
    this.touched = {};
    this.made = 0;
    this.log = given.log ? fs.createWriteStream(`${given.log}.${number}`) : null;
  }

  pick(list) { return list[Math.floor(this.next() * list.length)]; }

  touch(table, ids) {
    const set = (this.touched[table] ??= new Set());
    for (const id of ids) if (id != null) set.add(id);
  }

  // One call of the application: timed, its failure counted, never fatal. Gives whether it went well.
  async call(kind, work) {
    const began = Date.now();
    const clock = process.hrtime.bigint();
    let failure = null;
    try { await work(); } catch (error) {
      const cause = error.cause?.code ? error.cause : error;
      failure = { state: cause instanceof Lost ? 'LOST' : cause.code ?? 'ERROR', message: cause.message };
    }
    const ms = Number(process.hrtime.bigint() - clock) / 1e6;
    const kept = (this.kinds[kind] ??= { count: 0, failed: 0, longest_ms: 0, errors: {} });
    kept.count += 1;
    kept.longest_ms = Math.max(kept.longest_ms, Math.round(ms));
    if (failure) {
      kept.failed += 1;
      const one = (kept.errors[failure.state] ??= { count: 0, first: failure.message });
      one.count += 1;
    }
    this.log?.write(`${JSON.stringify({ at: began, ms: Math.round(ms * 10) / 10, kind, worker: this.number, state: failure?.state, message: failure?.message })}\n`);
    if (given.pause) await new Promise((done) => setTimeout(done, given.pause));
    return !failure;
  }

  id(prefix) {
    this.made += 1;
    return `new-${given.seed}-${this.number}-${prefix}-${this.made}`;
  }

  async one(table, id) { return (await this.db.select().from(table).where(eq(table.id, id)))[0]; }

  // Inserts rows with every column named, as the library does, and compares what comes back with what is read.
  async insert(table, rows, db = this.db) {
    const back = await db.insert(table).values(rows).returning();
    for (const row of rows) {
      const got = back.find((one) => one.id === row.id);
      if (!got) throw new Lost(`insert of ${row.id} returned nothing`);
      for (const [name, value] of Object.entries(row)) same(`insert returned ${name} of ${row.id}`, got[name], value);
      for (const name of ['createdAt', 'updatedAt', 'version']) if (name in got && got[name] == null) throw new Lost(`insert returned no ${name} of ${row.id}`);
    }
    return back;
  }

  async create(kind, table, name, rows) {
    this.touch(name, rows.map((row) => row.id));
    return this.call(kind, async () => {
      const back = await this.insert(table, rows);
      const read = await this.db.select().from(table).where(inArray(table.id, rows.map((row) => row.id)));
      same(`${name} read back`, byId(read), byId(back));
    });
  }

  // update ... where id and version: the right version wins, a stale one changes nothing.
  async update(kind, table, name, id, change) {
    this.touch(name, [id]);
    return this.call(kind, async () => {
      const before = await this.one(table, id);
      if (!before) throw new Lost(`${name} ${id} is gone`);
      const set = { ...change(before), updatedAt: new Date(), version: sql`${table.version} + 1` };
      const changed = await this.db.update(table).set(set).where(and(eq(table.id, id), eq(table.version, before.version))).returning();
      if (changed.length !== 1) throw new Lost(`${name} ${id}: ${changed.length} rows under the optimistic lock`);
      const { version: _, ...values } = set;
      same(`${name} ${id} after its update`, await this.one(table, id), { ...before, ...values, version: before.version + 1 });
      const stale = await this.db.update(table).set(set).where(and(eq(table.id, id), eq(table.version, before.version))).returning();
      same(`${name} ${id} under a stale lock`, stale.length, 0);
    });
  }

  async remove(kind, table, name, id, after = async () => {}) {
    this.touch(name, [id]);
    return this.call(kind, async () => {
      const gone = await this.db.delete(table).where(eq(table.id, id)).returning();
      same(`rows returned of ${name} ${id}`, gone.map((row) => row.id), [id]);
      same(`${name} ${id} after its deletion`, await this.one(table, id), undefined);
      const again = await this.db.delete(table).where(eq(table.id, id)).returning();
      same(`${name} ${id} deleted twice`, again.length, 0);
      await after();
    });
  }

  // Everything of a session, as the browser holds it.
  async load(id) {
    const found = await this.one(t.studioSession, id);
    if (!found) return null;
    const messages = await this.db.select().from(t.message).where(eq(t.message.studioSessionId, id)).orderBy(asc(t.message.id));
    const flows = await this.db.select().from(t.flow).where(eq(t.flow.studioSessionId, id)).orderBy(asc(t.flow.id));
    const ids = flows.map((flow) => flow.id);
    const pictures = ids.length ? await this.db.select().from(t.generatedImage).where(inArray(t.generatedImage.flowId, ids)).orderBy(asc(t.generatedImage.id)) : [];
    return { session: found, messages, flows, pictures };
  }

  async touchSession(copy) {
    this.touch('studio_session', [copy.session.id]);
    this.touch('message', copy.messages.map((row) => row.id));
    this.touch('flow', copy.flows.map((row) => row.id));
    this.touch('generated_image', copy.pictures.map((row) => row.id));
    const ids = copy.pictures.map((row) => row.id);
    if (!ids.length) return;
    const stars = await this.db.select({ id: t.favoriteImage.id }).from(t.favoriteImage).where(inArray(t.favoriteImage.generatedImageId, ids));
    this.touch('favorite_image', stars.map((row) => row.id));
  }

  // The application's longest transaction: everything of the session deleted and inserted again under the same ids.
  async save(id) {
    let copy;
    if (!(await this.call('read a session', async () => { copy = await this.load(id); if (copy) await this.touchSession(copy); }))) return;
    if (!copy) return;
    const moment = new Date();
    copy.session = { ...copy.session, name: `Saved ${this.made++} by ${this.number}`, version: copy.session.version + 1, updatedAt: moment };
    copy.flows = copy.flows.map((flow, n) => (n === 0 ? { ...flow, name: `Saved ${this.made}`, settings: { ...flow.settings, saved: this.made }, updatedAt: moment } : flow));
    if (copy.messages.length) {
      const added = { ...copy.messages[0], id: this.id('msg'), parts: [{ type: 'text', content: `said ${this.made}` }], updatedAt: moment };
      copy.messages = byId([...copy.messages.slice(-20), added]);
      this.touch('message', [added.id]);
    }
    if (copy.flows.length && this.next() < 0.5) {
      const flow = copy.flows[0];
      const added = { id: this.id('img'), clientId: copy.session.clientId, flowId: flow.id, chatSessionId: null, r2Key: `clients/${copy.session.clientId}/sessions/${id}/media/${this.made}.jpg`,
        prompt: 'made meanwhile', settings: null, productIds: flow.productIds, jobId: null, error: null, createdAt: moment, updatedAt: moment };
      copy.pictures = byId([...copy.pictures, added]);
      this.touch('generated_image', [added.id]);
    }
    const saved = await this.call('save a session', async () => {
      await this.db.transaction(async (tx) => {
        const { id: _, version, ...rest } = copy.session;
        const changed = await tx.update(t.studioSession).set({ ...rest, version }).where(and(eq(t.studioSession.id, id), eq(t.studioSession.version, version - 1))).returning();
        if (changed.length !== 1) throw new Lost(`session ${id}: ${changed.length} rows under the optimistic lock`);
        await tx.delete(t.message).where(eq(t.message.studioSessionId, id)).returning({ id: t.message.id });
        if (copy.messages.length) await this.insert(t.message, copy.messages, tx);
        const old = (await tx.select({ id: t.flow.id }).from(t.flow).where(eq(t.flow.studioSessionId, id))).map((row) => row.id);
        if (old.length) await tx.delete(t.generatedImage).where(inArray(t.generatedImage.flowId, old)).returning({ id: t.generatedImage.id });
        await tx.delete(t.flow).where(eq(t.flow.studioSessionId, id)).returning({ id: t.flow.id });
        if (copy.flows.length) await this.insert(t.flow, copy.flows, tx);
        for (let n = 0; n < copy.pictures.length; n += 200) await this.insert(t.generatedImage, copy.pictures.slice(n, n + 200), tx);
      });
    });
    // A save that was refused is lost for the person who pressed the button; one that was taken has to be there whole.
    if (saved) await this.call('read a saved session', async () => same(`session ${id}`, await this.load(id), copy));
  }

  // A client with one of everything, then taken apart by deletions that rely on the references.
  async lifetime() {
    const client = this.id('client');
    const product = this.id('p'), other = this.id('p'), image = this.id('pi'), chat = this.id('chat'), session = this.id('ses'), spare = this.id('ses');
    const flows = [this.id('flow'), this.id('flow'), this.id('flow')];
    const pictures = [this.id('img'), this.id('img'), this.id('img'), this.id('img')];
    const settings = { scene: 'Studio Set', kept: { unknown: [1, null] } };
    if (!(await this.create('insert a client', t.client, 'client', [{ id: client, name: 'New', slug: client, metadata: { description: 'x' } }]))) return;
    await this.create('insert products', t.product, 'product', [{ id: product, clientId: client, name: 'A' }, { id: other, clientId: client, name: '', roomTypes: ['hall'] }]);
    await this.create('insert a product image', t.productImage, 'product_image', [{ id: image, productId: product, r2KeyBase: 'k.png' }]);
    await this.create('insert a chat', t.chatSession, 'chat_session', [{ id: chat, productId: product, name: 'Chat' }]);
    await this.create('insert a session', t.studioSession, 'studio_session', [{ id: session, clientId: client, name: 'S', productIds: [product] }, { id: spare, clientId: client, name: 'T' }]);
    await this.create('insert messages', t.message, 'message', [{ id: this.id('msg'), chatSessionId: chat, role: 'user', parts: [] }, { id: this.id('msg'), studioSessionId: session, role: 'user', parts: [{ type: 'text', content: 'é' }] }]);
    await this.create('insert flows', t.flow, 'flow', flows.map((id, n) => ({ id, studioSessionId: n < 2 ? session : spare, settings, productIds: [product, other] })));
    await this.create('insert pictures', t.generatedImage, 'generated_image', pictures.map((id, n) => ({ id, clientId: client, flowId: n < 3 ? flows[n] : null, chatSessionId: n < 3 ? null : chat, r2Key: `k${n}.jpg`, productIds: [product, 'gone'], error: n === 1 ? '' : null })));
    const star = this.id('fav');
    await this.create('insert a favourite', t.favoriteImage, 'favorite_image', [{ id: star, clientId: client, generatedImageId: pictures[0] }]);
    await this.update('update a client', t.client, 'client', client, () => ({ name: 'Changed', metadata: { commerce: { provider: 'none' } } }));
    await this.update('update a product', t.product, 'product', product, () => ({ name: 'Changed', favoriteImages: [{ imageId: pictures[0], sessionId: session }] }));
    await this.update('update a product image', t.productImage, 'product_image', image, () => ({ sortOrder: 3 }));
    await this.update('update a chat', t.chatSession, 'chat_session', chat, () => ({ selectedBaseImageId: image }));
    await this.update('update a session', t.studioSession, 'studio_session', session, () => ({ selectedBaseImages: { [product]: image } }));
    await this.update('update a flow', t.flow, 'flow', flows[0], () => ({ status: 'completed', currentImageIndex: 1 }));
    await this.call('update a picture', async () => {
      const before = await this.one(t.generatedImage, pictures[0]);
      await this.db.update(t.generatedImage).set({ prompt: 'p', error: 'no', productIds: [other] }).where(eq(t.generatedImage.id, pictures[0])).returning();
      same('picture after its update', await this.one(t.generatedImage, pictures[0]), { ...before, prompt: 'p', error: 'no', productIds: [other] });
    });
    await this.remove('delete a favourite', t.favoriteImage, 'favorite_image', star);
    await this.remove('delete a picture', t.generatedImage, 'generated_image', pictures[2]);
    await this.remove('delete a flow', t.flow, 'flow', flows[1], async () => {
      const left = await this.one(t.generatedImage, pictures[1]);
      same('the flow of a picture whose flow was deleted', left?.flowId, null);
    });
    await this.remove('delete a product image', t.productImage, 'product_image', image);
    await this.remove('delete a session', t.studioSession, 'studio_session', spare, async () => same('flows of a deleted session', await this.one(t.flow, flows[2]), undefined));
    await this.remove('delete a chat', t.chatSession, 'chat_session', chat, async () => same('the chat of a picture whose chat was deleted', (await this.one(t.generatedImage, pictures[3]))?.chatSessionId, null));
    await this.remove('delete a product', t.product, 'product', other);
    await this.remove('delete a client', t.client, 'client', client, async () => {
      for (const [table, id] of [[t.product, product], [t.studioSession, session], [t.flow, flows[0]], [t.generatedImage, pictures[0]]]) same(`${id} of a deleted client`, await this.one(table, id), undefined);
    });
  }

  // What belongs to nobody but the older application: people, sign-ins, invitations.
  async people() {
    const user = this.id('u'), session = this.id('s'), client = 'client1';
    if (!(await this.create('insert a user', t.user, 'user', [{ id: user, name: 'N', email: `${user}@example.com` }]))) return;
    const until = new Date('2027-01-01T00:00:00.123Z');
    await this.create('insert a sign-in', t.session, 'session', [{ id: session, token: session, userId: user, expiresAt: until }]);
    await this.create('insert an account', t.account, 'account', [{ id: this.id('acc'), accountId: 'a', providerId: 'p', userId: user }]);
    await this.create('insert a member', t.member, 'member', [{ id: this.id('m'), clientId: client, userId: user }]);
    await this.create('insert an invitation', t.invitation, 'invitation', [{ id: this.id('i'), clientId: client, email: 'x@example.com', expiresAt: until, inviterId: user }]);
    await this.create('insert a verification', t.verification, 'verification', [{ id: this.id('v'), identifier: 'i', value: 'v', expiresAt: until }]);
    const admin = this.id('admin');
    await this.create('insert an admin', t.adminUser, 'admin_user', [{ id: admin, name: 'A', email: `${admin}@example.com`, passwordHash: 'x' }]);
    await this.create('insert an admin sign-in', t.adminSession, 'admin_session', [{ id: this.id('as'), token: this.id('as'), adminUserId: admin, expiresAt: until }]);
    await this.remove('delete an admin', t.adminUser, 'admin_user', admin);
    await this.remove('delete a user', t.user, 'user', user, async () => same('sign-in of a deleted user', await this.one(t.session, session), undefined));
  }

  // One that was there before is deleted, with all that refers to it.
  async removeOldSession(id) {
    let copy;
    if (!(await this.call('read a session', async () => { copy = await this.load(id); if (copy) await this.touchSession(copy); }))) return;
    if (copy) await this.remove('delete an old session', t.studioSession, 'studio_session', id, async () => {
      const left = await this.db.select().from(t.flow).where(eq(t.flow.studioSessionId, id));
      same(`flows of the deleted session ${id}`, left.length, 0);
    });
  }

  async removeOldProduct(id) {
    const ready = await this.call('read a product', async () => {
      this.touch('product', [id]);
      this.touch('product_image', (await this.db.select().from(t.productImage).where(eq(t.productImage.productId, id))).map((row) => row.id));
      const chats = (await this.db.select().from(t.chatSession).where(eq(t.chatSession.productId, id))).map((row) => row.id);
      this.touch('chat_session', chats);
      if (!chats.length) return;
      this.touch('message', (await this.db.select({ id: t.message.id }).from(t.message).where(inArray(t.message.chatSessionId, chats))).map((row) => row.id));
      this.touch('generated_image', (await this.db.select({ id: t.generatedImage.id }).from(t.generatedImage).where(inArray(t.generatedImage.chatSessionId, chats))).map((row) => row.id));
    });
    if (ready) await this.remove('delete an old product', t.product, 'product', id);
  }

  async run(stopped) {
    // Its share: sessions and products whose number ends so.
    const mine = (rows) => rows.map((row) => row.id).filter((id) => Number(id.replace(/\D/g, '')) % given.part === this.number);
    let sessions = [], products = [];
    await this.call('list sessions', async () => { sessions = mine(await this.db.select({ id: t.studioSession.id }).from(t.studioSession).where(like(t.studioSession.id, 'ses%')).orderBy(asc(t.studioSession.id))); });
    await this.call('list products', async () => { products = mine(await this.db.select({ id: t.product.id }).from(t.product).where(like(t.product.id, 'p%')).orderBy(asc(t.product.id))); });
    for (let round = 0; !stopped(); round += 1) {
      for (let n = 0; n < 4 && !stopped() && sessions.length; n += 1) await this.save(this.pick(sessions));
      if (stopped()) break;
      if (products.length) await this.update('update an old product', t.product, 'product', this.pick(products), () => ({ name: `Renamed ${round}`, category: 'x' }));
      await this.call('list pictures', async () => { await this.db.select().from(t.generatedImage).where(eq(t.generatedImage.clientId, 'client1')).orderBy(asc(t.generatedImage.createdAt)).limit(50); });
      await this.lifetime();
      if (round % 2 === 0) await this.people();
      if (round % 5 === 1 && sessions.length > 8) await this.removeOldSession(sessions.pop());
      if (round % 5 === 2 && products.length > 20) await this.removeOldProduct(products.pop());
    }
    await this.pool.end();
    this.log?.end();
    const touched = Object.fromEntries(Object.entries(this.touched).map(([name, ids]) => [name, [...ids]]));
    return { kinds: this.kinds, touched };
  }
}

function merge(results) {
  const kinds = {}, touched = {};
  for (const result of results) {
    for (const [kind, one] of Object.entries(result.kinds)) {
      const kept = (kinds[kind] ??= { count: 0, failed: 0, longest_ms: 0, errors: {} });
      kept.count += one.count;
      kept.failed += one.failed;
      kept.longest_ms = Math.max(kept.longest_ms, one.longest_ms);
      for (const [state, error] of Object.entries(one.errors)) (kept.errors[state] ??= { count: 0, first: error.first }).count += error.count;
    }
    for (const [name, ids] of Object.entries(result.touched)) (touched[name] ??= []).push(...ids);
  }
  const states = {};
  for (const one of Object.values(kinds)) for (const [state, error] of Object.entries(one.errors)) states[state] = (states[state] ?? 0) + error.count;
  const sum = (name) => Object.values(kinds).reduce((all, one) => all + one[name], 0);
  return { calls: sum('count'), failed: sum('failed'), states, kinds, touched };
}

if (process.send) {
  let over = false;
  process.on('message', () => { over = true; });
  process.on('SIGTERM', () => { over = true; });
  const end = Date.now() + given.seconds * 1000;
  new Worker(Number(given.number)).run(() => over || Date.now() > end).then((result) => process.send(result, () => process.disconnect()));
} else {
  const children = Array.from({ length: given.workers }, (_, number) => fork(__filename, [...process.argv.slice(2), '--number', String(number)]));
  const results = children.map((child) => new Promise((done, fail) => { child.on('message', done); child.on('exit', (code) => fail(new Error(`a process ended with ${code}`))); }));
  const stop = () => children.forEach((child) => child.connected && child.send('stop'));
  process.stdin.on('end', stop).resume();
  process.on('SIGTERM', stop);
  Promise.all(results).then((all) => { process.stdin.destroy(); console.log(JSON.stringify(merge(all))); }, (error) => { console.error(error.message); process.exit(1); });
}
