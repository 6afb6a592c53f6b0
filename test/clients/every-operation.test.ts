import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import * as sdk1 from '@aws-sdk/client-ses';
import * as sdk2 from '@aws-sdk/client-sesv2';
import { handlers as handlersIam } from '../../src/edges/aws/iam/iam.ts';
import { handlers as handlersS3 } from '../../src/edges/aws/s3/s3.ts';
import { handlers as handlersQuotas } from '../../src/edges/aws/service-quotas/service-quotas.ts';
import { notBuilt as notBuiltV1 } from '../../src/edges/aws/ses-v1/not-built.ts';
import { handlers as handlersV1 } from '../../src/edges/aws/ses-v1/ses-v1.ts';
import { notBuilt as notBuiltV2 } from '../../src/edges/aws/ses-v2/not-built.ts';
import { handlers as handlersV2 } from '../../src/edges/aws/ses-v2/ses-v2.ts';
import { handlers as handlersSns } from '../../src/edges/aws/sns/sns.ts';
import { handlers as handlersSqs } from '../../src/edges/aws/sqs/sqs.ts';
import { handlers as handlersSts } from '../../src/edges/aws/sts/sts.ts';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// Every operation of both APIs of SES answers: with what it does, or with a sentence that it is not built yet.
let sesame: SesameUnderTest;
before(async () => {
  sesame = await SesameUnderTest.start();
});
after(() => sesame.stop());

/** Method and path of an operation, as the SDK's own model of it says. */
function route(operation: string): { method: string; path: string } {
  const [, , , { http }] = (sdk2 as unknown as Record<string, [number, string, string, { http: [string, string] }]>)[
    `${operation}$`
  ]!;
  return { method: http[0], path: http[1].replace(/\{[^}]+\}/g, 'x') };
}

/** `new SendEmailCommand(` or `new v1.SendEmailCommand(`, of the package that it was imported from: both versions have one. */
function callsOf(sdk: string, operation: string) {
  const imports = new RegExp(`import (?:\\* as (\\w+)|\\{([^}]*)\\}) from '${sdk}'`, 'g');
  return (text: string): boolean =>
    [...text.matchAll(imports)].some(([, whole, named = '']) => {
      const called = (name: string) => {
        if (whole !== undefined) return text.includes(`${whole}.${name}(`);
        return new RegExp(`\\b${name}\\b`).test(named) && new RegExp(`(?<![.\\w])${name}\\(`).test(text);
      };
      return called(`${operation}Command`) || called(`paginate${operation}`);
    });
}

test('v1: each operation that is not built says so', async () => {
  for (const operation of notBuiltV1) {
    const body = new URLSearchParams({ Action: operation, Version: '2010-12-01' });
    const answer = await fetch(sesame.url, { method: 'POST', body });
    const text = await answer.text();
    assert.equal(answer.status, 400, operation);
    assert.match(text, /<Type>Sender<\/Type><Code>InvalidAction<\/Code>/, operation);
    assert.match(text, new RegExp(`<Message>${operation} is not built yet</Message>`));
  }
});

test('v2: each operation that is not built says so', async () => {
  for (const operation of notBuiltV2) {
    const { method, path } = route(operation);
    const answer = await fetch(sesame.url + path, { method, ...(method !== 'GET' && { body: '{}' }) });
    const { message } = (await answer.json()) as { message: string };
    assert.deepEqual(
      [answer.status, answer.headers.get('x-amzn-errortype'), message],
      [400, 'BadRequestException', `${operation} is not built yet`],
    );
  }
});

test('the SDKs read it as an error of the service', async () => {
  const v1 = new sdk1.SESClient(sesame.client);
  const first = await refusal(v1.send(new sdk1.GetSendStatisticsCommand({})), sdk1.SESServiceException);
  assert.deepEqual([first.name, first.message], ['InvalidAction', 'GetSendStatistics is not built yet']);
  v1.destroy();
  const v2 = new sdk2.SESv2Client(sesame.client);
  const second = await refusal(v2.send(new sdk2.ListTenantsCommand({})), sdk2.BadRequestException);
  assert.equal(second.message, 'ListTenants is not built yet');
  v2.destroy();
});

test('an operation that SES does not have', async () => {
  const body = new URLSearchParams({ Action: 'SendPostcard', Version: '2010-12-01' });
  const v1 = await (await fetch(sesame.url, { method: 'POST', body })).text();
  assert.match(v1, /<Code>InvalidAction<\/Code><Message>Could not find operation SendPostcard for version 2010-12-01</);
  const v2 = await fetch(`${sesame.url}/v2/email/postcards`, { method: 'POST', body: '{}' });
  assert.deepEqual([v2.status, v2.headers.get('x-amzn-errortype')], [404, 'UnknownOperationException']);
});

test('each operation that is built is called by a test beside this one', () => {
  const files = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.test.ts') && name !== basename(import.meta.filename))
    .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'));
  const check = (sdk: string, handlers: object) => {
    for (const operation of Object.keys(handlers)) {
      assert.ok(files.some(callsOf(sdk, operation)), `${operation} has no test that imports ${sdk}`);
    }
  };
  check('@aws-sdk/client-ses', handlersV1);
  check('@aws-sdk/client-sesv2', handlersV2);
  check('@aws-sdk/client-s3', handlersS3);
  check('@aws-sdk/client-sns', handlersSns);
  check('@aws-sdk/client-sqs', handlersSqs);
  check('@aws-sdk/client-service-quotas', handlersQuotas);
  check('@aws-sdk/client-iam', handlersIam);
  check('@aws-sdk/client-sts', handlersSts);
});
