// A platform that publishes an OpenAPI document: ajv holds bodies and queries against its schemas. Members that a schema does not name do
// not fit, unless it allows any.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { answered, bodyKind, look } from './common.mjs';

export default function ({ document, at, within = () => [] }, caches, folders) {
  const Ajv = createRequire(join(caches.documents, 'index.js'))('ajv/dist/2019').default;
  const api = read(JSON.parse(readFileSync(join(caches.documents, 'node_modules', document), 'utf8')), at);
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, logger: false }).addSchema({ $id: 'api', ...api.schemas });
  const compiled = new Map();
  const fits = (schema, value) => {
    if (!compiled.has(schema)) compiled.set(schema, ajv.compile(rewrite(schema, true, api)));
    const validate = compiled.get(schema);
    return validate(value) ? [] : validate.errors.map(words);
  };
  const request = ({ operation }, { ask }, seen) => {
    seen.requests += 1;
    const inner = within(ask).flatMap(([name, value]) =>
      api.component(name) ? fits(api.component(name), value).map((text) => `${name} ${text}`) : [`there is no '${name}'`],
    );
    return [...queried(operation, [...new URL(ask.url).searchParams], fits), ...sent(operation, ask, fits), ...inner.filter(changed)];
  };
  const answer = ({ operation }, exchange, seen) => {
    const { status } = exchange.answer;
    const described = operation.answers.get(String(status));
    const body = answered(exchange.answer);
    if (!described) return [`the answer ${status} is not in the document`];
    seen.answers += 1;
    if (!described.schema) return body === undefined ? [] : [`the answer ${status} has no body in the document`];
    return body === undefined
      ? [`the answer ${status} lacks its body`]
      : fits(described.schema, body).map((text) => `answer ${status} ${text}`);
  };
  return folders.map((folder) => look(folder, api.operations, { request, answer }));
}

function queried(operation, given, fits) {
  const known = new Map(operation.parameters.filter((one) => one.in === 'query').map((one) => [one.name, one]));
  const missing = [...known].filter(([name, { required }]) => required && !given.some(([one]) => one === name));
  return [
    ...missing.map(([name]) => `the query lacks ${name}`),
    ...given.flatMap(([name, value]) => {
      const schema = known.get(name)?.schema;
      return schema
        ? fits(schema, typed(schema, value)).map((text) => `query ${name} ${text}`)
        : [`the query's ${name} is not in the document`];
    }),
  ];
}

function sent(operation, ask, fits) {
  const { required, content = {} } = operation.body ?? {};
  switch (bodyKind(ask)) {
    case 'none':
      return required ? ['the request lacks its body'] : [];
    case 'json': {
      if (!content['application/json']) return ['the document takes no JSON'];
      const problems = fits(content['application/json'].schema, ask.body).map((text) => `body ${text}`);
      return ask.method === 'PATCH' ? problems.filter(changed) : problems;
    }
    case 'raw':
      return content['application/octet-stream'] ? [] : ['the document takes no file'];
    default:
      return ['sends a form, which this judge does not read'];
  }
}

/// What changes a thing has some of its members; documents have one schema for both.
const changed = (text) => !/ \/ must have required property /.test(text);
const words = ({ instancePath, message, params }) => {
  const more = params.unevaluatedProperty ?? params.allowedValues?.join(', ') ?? '';
  return `${instancePath.replaceAll(/\/\d+(?=\/|$)/g, '/*') || '/'} ${message}${more && `: ${more}`}`;
};
const typed = ({ type }, value) => {
  if ((type === 'integer' || type === 'number') && value !== '' && !Number.isNaN(Number(value))) return Number(value);
  return type === 'boolean' && /^(true|false)$/.test(value) ? value === 'true' : value;
};

/// The operations of a document and its schemas, in two kinds: `open`, as they are, and `closed`, without members that they do not name.
function read(api, at) {
  const unescaped = (part) => part.replaceAll('~1', '/').replaceAll('~0', '~');
  const pointed = (ref) => ref.slice(2).split('/').map(unescaped).reduce((here, part) => here[part], api);
  const resolve = (thing) => (thing?.$ref ? resolve(pointed(thing.$ref)) : thing);
  const operations = Object.entries(api.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => METHODS.has(method))
      .map(([method, operation]) => {
        const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(resolve);
        const answers = Object.entries(operation.responses).map(([status, one]) => [status, described(resolve(one))]);
        return {
          method: method.toUpperCase(),
          url: at + path,
          parameters,
          body: resolve(operation.requestBody),
          answers: new Map(answers),
        };
      }),
  );
  const components = Object.entries(api.components.schemas);
  const kind = (closed) => Object.fromEntries(components.map(([key, schema]) => [named(key), rewrite(schema, closed, { resolve })]));
  return { operations, resolve, component: (name) => api.components.schemas[name], schemas: { open: kind(false), closed: kind(true) } };
}
const METHODS = new Set(['get', 'put', 'post', 'delete', 'patch']);
const named = (key) => key.replaceAll(/[^A-Za-z0-9_.-]/g, '_');
const described = (one) => ({ schema: one.content?.['application/json']?.schema });

/// A schema of the document as JSON Schema. Closed, it refuses members that it does not name; the parts of an allOf, oneOf or anyOf stay
/// open, since each sees the members of the others.
function rewrite(schema, closed, api) {
  if (schema === null || typeof schema !== 'object') return schema;
  if (schema.$ref) return { $ref: `api#/${closed ? 'closed' : 'open'}/${named(schema.$ref.split('/').at(-1))}` };
  const made = { ...schema };
  for (const key of ['allOf', 'oneOf', 'anyOf']) if (made[key]) made[key] = made[key].map((one) => rewrite(one, false, api));
  for (const key of ['items', 'additionalProperties']) if (made[key]) made[key] = rewrite(made[key], true, api);
  if (made.properties)
    made.properties = Object.fromEntries(Object.entries(made.properties).map(([key, one]) => [key, rewrite(one, true, api)]));
  if (closed && namesMembers(schema, api)) made.unevaluatedProperties = false;
  return made;
}

function namesMembers(schema, api, seen = new Set()) {
  schema = api.resolve(schema);
  if (seen.has(schema) || schema.additionalProperties) return false;
  seen.add(schema);
  const parts = [...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
  if (parts.some((one) => api.resolve(one).additionalProperties)) return false;
  return Object.keys(schema.properties ?? {}).length > 0 || parts.some((one) => namesMembers(one, api, seen));
}
