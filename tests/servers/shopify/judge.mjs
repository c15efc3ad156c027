// judge.mjs CACHE documents FOLDER: validates every document and every variable that a fixture sends against the published schema.
// judge.mjs CACHE deliver SECRET BODY: prints the signature that Shopify's own library makes for a delivery.
// judge.mjs CACHE sign SECRET NAME=VALUE…: prints the query with the signature that Shopify's own library makes.
import { createRequire } from 'node:module';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const [cache, what, ...rest] = process.argv.slice(2);
const need = createRequire(join(cache, 'index.js'));

if (what === 'deliver') {
  const [secret, body] = rest;
  need('@shopify/shopify-api/adapters/node');
  const { createSHA256HMAC } = need(join(cache, 'node_modules/@shopify/shopify-api/dist/cjs/runtime/crypto/utils.js'));
  process.stdout.write(await createSHA256HMAC(secret, body));
} else if (what === 'sign') {
  const [secret, ...pairs] = rest;
  need('@shopify/shopify-api/adapters/node');
  const { generateLocalHmac } = need(join(cache, 'node_modules/@shopify/shopify-api/dist/cjs/lib/utils/hmac-validator.js'));
  const query = Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
  const hmac = await generateLocalHmac({ apiSecretKey: secret })(query, 'admin');
  process.stdout.write(new URLSearchParams({ ...query, hmac }).toString());
} else {
  const { buildClientSchema, parse, validate, getOperationAST, getVariableValues } = { ...need('graphql'), ...need('graphql/execution/values') };
  const schema = buildClientSchema(JSON.parse(gunzipSync(readFileSync(join(cache, 'package/dist/data/admin_2026-10.json.gz')))).data);
  const problems = [];
  const documents = readdirSync(rest[0]).filter((name) => name.endsWith('.graphql'));
  for (const name of documents) {
    for (const error of validate(schema, parse(readFileSync(join(rest[0], name), 'utf8')))) problems.push(`${name}: ${error.message}`);
  }
  let sent = 0;
  const fixtures = join(rest[0], 'fixtures');
  for (const name of readdirSync(fixtures)) {
    for (const { ask } of JSON.parse(readFileSync(join(fixtures, name), 'utf8')).exchanges) {
      if (!ask.body?.query || !ask.url.endsWith('graphql.json')) continue;
      sent += 1;
      const operation = getOperationAST(parse(ask.body.query));
      const { errors } = getVariableValues(schema, operation.variableDefinitions ?? [], ask.body.variables ?? {});
      for (const error of errors ?? []) problems.push(`${name}: ${error.message}`);
    }
  }
  process.stdout.write(JSON.stringify({ documents: documents.length, sent, problems }));
}
