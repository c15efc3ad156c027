// talk.mjs CACHE PLATFORM STAGE PROVIDERS: a platform's own client talks to a rehearsal of that platform at STAGE, from the consent on.
// Prints what it saw as JSON. The app is our-app / our-secret.
import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import { Agent } from 'node:https';
import { connect } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [cache, platform, stage, providers] = process.argv.slice(2);
const need = createRequire(join(cache, 'index.js'));
const port = Number(new URL(stage).port);

// A server of ours: `handler` answers, `last` waits for the next request.
async function listen(handler) {
  const waiting = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', async () => {
      request.rawBody = Buffer.concat(chunks).toString();
      await handler(request, response);
      waiting.shift()?.(request);
    });
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return { url: `http://127.0.0.1:${server.address().port}`, next: () => new Promise((seen) => waiting.push(seen)), close: () => { server.closeAllConnections(); server.close(); } };
}
const taken = (_, response) => response.writeHead(200).end('{}');
const allow = (url, fields) => fetch(url, { method: 'POST', redirect: 'manual', body: new URLSearchParams({ ...fields, decision: 'allow' }) });

const talks = {
  async woocommerce() {
    const Woo = need('@woocommerce/woocommerce-rest-api').default;
    // It insists on https: the connection it takes for one leads to the rehearsal.
    const agent = new Agent();
    agent.createConnection = () => connect(port, '127.0.0.1');
    const ours = await listen(taken);
    const posted = ours.next();
    const back = await allow(`${stage}/wc-auth/v1/authorize`, { app_name: 'x', scope: 'read_write', user_id: 'nonce', return_url: ours.url, callback_url: ours.url });
    const keys = JSON.parse((await posted).rawBody);
    const client = (secret) => new Woo({ url: 'https://shop.example', consumerKey: keys.consumer_key, consumerSecret: secret, version: 'wc/v3', axiosConfig: { proxy: false, httpsAgent: agent } });
    const api = client(keys.consumer_secret);
    const page = await api.get('products', { per_page: 20, page: 2 });
    const id = page.data[0].id;
    const before = (await api.get(`products/${id}`)).data;
    const images = [...before.images.map(({ id }) => ({ id })), { src: 'https://daemon.example/pictures/ss-1.png', alt: 'A lamp', name: 'ss-1' }];
    const after = (await api.put(`products/${id}`, { images })).data;
    const hook = (await api.post('webhooks', { name: 'x', topic: 'product.updated', delivery_url: ours.url, secret: 'hush' })).data;
    const delivery = ours.next();
    await fetch(`${stage}/rehearsal/products/${id}`, { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: '{"title":"New"}' });
    const { headers, rawBody } = await delivery;
    const { createHmac } = await import('node:crypto');
    ours.close();
    return {
      state: new URL(back.headers.get('location')).searchParams.get('user_id'), nonce: keys.user_id, rights: keys.key_permissions,
      count: page.data.length, total: page.headers['x-wp-total'], same: before.id === id && before.name === page.data[0].name,
      variations: (await api.get(`products/${id}/variations`)).data.length,
      pictures: [before.images.length, after.images.length], alt: after.images.at(-1).alt,
      kept: before.images.every((image, place) => image.id === after.images[place].id),
      hook: Number.isInteger(hook.id), topic: headers['x-wc-webhook-topic'],
      signed: createHmac('sha256', 'hush').update(rawBody).digest('base64') === headers['x-wc-webhook-signature'],
      stranger: await client('cs_wrong').get('products').then(() => 200, (error) => error.response.status),
    };
  },

  async square() {
    const { SquareClient, WebhooksHelper } = need('square');
    const judged = async (name) => {
      const { headers, body } = JSON.parse(readFileSync(join(providers, 'square/fixtures', name), 'utf8')).given.delivery;
      return WebhooksHelper.verifySignature({ requestBody: body, signatureHeader: headers['x-square-hmacsha256-signature'], signatureKey: 'our-secret', notificationUrl: 'https://daemon.example/hooks/square' });
    };
    const redirectUri = 'https://daemon.example/oauth/callback/square';
    const back = await allow(`${stage}/oauth2/authorize`, { client_id: 'our-app', redirect_uri: redirectUri, state: 's' });
    const code = new URL(back.headers.get('location')).searchParams.get('code');
    const app = { clientId: 'our-app', clientSecret: 'our-secret' };
    const door = new SquareClient({ baseUrl: stage, token: 'none', maxRetries: 0 });
    const first = await door.oAuth.obtainToken({ ...app, grantType: 'authorization_code', code, redirectUri });
    const api = new SquareClient({ baseUrl: stage, token: first.accessToken, version: '2025-08-20', maxRetries: 0 });
    const { merchant } = await api.merchants.get({ merchantId: 'me' });
    const page = await api.catalog.search({ objectTypes: ['ITEM'], includeRelatedObjects: true, limit: 20 });
    const next = await api.catalog.search({ objectTypes: ['ITEM'], includeRelatedObjects: true, limit: 20, cursor: page.cursor });
    const item = page.objects[0];
    const before = await api.catalog.object.get({ objectId: item.id, includeRelatedObjects: true });
    const { image } = await api.catalog.images.create({
      request: { idempotencyKey: 'k-1', objectId: item.id, image: { type: 'IMAGE', id: '#new', imageData: { name: 'ss-1', caption: 'A lamp' } } },
      imageFile: new Blob([new Uint8Array([137, 80, 78, 71])], { type: 'image/png' }),
    });
    const after = await api.catalog.object.get({ objectId: item.id, includeRelatedObjects: true });
    await api.catalog.object.delete({ objectId: image.id });
    const last = await api.catalog.object.get({ objectId: item.id, includeRelatedObjects: true });
    const renewed = await door.oAuth.obtainToken({ ...app, grantType: 'refresh_token', refreshToken: first.refreshToken });
    const pictures = (answer) => answer.relatedObjects.filter(({ type }) => type === 'IMAGE').length;
    return {
      merchant: merchant.businessName, count: page.objects.length, more: next.objects[0].id !== item.id,
      variations: item.itemData.variations.length, price: typeof item.itemData.variations[0].itemVariationData.priceMoney.amount,
      joined: item.itemData.imageIds.every((id) => page.relatedObjects.some((object) => object.id === id)),
      pictures: [pictures(before), pictures(after), pictures(last)], caption: after.relatedObjects.at(-1).imageData.caption,
      delivery: await judged('delivery.json'), forged: await judged('delivery_forged.json'),
      renewed: renewed.accessToken !== first.accessToken, merchantId: first.merchantId === renewed.merchantId,
      stranger: await new SquareClient({ baseUrl: stage, token: 'x', maxRetries: 0 }).merchants.get({ merchantId: 'me' }).then(() => 200, (error) => error.statusCode),
    };
  },

  async shopify() {
    need('@shopify/shopify-api/adapters/node');
    const { shopifyApi, LogSeverity } = need('@shopify/shopify-api');
    const { setAbstractFetchFunc } = need(join(cache, 'node_modules/@shopify/shopify-api/dist/cjs/runtime/http/index.js'));
    // It answers browsers only.
    const browser = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };
    const shop = 'acme.myshopify.com';
    setAbstractFetchFunc((url, options) => fetch(String(url).replace(`https://${shop}`, stage), options));
    const ours = await listen(async (request, response) => {
      if (request.url.startsWith('/begin')) await library.auth.begin({ shop, callbackPath: '/callback', isOnline: false, rawRequest: request, rawResponse: response });
      else if (request.url.startsWith('/callback')) {
        try {
          const { session } = await library.auth.callback({ rawRequest: request, rawResponse: response });
          response.writeHead(200).end(JSON.stringify(session));
        } catch (error) {
          response.writeHead(403).end(`${error.constructor.name}: ${error.message}`);
        }
      } else taken(request, response);
    });
    const library = shopifyApi({ apiKey: 'our-app', apiSecretKey: 'our-secret', scopes: ['write_products', 'write_files'], hostName: new URL(ours.url).host, hostScheme: 'http', apiVersion: '2026-10', isEmbeddedApp: false, logger: { level: LogSeverity.Error, log: () => {} } });
    const begun = await fetch(`${ours.url}/begin`, { redirect: 'manual', headers: browser });
    const cookie = begun.headers.getSetCookie().map((text) => text.split(';')[0]).join('; ');
    const consent = new URL(begun.headers.get('location'));
    const back = await allow(`${stage}${consent.pathname}`, Object.fromEntries(consent.searchParams));
    const landed = new URL(back.headers.get('location'));
    const callback = `${ours.url}/callback${landed.search}`;
    const forged = await fetch(callback.replace('timestamp=', 'timestamp=1'), { headers: { ...browser, cookie } });
    const came = await fetch(callback, { headers: { ...browser, cookie } });
    const text = await came.text();
    if (came.status !== 200) return { came: came.status, text };
    const { Session } = need('@shopify/shopify-api');
    const session = new Session(JSON.parse(text));
    const api = new library.clients.Graphql({ session });
    const document = (name) => readFileSync(join(providers, 'shopify', `${name}.graphql`), 'utf8');
    const first = await api.request(document('products'), { variables: { first: 15 } });
    const second = await api.request(document('products'), { variables: { first: 15, after: first.data.products.pageInfo.endCursor } });
    const product = first.data.products.nodes[0];
    const hook = await api.request(document('hook'), { variables: { topic: 'PRODUCTS_UPDATE', sub: { uri: `${ours.url}/hook`, format: 'JSON' } } });
    const delivery = ours.next();
    const number = product.id.split('/').at(-1);
    await fetch(`${stage}/rehearsal/products/${number}`, { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: '{"title":"New"}' });
    const request = await delivery;
    // What its own library demands of a delivery, and with another body.
    const judged = await library.webhooks.validate({ rawBody: request.rawBody, rawRequest: request });
    const wrong = await library.webhooks.validate({ rawBody: `${request.rawBody} `, rawRequest: request });
    ours.close();
    return {
      signed: await library.utils.validateHmac(Object.fromEntries(landed.searchParams)), forged: forged.status,
      scope: session.scope, pages: [first.data.products.nodes.length, second.data.products.nodes.length],
      distinct: first.data.products.nodes.every(({ id }) => !second.data.products.nodes.some((other) => other.id === id)),
      title: typeof product.title, hook: Boolean(hook.data.webhookSubscriptionCreate.webhookSubscription.id),
      delivered: judged.valid === true, reason: judged.reason, topic: judged.topic, wrong: wrong.reason ?? wrong.valid,
    };
  },
};

process.stdout.write(JSON.stringify(await talks[platform]()));
process.exit(0);
