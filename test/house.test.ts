import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { nodeEnvironment, nodeFlags } from '../scripts/node-flags.mjs';

/** The rules of the house (ARCHITECTURE.md, invariants) that can be read off the sources. */
const root = resolve(import.meta.dirname, '..');
const src = join(root, 'src');

/** From the ground up: a file imports its own room and the rungs below it. Rooms of one rung do not know each other. */
const ladder: readonly (readonly string[])[] = [
  ['base'],
  ['mail', 'wire', 'storage'],
  ['core/accounts'],
  ['core/messages', 'core/events', 'core/notices'],
  ['core/targets', 'core/reviews'],
  ['core/identities', 'core/configuration-sets', 'core/contacts', 'core/templates'],
  ['core/publishing'],
  ['core/reputation'],
  ['core/delivery'],
  ['core/sending'],
  ['core/receiving'],
  ['core/inbox'],
  ['settings'],
  ['edges'],
  ['app'],
  ['doors'],
  ['cli'],
  ['main'],
];

const isTestHelp = (file: string) =>
  /\.test\.ts$|\/(test-door|script|yes-door|crash-child|ground)\.ts$|\/contract\/contract\.ts$/.test(file);

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

const sources = filesIn(src).filter((file) => !isTestHelp(file));
const nameOf = (file: string) => relative(src, file);

function roomOf(file: string): string {
  const [first = '', second = ''] = nameOf(file).split('/');
  return first === 'core' ? `core/${second}` : first.replace(/\.ts$/, '');
}

const rungOf = (room: string) => ladder.findIndex((rung) => rung.includes(room));

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const imports: Import[] = sources.flatMap((file) =>
  [
    ...readFileSync(file, 'utf8').matchAll(
      /(?:^|\n)(?:import|export)\s+(type\s)?[^;]*?from '(\.[^']+)'|import\('(\.[^']+)'\)/g,
    ),
  ].map((match) => ({
    from: file,
    to: resolve(dirname(file), match[2] ?? match[3]!),
    typeOnly: match[1] !== undefined,
  })),
);

const complaints = (wrong: readonly string[]) => assert.deepEqual(wrong, []);

test('every import leads to a file', () => {
  complaints(imports.filter(({ to }) => !existsSync(to)).map(({ from, to }) => `${nameOf(from)} → ${nameOf(to)}`));
});

test('every room stands on a rung', () => {
  complaints(sources.filter((file) => rungOf(roomOf(file)) < 0).map(nameOf));
});

test('imports go down the ladder', () => {
  const up = imports.filter(
    ({ from, to }) => roomOf(from) !== roomOf(to) && rungOf(roomOf(from)) <= rungOf(roomOf(to)),
  );
  complaints(up.map(({ from, to }) => `${nameOf(from)} → ${nameOf(to)}`));
});

test('nobody imports past a face', () => {
  const isFace = (file: string) => basename(file, '.ts') === basename(dirname(file));
  const past = imports.filter(({ from, to }) => {
    if (!nameOf(to).startsWith('core/') || roomOf(from) === roomOf(to)) return false;
    // The wiring builds the parts of a room.
    return roomOf(from) !== 'app' && !isFace(to);
  });
  complaints(past.map(({ from, to }) => `${nameOf(from)} → ${nameOf(to)}`));
});

test('only a table names its tables', () => {
  const offenders = sources.filter((file) => {
    if (nameOf(file).startsWith('storage/') || basename(file) === 'table.ts') return false;
    return /storage\/statements\.ts'|from 'kysely'|from 'better-sqlite3'/.test(readFileSync(file, 'utf8'));
  });
  complaints(offenders.map(nameOf));
  const past = imports.filter(({ from, to }) => basename(to) === 'table.ts' && roomOf(from) !== roomOf(to));
  complaints(past.map(({ from, to }) => `${nameOf(from)} → ${nameOf(to)}`));
});

test('nothing outside storage knows which storage it is', () => {
  const knows = imports.filter(({ from, to }) => {
    const inside = nameOf(to).startsWith('storage/embedded/');
    return inside && !nameOf(from).startsWith('storage/') && roomOf(from) !== 'app';
  });
  complaints(knows.map(({ from, to }) => `${nameOf(from)} → ${nameOf(to)}`));
});

test("AWS's packages are known in edges/aws only", () => {
  const elsewhere = sources.filter(
    (file) => !nameOf(file).startsWith('edges/aws/') && /from '@(aws-sdk|smithy)\//.test(readFileSync(file, 'utf8')),
  );
  complaints(elsewhere.map(nameOf));
});

/** Files that decide: functions of values. */
const pure = [
  'core/accounts/policy/patterns.ts',
  'core/accounts/policy/conditions.ts',
  'core/accounts/policy/document.ts',
  'core/accounts/policy/decide.ts',
  'core/delivery/classify.ts',
  'core/delivery/schedule.ts',
  'core/delivery/exchangers.ts',
  'core/receiving/match.ts',
  'core/receiving/steps.ts',
  'core/receiving/dry-run.ts',
  'core/identities/covering.ts',
  'core/identities/policies.ts',
  'core/identities/proof.ts',
  'core/identities/dkim.ts',
  'core/identities/wanted.ts',
  'core/identities/zone.ts',
  'core/contacts/topics.ts',
  'core/contacts/unsubscribing.ts',
  'core/inbox/query.ts',
  'core/reviews/deciding.ts',
  'core/reviews/letters.ts',
  'core/configuration-sets/destinations.ts',
  'core/sending/attachments.ts',
  'core/sending/tags.ts',
  'core/templates/pieces.ts',
  'core/templates/compile.ts',
  'core/templates/batch.ts',
  'core/templates/plain.ts',
];

test('deciding is pure: no storage, no wire, no clock', () => {
  const impure = pure.filter((name) => {
    const text = readFileSync(join(src, name), 'utf8');
    const values = [...text.matchAll(/\nimport (?!type )[^;]*?from '([^']+)'/g)].map((match) => match[1]!);
    return values.some((from) => /\/(storage|wire)\/|^node:(?!net)/.test(from)) || /Date\.now|Math\.random/.test(text);
  });
  complaints(impure);
});

test('time and chance arrive through constructors', () => {
  const allowed = new Set(['base/clock.ts', 'base/random.ts', 'settings/master-key.ts', 'doors.ts']);
  const offenders = sources.filter(
    (file) =>
      !allowed.has(nameOf(file)) &&
      /\bDate\.now\(|new Date\(\)|Math\.random\(|\brandomBytes\(|\brandomUUID\(/.test(readFileSync(file, 'utf8')),
  );
  complaints(offenders.map(nameOf));
});

test('node:http is got, not imported (decision 0008)', () => {
  complaints(
    sources.filter((file) => /^import (?!type )[^;]*from 'node:https?'/m.test(readFileSync(file, 'utf8'))).map(nameOf),
  );
});

test('names tell: no util, helper, common, manager, service, index', () => {
  const banned = /(^|[-/])(utils?|helpers?|common|manager|index|misc)(\.ts$|\/|-)/;
  complaints(sources.map(nameOf).filter((name) => banned.test(name) || /[A-Z_]/.test(name)));
});

test('every invariant of ARCHITECTURE.md names a test that exists', () => {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  const invariants = [...text.matchAll(/^(\d+)\. .*$/gm)].map((match) => match[0]).slice(0, 12);
  assert.equal(invariants.length, 12);
  for (const invariant of invariants) {
    const tests = [...invariant.matchAll(/`((?:src|test)\/[^`]+\.test\.ts)`/g)].map((match) => match[1]!);
    assert.ok(tests.length > 0, `no test: ${invariant}`);
    for (const file of tests) assert.ok(existsSync(join(root, file)), `${file} is missing`);
  }
});

test('every room has its sentence in ARCHITECTURE.md', () => {
  const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  const rooms = [...new Set(sources.map(roomOf))];
  complaints(rooms.filter((room) => !text.includes(`\`${room}`)));
});

test('the installed command starts node as `npm start` does', () => {
  const [first] = readFileSync(join(src, 'main.ts'), 'utf8').split('\n');
  const environment = Object.entries(nodeEnvironment).map(([name, value]) => `${name}=${value}`);
  assert.equal(first, `#!/usr/bin/env -S ${[...environment, 'node', ...nodeFlags].join(' ')}`);
});
