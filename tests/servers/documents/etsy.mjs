// The operations of Etsy in the declarations of etsy-ts, which are generated from Etsy's OpenAPI document: each has its method, its path
// and the types of its answers in its comment.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export default function ({ modules, at }) {
  const folder = join(modules, 'etsy-ts/dist/api');
  const files = readdirSync(folder).filter((name) => name.endsWith('.d.ts'));
  const operations = files.flatMap((name) =>
    [...readFileSync(join(folder, name), 'utf8').replaceAll('\r', '').matchAll(OPERATION)].map((found) => operation(found.groups, at)),
  );
  return { operations, head: `import type * as etsy from ${JSON.stringify(join(folder, 'data-contracts'))};\n` };
}
const OPERATION =
  /@request (?<method>[A-Z]+):(?<path>\S+)\n(?<answers>(?:(?!\*\/)[^])*?)\*\/\s*\w+: \((?<takes>[^]*?)params\?: RequestParams\) =>/g;

function operation({ method, path, answers, takes }, at) {
  const responses = [...answers.matchAll(/@response `(\d+)` `([^`]+)`/g)].map(([, status, type]) => [
    status,
    type === 'void' ? type : `etsy.${type}`,
  ]);
  const query = takes.match(/query \}: (\w+)/)?.[1];
  const data = takes.match(/data: (\w+)/)?.[1];
  const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name.replaceAll(/_(\w)/g, (_, letter) => letter.toUpperCase()));
  return {
    method,
    url: at + path,
    named,
    query: query && `etsy.${query}`,
    body: data && `etsy.${data}`,
    form: data && `etsy.${data}`,
    answers: Object.fromEntries(responses),
  };
}
