import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHeader, rewriteHeader } from '../../mail/header-fields.ts';
import { submittedFields, takenOffFields } from './submitted.ts';

const remove = new Set(['message-id', 'date', 'x-ses-tenant']);

/** What is stored of a submitted header, and shown of what is stored, is what was submitted. */
function check(lines: readonly string[], shown = lines): void {
  const message = Buffer.from(`${lines.map((line) => `${line}\r\n`).join('')}\r\nbody\r\n`, 'latin1');
  const header = readHeader(message);
  const takenOff = takenOffFields(header, remove);
  const append = [['Message-ID', '<ours@x>'] as const, ['Date', 'now'] as const];
  const content = rewriteHeader({ message, header, remove, append });
  const facts: Record<string, string> = takenOff === undefined ? {} : { takenOff };
  const fields = submittedFields({ facts }, content);
  assert.deepEqual(
    fields.map(({ name, value }) => `${name}:${value}`),
    shown,
  );
}

test('the header as it was submitted', () => {
  check(['From: a@x', 'Subject: Hi']);
  check(['Date: then', 'From: a@x', 'X-SES-Tenant: t', 'Message-Id: <theirs@x>', 'Subject: Hi']);
  check(['From: a@x', 'Date: then', 'date: and again', 'Subject: Hi']);
  check(['From: a@x', 'X-SES-TENANT: Gr\xfc\xdfe']);
  check(['From: a@x', `X-SES-TENANT: ${'x'.repeat(20_000)}`, 'Date: then'], ['From: a@x']);
});
