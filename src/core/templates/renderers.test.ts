import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { MINUTE } from '../../base/clock.ts';
import type { Rendering } from './batch.ts';
import { Renderers } from './renderers.ts';

// Through the threads.
const renderers = new Renderers();
after(() => renderers.stop());

const render = (subject: string, ...data: unknown[]) =>
  renderers.ask({ template: { subject }, data: { entries: data.map((one) => JSON.stringify(one)) } });
const said = (done: readonly Rendering[]) => done.map((one) => (one.ok ? one.rendered.subject : one.reason));

test('a batch is answered in its order, and what fails is one message', async () => {
  const list = Array(60_000).fill(1);
  const done = await render(
    '{{#each list}}{{#each ../list}}{{this}}{{/each}}{{/each}}',
    { list: [1, 2] },
    { list },
    {},
    { list: [3] },
  );
  assert.deepEqual(said(done), [
    '1212',
    'The template does not come to an end with this rendering data.',
    "Attribute 'list' is not present in the rendering data.",
    '3',
  ]);
});

test('more at a time than there are threads', async () => {
  const asked = Array.from({ length: 20 }, (_, i) => render('{{#if i}}{{i}}{{/if}}', { i: i + 1 }));
  assert.deepEqual(
    (await Promise.all(asked)).map((done) => said(done)[0]),
    Array.from({ length: 20 }, (_, i) => String(i + 1)),
  );
});

/** Handlebars looks for the line that a block stands on in a way that is quadratic in blank lines. */
const slow = `${'\n'.repeat(2_000_000)}x{{#if a}}{{/if}}`;

test('a template that is read for too long has failed, and its thread is replaced', async () => {
  const hasty = new Renderers({ patience: 300 });
  after(() => hasty.stop());
  const [fault] = await hasty.ask({ template: { subject: slow } });
  assert.ok(fault && !fault.ok && fault.reason === 'The template takes too much time.');
  const late = await hasty.ask({ template: { subject: slow }, data: { entries: ['{}', '{}'] } });
  assert.deepEqual(said(late), Array(2).fill('The template takes too much time.'));
});

test('an account whose templates take long holds up no other', async () => {
  const shared = new Renderers();
  let slowOnesDone = 0;
  const slowOnes = Array.from({ length: 3 }, () =>
    shared.ask({ template: { subject: slow } }, 'slow').finally(() => {
      slowOnesDone += 1;
    }),
  );
  const ended = Promise.allSettled(slowOnes);
  const quick = { template: { subject: '{{#if a}}{{a}}{{/if}}' }, data: { entries: ['{"a":1}'] } };
  assert.deepEqual(said(await shared.ask(quick, 'quick')), ['1']);
  assert.equal(slowOnesDone, 0);
  await shared.stop();
  await ended;
});

test('a template that takes too much memory has failed, and its thread is replaced', async () => {
  const small = new Renderers({ memory: 24, patience: MINUTE });
  after(() => small.stop());
  const [fault] = await small.ask({ template: { subject: '{{#a}}{{/a}}'.repeat(40_000) } });
  assert.ok(fault && !fault.ok && fault.reason === 'The template takes too much memory.');
  assert.deepEqual(said(await small.ask({ template: { subject: '{{#a}}1{{/a}}' }, data: { entries: ['{"a":1}'] } })), [
    '1',
  ]);
});

test('a stop ends what is being rendered, and what waits', async () => {
  const stopped = new Renderers();
  const asked = Array.from({ length: 3 }, () => stopped.ask({ template: { subject: slow } }));
  const ended = Promise.all(asked.map((one) => assert.rejects(one, /ended|stopped/)));
  await stopped.stop();
  await ended;
});
