// judge.mjs CACHE deliver SECRET BODY: prints the signature that Shopify's own library makes for a delivery.
// judge.mjs CACHE sign SECRET NAME=VALUE…: prints the query with the signature that Shopify's own library makes.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [cache, what, ...rest] = process.argv.slice(2);
const need = createRequire(join(cache, 'index.js'));

if (what === 'deliver') {
  const [secret, body] = rest;
  need('@shopify/shopify-api/adapters/node');
  const { createSHA256HMAC } = need(join(cache, 'node_modules/@shopify/shopify-api/dist/cjs/runtime/crypto/utils.js'));
  process.stdout.write(await createSHA256HMAC(secret, body));
} else {
  const [secret, ...pairs] = rest;
  need('@shopify/shopify-api/adapters/node');
  const { generateLocalHmac } = need(join(cache, 'node_modules/@shopify/shopify-api/dist/cjs/lib/utils/hmac-validator.js'));
  const query = Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
  const hmac = await generateLocalHmac({ apiSecretKey: secret })(query, 'admin');
  process.stdout.write(new URLSearchParams({ ...query, hmac }).toString());
}
