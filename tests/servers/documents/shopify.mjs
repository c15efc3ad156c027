// Shopify's Admin schema, as its own tools have it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export default ({ shopify }, { buildClientSchema }) =>
  buildClientSchema(JSON.parse(gunzipSync(readFileSync(join(shopify, 'package/dist/data/admin_2026-10.json.gz')))).data);
