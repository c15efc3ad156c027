// The operations of BigCommerce in @space48/bigcommerce-api, whose declarations are generated from BigCommerce's OpenAPI documents.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const FILES = { 'catalog.v3': 'v3', 'webhooks.v3': 'v3', 'store_information.v2': 'v2' };

export default function ({ modules, at }) {
  const folder = join(modules, '@space48/bigcommerce-api/lib/internal/reference/generated');
  const files = Object.entries(FILES).map(([name, version], place) => {
    const file = join(folder, name);
    const paths = readFileSync(`${file}.d.ts`, 'utf8')
      .split('\nexport interface definitions')[0]
      .matchAll(/^ {4}readonly "(\/[^"]+)": \{\n([^]*?)^ {4}\};/gm);
    const operations = [...paths].flatMap(([, path, item]) =>
      [...item.matchAll(/^ {8}readonly (get|put|post|delete): /gm)].map(([, method]) =>
        operation(`api${place}.paths[${JSON.stringify(path)}]['${method}']`, method, `${at}/${version}${path}`),
      ),
    );
    return { operations, head: `import type * as api${place} from ${JSON.stringify(file)};\n` };
  });
  return { operations: files.flatMap(({ operations }) => operations), head: files.map(({ head }) => head).join('') + HEAD };
}

// Of both kinds of documents. Where a declaration is narrower than what is written beside it, or than today's document: a product has a list
// of variants, each with a price or null for the product's own and the address of its picture; the headers of a webhook are any number of custom ones, and its lists have
// the pages of all lists; a store has a status.
const HEAD = `
type Query<T> = T extends { parameters: { query: infer Q } } ? Q : {};
type Body<T> = Wider<
  T extends { requestBody: { content: { 'application/json': infer B } } } ? B
  : T extends { parameters: { body: { [name: string]: infer B } } } ? B
  : never
>;
type Answer<T, S> = S extends keyof T ? Wider<Answered<T[S]>> : any;
type Answered<T> = T extends { content: { 'application/json': infer B } | { v3: infer B } } ? B : T extends { schema: infer B } ? B : never;
type Wider<T> = T extends { data?: readonly (infer P)[]; meta?: infer M } ? { data?: Wide<P>[]; meta?: Meta<M> }
  : T extends { data?: infer P; meta?: infer M } ? { data?: Wide<P>; meta?: M }
  : Wide<T>;
type Meta<M> = M extends { pagination?: { total_items?: number } } ? Pages : M;
type Pages = { pagination?: { [K in 'total' | 'count' | 'per_page' | 'current_page' | 'total_pages']?: number } };
type Wide<T> = T extends { variants?: infer V } ? Omit<T, 'variants'> & { variants?: (Omit<V, 'price'> & { price?: number | null; image_url?: string })[] }
  : T extends { headers: { custom?: string } } ? Omit<T, 'headers'> & { headers: { [name: string]: string } }
  : T extends { secure_url?: string } ? T & { status?: string }
  : T;
`;

function operation(type, method, url) {
  const body = method === 'post' || method === 'put' ? `Body<${type}>` : undefined;
  const declared = `${type}['responses']`;
  const answers = Object.fromEntries([200, 401, 422, 429].map((status) => [status, `Answer<${declared}, ${status}>`]));
  return { method: method.toUpperCase(), url, query: `Query<${type}>`, body, form: body, declared, answers: { ...answers, 204: 'void' } };
}
