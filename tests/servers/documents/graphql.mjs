// A platform that publishes its GraphQL schema: graphql-js validates the documents and variables that are sent, and answers each operation
// out of the recorded answer; that has to be the recorded answer again, with every selected member of its type and none besides.
import { createRequire } from 'node:module';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { answered, bodyKind, title } from './common.mjs';

export default async function ({ schema: name, endpoint }, caches, folders) {
  const need = createRequire(join(caches.documents, 'index.js'));
  const graphql = { ...need('graphql'), ...need('graphql/execution/values'), ...need('graphql/execution/collectFields') };
  const schema = await (await import(`./${name}.mjs`)).default(caches, graphql);
  plain(graphql, schema);
  return folders.map(({ folder, exchanges }) => {
    const seen = { requests: 0, answers: 0, problems: documents(graphql, schema, folder) };
    for (const { where, ask, answer } of exchanges) {
      const say = (texts) => texts.forEach((text) => seen.problems.push({ where, text }));
      if (!ask.url.endsWith(endpoint)) {
        say([`${title({ ask })}: is not in the document`]);
        continue;
      }
      const sent = operation(ask);
      if (typeof sent?.query !== 'string') {
        say(['the request has no operation']);
        continue;
      }
      seen.requests += 1;
      const { document, problems } = asked(graphql, schema, sent);
      say(problems);
      if (problems.length) continue;
      if (answer.status !== 200) {
        say([`the answer ${answer.status} is not in the document`]);
        continue;
      }
      seen.answers += 1;
      say(answers(graphql, schema, document, sent.variables, answered(answer)));
    }
    return seen;
  });
}

/// A scalar that GraphQL does not know is a text, a number or a flag, unless its name promises anything.
function plain({ isScalarType, isSpecifiedScalarType }, schema) {
  const own = (type) => isScalarType(type) && !isSpecifiedScalarType(type) && !/^JSON$|Generic|Any|Metadata/.test(type.name);
  for (const type of Object.values(schema.getTypeMap()).filter(own)) {
    type.serialize = (value) => {
      if (typeof value === 'object') throw new Error(`${type.name} is no ${Array.isArray(value) ? 'list' : 'object'}`);
      return value;
    };
  }
}

function documents({ parse, validate }, schema, folder) {
  const names = readdirSync(folder).filter((name) => name.endsWith('.graphql'));
  if (!names.length) throw new Error(`${folder} has no document`);
  const read = (name) => parse(readFileSync(join(folder, name), 'utf8'));
  return names.flatMap((where) => validate(schema, read(where)).map(({ message }) => ({ where, text: message })));
}

/// The operation of a request; with a file it is a part of a form, which says in which variables the file belongs.
function operation(ask) {
  if (bodyKind(ask) !== 'form') return ask.body;
  const part = (name) => JSON.parse(ask.body.find((one) => one.name === name)?.value ?? '{}');
  const made = part('operations');
  for (const path of Object.values(part('map')).flat()) {
    const names = path.split('.');
    const within = names.slice(0, -1).reduce((at, name) => at?.[name], made);
    if (within) within[names.at(-1)] = 'a file';
  }
  return made;
}

function asked({ parse, validate, getOperationAST, getVariableValues }, schema, { query, variables = {}, ...others }) {
  const more = Object.keys(others);
  if (more.length) return { problems: [`the request has more than an operation: ${more.join(', ')}`] };
  let document;
  try {
    document = parse(query);
  } catch ({ message }) {
    return { problems: [message] };
  }
  const wrong = validate(schema, document);
  if (wrong.length) return { problems: wrong.map(({ message }) => message) };
  const definitions = getOperationAST(document).variableDefinitions ?? [];
  const { errors = [] } = getVariableValues(schema, definitions, variables);
  const names = new Set(definitions.map(({ variable }) => variable.name.value));
  const unknown = Object.keys(variables).filter((one) => !names.has(one));
  return { document, problems: [...errors.map(({ message }) => message), ...unknown.map((one) => `the operation has no variable ${one}`)] };
}

/// What does not fit in an answer; one that only has errors has nothing to fit.
function answers({ executeSync, collectSubfields }, schema, document, variableValues, body) {
  const more = Object.keys(body ?? {}).filter((key) => !['data', 'errors', 'extensions'].includes(key));
  if (more.length || (!body?.data && !body?.errors)) return [`the answer is none of GraphQL: ${more.join(', ')}`];
  const errors = [body.errors ?? []].flat();
  if (!errors.every(({ message }) => typeof message === 'string')) return ['the errors are none of GraphQL'];
  if (!body.data) return [];
  // An interface is the type of which just these members were asked for.
  const typeResolver = (value, _, { fragments, variableValues: values, fieldNodes }, abstract) => {
    const members = Object.keys(value).sort();
    const fits = (type) => isDeepStrictEqual([...collectSubfields(schema, fragments, values, type, fieldNodes).keys()].sort(), members);
    return schema.getPossibleTypes(abstract).find((type) => (value.__typename ?? type.name) === type.name && fits(type))?.name;
  };
  const result = executeSync({
    schema,
    document,
    rootValue: body.data,
    variableValues,
    fieldResolver: (source, _, __, { path }) => source[path.key],
    typeResolver,
  });
  const starred = (path = []) => path.map((one) => (typeof one === 'number' ? '*' : one)).join('/');
  if (result.errors) return result.errors.map(({ message, path }) => `answer ${starred(path)}: ${message}`);
  return differences(body.data, JSON.parse(JSON.stringify(result.data)), []);
}

function differences(given, made, path) {
  if (isDeepStrictEqual(given, made)) return [];
  const member = (value) => value !== null && typeof value === 'object';
  if (member(given) && member(made)) {
    const keys = new Set([...Object.keys(given), ...Object.keys(made)]);
    return [...keys].flatMap((key) => differences(given[key], made[key], [...path, Array.isArray(given) ? '*' : key]));
  }
  if (given === undefined) return [`the answer lacks ${path.join('/')}`];
  if (made === undefined) return [`the answer's ${path.join('/')} was not asked for`];
  return [`the answer's ${path.join('/')} is ${JSON.stringify(given)}, of its type ${JSON.stringify(made)}`];
}
