// The operations of Wix in its own packages: each tells its method and address itself, and has one type for path, query and body.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const PACKAGES = ['app-management_app-instances', 'media_files', 'stores_products', 'stores_products-v-3'];

export default async function ({ modules }) {
  const found = await Promise.all(
    PACKAGES.map(async (name, place) => {
      const file = join(modules, `@wix/auto_sdk_${name}/build/es/meta.mjs`);
      const api = await import(pathToFileURL(file).href);
      const text = readFileSync(file, 'utf8');
      const operations = Object.entries(api)
        .filter(([, value]) => typeof value === 'function')
        .flatMap(([key, describe]) => operation(`ReturnType<typeof wix${place}.${key}>`, describe(), text, key));
      return { operations, head: `import type * as wix${place} from ${JSON.stringify(file)};\n` };
    }),
  );
  // The packages have the types of the query of Catalog V1, and the address of another one only.
  const query = {
    method: 'POST',
    url: 'https://www.wixapis.com/stores-reader/v1/products/query',
    request: 'wix2.QueryProductsRequestOriginal',
    answers: { 200: 'wix2.QueryProductsResponseOriginal' },
  };
  return { operations: [query, ...found.flatMap(({ operations }) => operations)], head: found.map(({ head }) => head).join('') };
}

function operation(type, { httpMethod, getUrl }, text, key) {
  const url = new URL(getUrl({ host: 'www.wixapis.com' }), 'https://www.wixapis.com').href;
  const made = { url, request: `${type}['__originalRequestType']`, answers: { 200: `${type}['__originalResponseType']` } };
  // What is too long for an address is sent as a body to the same address.
  const body = text.split(`\nfunction ${key}(`)[1]?.split('\n}\n')[0] ?? '';
  const methods = [httpMethod, ...(/fallback: \[\s*\{\s*method: "POST"/.test(body) ? ['POST'] : [])];
  return methods.map((method) => ({ ...made, method }));
}
