// A platform whose API is published as type declarations: each body and query is written as a literal of its type, and the TypeScript
// compiler says what does not fit.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { answered, bodyKind, look, title } from './common.mjs';

// Types of a client in those of its JSON: an enumeration is its texts, a time is text. A query or form has text only, here each value as a
// list of texts, since a comma may separate several.
const PRELUDE = `
type Json<T> = unknown extends T ? any
  : T extends string ? \`\${T}\`
  : T extends number | boolean | null | undefined ? T
  : T extends Date ? string
  : T extends readonly (infer U)[] ? Json<U>[]
  : { [K in keyof T]: Json<T[K]> };
type Text<T> = unknown extends T ? any : T extends string | number | boolean ? \`\${T}\` : T extends null | undefined ? never : any;
type Texts<T> = { [K in keyof T]: T[K] extends readonly (infer U)[] | null | undefined ? Text<U>[] : Text<T[K]>[] };
declare const file: any;
`;

export default async function ({ declarations, at }, caches, folders) {
  const need = createRequire(join(caches.documents, 'index.js'));
  const ts = need('typescript');
  const modules = join(caches.documents, 'node_modules');
  const { head, operations } = await (await import(`./${declarations}.mjs`)).default({ modules, at });
  const literals = [];
  const write = (where, text, type, value) => literals.push({ where, text, line: `const v${literals.length}: ${type} = ${value};` });
  const looks = folders.map((folder) => look(folder, operations, { request: requested(write), answer: answering(write) }));
  const source = `${head}${PRELUDE}${literals.map(({ line }) => line).join('\n')}\n`;
  for (const { number, text } of complaints(ts, modules, source)) {
    const { where, text: what } = literals[number];
    where.problems.push({ where: where.at, text: `${what} ${text}` });
  }
  return looks;
}

const literal = (value) => JSON.stringify(value);
const keys = (names) => names.map(literal).join(' | ') || 'never';

/// Writes what a request has as literals: its query and its body.
function requested(write) {
  return ({ operation, names }, exchange, seen) => {
    seen.requests += 1;
    const { ask } = exchange;
    const put = (what, type, value) =>
      write({ at: exchange.where, problems: seen.problems }, `${title(exchange, { operation })}: ${what}`, type, value);
    const given = queried(ask.url);
    const kind = bodyKind(ask);
    const { request, query, body, form, named = [] } = operation;
    if (request) {
      // One type has what stands in the path, in the query and in the body.
      const apart = kind === 'none' ? Object.keys(given) : [];
      put('query', `Texts<Pick<${request}, ${keys(apart)}>>`, literal(given));
      put('body', `Json<Omit<${request}, ${keys([...names, ...apart])}>>`, literal(kind === 'none' ? {} : ask.body));
      return kind === 'json' || kind === 'none' ? [] : [`sends ${kind}, which the declarations do not take`];
    }
    put('query', query ? `Texts<Omit<${query}, ${keys(named)}>>` : '{}', literal(given));
    if (kind === 'none') return body ? ['the request lacks its body'] : [];
    if (kind === 'form' && form) put('form', `Texts<${form}>`, parts(ask.body));
    else if (kind === 'json' && body) put('body', `Json<${body}>`, literal(ask.body));
    else return [`sends ${kind}, which the declarations do not take`];
    return [];
  };
}
function queried(url) {
  const given = {};
  for (const [name, value] of new URL(url).searchParams) given[name] = [...(given[name] ?? []), ...value.split(',')];
  return given;
}
const parts = (body) => `{ ${body.map(({ name, value, file }) => `${literal(name)}: [${file ? 'file' : literal(value)}]`).join(', ')} }`;

function answering(write) {
  return ({ operation }, exchange, seen) => {
    const { status } = exchange.answer;
    const body = answered(exchange.answer);
    const type = operation.answers[status];
    if (!type) return [`the answer ${status} is not in the declarations`];
    seen.answers += 1;
    const at = { at: exchange.where, problems: seen.problems };
    const what = `${title(exchange, { operation })}: answer ${status}`;
    if (operation.declared) write(at, what, `Extract<keyof ${operation.declared}, ${status}>`, String(status));
    if (type === 'void') return body === undefined ? [] : [`the answer ${status} has no body in the declarations`];
    if (body === undefined) return [`the answer ${status} lacks its body`];
    write(at, what, `Json<${type}>`, literal(body));
    return [];
  };
}

/// What the compiler says about a source, by the number of the literal and the member in it.
function complaints(ts, modules, source) {
  const name = join(modules, 'conversations.ts');
  const options = {
    strict: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts'],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (file) => file === name || fileExists(file);
  host.readFile = (file) => (file === name ? source : readFile(file));
  const ours = ts.createSourceFile(name, source, ts.ScriptTarget.ES2022, true);
  host.getSourceFile = (file, ...rest) => (file === name ? ours : getSourceFile(file, ...rest));
  const program = ts.createProgram([name], options, host);
  return ts.getPreEmitDiagnostics(program, ours).map(({ start, messageText }) => {
    const { number, path } = place(ts, ours, start);
    const text = ts.flattenDiagnosticMessageText(messageText, '\n').split('\n').at(-1).trim();
    if (number === undefined) throw new Error(`the declarations cannot be read: ${text} (${source.slice(start, start + 80)})`);
    return { number, text: `${path} ${words(text)}` };
  });
}

/// The compiler's words without the types that it prints at length.
function words(text) {
  const unknown = text.match(/'"?([^'"]+)"?' does not exist in type/);
  if (/^Type '\d+' is not assignable to type 'never'/.test(text)) return 'is not in the declarations';
  return unknown ? `has no member ${unknown[1]}` : text.replaceAll(/'[^']{40,}'/g, "'…'");
}

/// The number of the literal that a place in the source belongs to, and the member in it.
function place(ts, file, start) {
  const path = [];
  let number;
  const holds = (child) => (child.getStart(file) <= start && start < child.getEnd() ? child : undefined);
  for (let node = file, next; (next = ts.forEachChild(node, holds)); node = next) {
    if (ts.isVariableDeclaration(next)) number = next.name.text.match(/^v(\d+)$/)?.[1];
    if (ts.isPropertyAssignment(next)) path.push(next.name.text);
    if (ts.isArrayLiteralExpression(node)) path.push('*');
  }
  return { number, path: path.join('/') || '/' };
}
