// judge.mjs PLATFORM CACHES PROVIDER…: holds the recorded conversations of each folder PROVIDER/fixtures against what is published of
// PLATFORM's API. CACHES is JSON: the folder of each install that is needed. Prints, for each folder, how many requests and answers were
// judged, and what does not fit.
//
// What cannot be judged does not fit: an exchange without an operation, an answer without a description. Where document and shop are known
// to differ, platforms.mjs says so; a difference that no longer occurs in the first folder is a problem, too.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { platforms } from './platforms.mjs';

const [key, caches, ...folders] = process.argv.slice(2);
const { judge, differs = [], ...settings } = platforms[key];
const judging = (await import(`./${judge}.mjs`)).default;
const given = folders.map((folder) => ({ folder, exchanges: exchanges(folder) }));
const judged = await judging(settings, JSON.parse(caches), given);
process.stdout.write(JSON.stringify(judged.map(report)));

function exchanges(folder) {
  const fixtures = join(folder, 'fixtures');
  const numbered = (file) => ({ ask, answer }, place) => ({ where: `${file} exchange ${place + 1}`, ask, answer });
  const read = (file) => JSON.parse(readFileSync(join(fixtures, file), 'utf8')).exchanges ?? [];
  return readdirSync(fixtures).sort().flatMap((file) => read(file).map(numbered(file)));
}

function report({ requests, answers, problems }, place) {
  const known = new Map(differs.map(([text]) => [text, 0]));
  const left = problems.filter(({ text }) => {
    if (!known.has(text)) return true;
    known.set(text, known.get(text) + 1);
    return false;
  });
  const never = [...known].filter(([, times]) => !times && !place);
  const stale = never.map(([text]) => `platforms.mjs: this difference does not occur: ${text}`);
  return { requests, answers, problems: [...left.map(({ where, text }) => `${where}: ${text}`), ...stale] };
}
