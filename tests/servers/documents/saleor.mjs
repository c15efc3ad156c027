// Saleor's schema, made out of the types that its own SDK has of it: no package has the schema itself. There an enumeration is a union of
// texts, and the arguments of a field are a type of their own.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export default ({ documents }, { buildSchema }) => {
  const ts = createRequire(join(documents, 'index.js'))('typescript');
  const file = join(documents, 'node_modules/@saleor/sdk/src/apollo/types.ts');
  const { statements } = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, false);
  const types = new Map(statements.filter(ts.isTypeAliasDeclaration).map((one) => [one.name.text, parts(ts, one.type)]));
  return buildSchema(schema(types));
};

/// A type as { texts }, { names } of a union, or { bases, members } of an object.
function parts(ts, type) {
  const name = (node) => node.typeName?.text;
  const texts = (types) => ({ texts: types.map(({ literal }) => literal.text) });
  if (ts.isUnionTypeNode(type)) return type.types.every(ts.isLiteralTypeNode) ? texts(type.types) : { names: type.types.map(name) };
  if (ts.isLiteralTypeNode(type)) return texts([type]);
  const all = ts.isIntersectionTypeNode(type) ? type.types : [type];
  const members = all.filter(ts.isTypeLiteralNode).flatMap((one) => one.members.filter(ts.isPropertySignature));
  return {
    bases: all.filter(ts.isTypeReferenceNode).map(name),
    members: members.map((one) => [one.name.text, written(ts, one.type)]).filter(([key]) => key && !key.startsWith('_')),
  };
}

/// `Maybe<Array<Product>>` as [Product!].
function written(ts, type, after = '!') {
  if (ts.isIndexedAccessTypeNode(type)) return type.indexType.literal.text + after;
  const [inner] = type.typeArguments ?? [];
  const name = type.typeName?.text;
  if (name === 'Maybe') return written(ts, inner, '');
  return (name === 'Array' ? `[${written(ts, inner)}]` : name) + after;
}

function schema(types) {
  const interfaces = new Set([...types.values()].flatMap(({ bases = [] }) => bases));
  const seen = new Map();
  const inner = (text) => text.replaceAll(/[[\]!]/g, '');
  const visit = (name, input) => {
    if (seen.has(name)) return;
    const { texts, names, bases = [], members = [] } = types.get(name) ?? {};
    seen.set(name, '');
    const fields = [...members, ...(LATER[name] ?? [])].map(([key, type]) => {
      const given = types.get(`${name}${key[0].toUpperCase()}${key.slice(1)}Args`)?.members ?? [];
      // The channel of a slug came after these types.
      const takes = name === 'Query' && key === 'channel' ? [...given, ['slug', 'String']] : given;
      for (const [, one] of takes) visit(inner(one), true);
      visit(inner(type), input);
      const list = takes.map(([one, as]) => `${one}: ${as}`).join(', ');
      return `${key}${list && `(${list})`}: ${type}`;
    });
    const made = ([other, { bases: of = [] }]) => interfaces.has(name) && of.includes(name) && !other.endsWith('Fragment');
    const others = [...types].filter(made).map(([other]) => other);
    for (const other of [...(names ?? []), ...bases, ...others]) visit(other, false);
    const kind = input ? 'input' : interfaces.has(name) ? 'interface' : 'type';
    const of = bases.length ? ` implements ${bases.join(' & ')}` : '';
    if (texts) seen.set(name, `enum ${name} { ${texts.join(' ')} }`);
    else if (names) seen.set(name, `union ${name} = ${names.join(' | ')}`);
    else if (fields.length) seen.set(name, `${kind} ${name}${of} { ${fields.join(' ')} }`);
    else if (!STANDARD.has(name)) seen.set(name, `scalar ${name}`);
  };
  visit('Query', false);
  visit('Mutation', false);
  return [...seen.values(), SUBSCRIPTIONS].filter(Boolean).join('\n');
}
// What webhooks select came after these types (Saleor 3.2), and a list of their own for events that nobody waits for.
const LATER = { WebhookCreateInput: [['query', 'String'], ['asyncEvents', '[WebhookEventTypeEnum!]']] };
const events = (kind, field) => ['Created', 'Updated', 'Deleted'].map((what) => `type ${kind}${what} implements Event { version: String ${field} }`);
const SUBSCRIPTIONS = [
  'type Subscription { event: Event } interface Event { version: String }',
  ...events('Product', 'product: Product'),
  ...events('ProductVariant', 'productVariant: ProductVariant'),
].join('\n');
const STANDARD = new Set(['ID', 'String', 'Int', 'Float', 'Boolean']);
