// Square's own SDK: its serialisers parse each body, and fail on members, types and names that they do not know. The operations are in the
// code of its clients.
import { createRequire } from 'node:module';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { answered, bodyKind, look } from './common.mjs';

export default function ({ at }, caches, folders) {
  const need = createRequire(join(caches.clients, 'index.js'));
  const sdk = join(caches.clients, 'node_modules/square');
  const serializers = need(join(sdk, 'serialization'));
  const fits = (name, value) => {
    const parsed = name
      .split('.')
      .reduce((here, part) => here[part], serializers)
      .parse(value, { unrecognizedObjectKeys: 'fail' });
    return parsed.ok
      ? []
      : parsed.errors.map(({ path, message }) => `/${path.join('/').replaceAll(/\[?\b\d+\]?(?=\/|$)/g, '*')} ${message}`);
  };
  const request = ({ operation }, { ask }, seen) => {
    seen.requests += 1;
    const unknown = [...new URL(ask.url).searchParams.keys()].filter((name) => !operation.query.includes(name));
    return [...unknown.map((name) => `the query's ${name} is not in the SDK`), ...sent(operation, ask, fits)];
  };
  const answer = ({ operation }, exchange, seen) => {
    const { status } = exchange.answer;
    const failed = status >= 400;
    // Every failure has the same shape.
    const body = failed ? failure(exchange.answer) : answered(exchange.answer);
    if (!operation.answer || body === undefined) return [`the answer ${status} cannot be judged`];
    seen.answers += 1;
    return fits(failed ? 'Error_' : operation.answer, body).map((text) => `answer ${status} ${text}`);
  };
  const operations = [...clients(join(sdk, 'api/resources'))].flatMap((text) => read(text, at));
  return folders.map((folder) => look(folder, operations, { request, answer }));
}

const failure = (answer) => answered(answer)?.errors?.[0];

function sent({ body, part, file }, ask, fits) {
  const kind = bodyKind(ask);
  if (kind === 'none') return body ? ['the request lacks its body'] : [];
  if (kind === 'json') return body ? fits(body, ask.body).map((text) => `body ${text}`) : ['the SDK sends no JSON'];
  if (kind !== 'form' || !part) return [`sends ${kind}, which the SDK does not`];
  return ask.body.flatMap(({ name, json }) => {
    if (name === part.name && json) return fits(part.type, json).map((text) => `part ${name} ${text}`);
    return name === file ? [] : [`the part ${name} is not in the SDK`];
  });
}

function* clients(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.name === 'Client.js') yield readFileSync(join(entry.parentPath, entry.name), 'utf8');
  }
}

/// The operations in the code of a client: one method each.
function read(text, at) {
  return text
    .split(/\n {4}__\w+\(/)
    .slice(1)
    .flatMap((code) => {
      const path = code.match(/environments\.SquareEnvironment\.Production, (["`])(v2[^\n]*?|oauth2[^\n]*?)\1\)/)?.[2];
      const method = code.match(/\n\s*method: "([A-Z]+)"/)?.[1];
      if (!path || !method) return [];
      const query = code.match(/const _queryParams = \{([^]*?)\n {12}\};/)?.[1] ?? '';
      const part = code.match(/_body\.append\("(\w+)",[^;]*?serializers\.([\w.]+)\.jsonOrThrow/);
      return [
        {
          method,
          url: `${at}/${path.replaceAll(/\$\{core\.url\.encodePathParam\((\w+)\)\}/g, '{$1}')}`,
          query: [...query.matchAll(/^ {16}(\w+):/gm)].map(([, name]) => name),
          body: code.match(/\n\s*body: serializers\.([\w.]+)\.jsonOrThrow/)?.[1],
          part: part && { name: part[1], type: part[2] },
          file: code.match(/_body\.appendFile\("(\w+)"/)?.[1],
          answer: code.match(/data: serializers\.([\w.]+)\.parseOrThrow/)?.[1],
        },
      ];
    });
}
