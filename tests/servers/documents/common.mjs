// What the judges share: which operation an exchange belongs to, and what its bodies are.

/// Operations are `{ method, url }` with {name} or :name in the url's path: gives the one with the fewest names, and their values.
export function find(operations, { method, url }) {
  const { origin, pathname } = new URL(url);
  const fits = operations.flatMap((operation) => {
    if (operation.method !== method) return [];
    const match = (origin + pathname).match(pattern(operation.url));
    return match ? [{ operation, names: [...operation.url.matchAll(NAME)].map(([text]) => text.replaceAll(/[{}:]/g, '')) }] : [];
  });
  return fits.sort((one, other) => one.names.length - other.names.length)[0];
}
const NAME = /\{[^}]+\}|(?<=\/):[A-Za-z]\w*/g;
const literally = (text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
const pattern = (url) => new RegExp(`^${url.split(NAME).map(literally).join('[^/]+')}$`);

/// How an exchange is called in a problem: without what differs from one conversation to the next.
export const title = ({ ask }, found) =>
  `${ask.method} ${found ? found.operation.url.replace(/^https?:\/\/[^/]+/, '') : ask.url.split('?')[0]}`;

/// 'none', 'json', 'form' (parts), 'fields' (of an urlencoded form) or 'raw' (the bytes of a file).
export function bodyKind({ headers, body }) {
  const type = headers['content-type'] ?? '';
  if (body === null) return 'none';
  if (type.includes('json')) return 'json';
  if (Array.isArray(body)) return 'form';
  return type.includes('urlencoded') ? 'fields' : 'raw';
}

/// The body of an answer: undefined where there is none. Conversations keep as text what is no object.
export function answered({ body }) {
  if (body === null || body === '') return undefined;
  if (typeof body !== 'string') return body;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

/// One look at the exchanges of a folder: `request` and `answer` give the problems of an exchange whose operation is known.
export function look({ exchanges }, operations, { request, answer }) {
  const seen = { requests: 0, answers: 0, problems: [] };
  for (const exchange of exchanges) {
    const found = find(operations, exchange.ask);
    const say = (texts) =>
      [...new Set(texts)].forEach((text) => seen.problems.push({ where: exchange.where, text: `${title(exchange, found)}: ${text}` }));
    if (!found) {
      say(['is not in the document']);
      continue;
    }
    say(request(found, exchange, seen));
    say(answer(found, exchange, seen));
  }
  return seen;
}
