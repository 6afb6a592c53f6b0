/** Operation names, routes and required members of the SDK packages: a new SDK shows as a difference of the snapshot. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { it } from 'node:test';
import * as s3 from '@aws-sdk/client-s3';
import * as ses from '@aws-sdk/client-ses';
import * as sesv2 from '@aws-sdk/client-sesv2';
import * as sns from '@aws-sdk/client-sns';
import { membersOf, modelOf, type Operation } from './schema.ts';

const file = new URL('./schema.snapshot.txt', import.meta.url);

function line({ name, http, input }: Operation): string {
  const required = membersOf(input).flatMap((member) => (member.required ? member.name : []));
  return [name, ...(http ? [http.join(' ')] : []), required.join(', ')].join(' | ');
}

function snapshot(): string {
  return Object.entries({ ses, sesv2, s3, sns })
    .map(([name, sdk]) => {
      const { operations, errors } = modelOf(sdk);
      const lines = [...operations.values()].map(line).sort();
      const shapes = [...new Set(errors.values())].map((error) => `${error.name} ${error.queryCode} ${error.status}`);
      return `# ${name}\n${lines.join('\n')}\n## errors\n${shapes.sort().join('\n')}\n`;
    })
    .join('\n');
}

it('the SDKs say what they said (UPDATE_SNAPSHOT=1 takes what they say now)', () => {
  if (process.env['UPDATE_SNAPSHOT']) writeFileSync(file, snapshot());
  assert.equal(snapshot(), readFileSync(file, 'utf8'));
});
