import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  GetAWSDefaultServiceQuotaCommand,
  GetRequestedServiceQuotaChangeCommand,
  GetServiceQuotaCommand,
  IllegalArgumentException,
  InvalidPaginationTokenException,
  ListAWSDefaultServiceQuotasCommand,
  ListRequestedServiceQuotaChangeHistoryByQuotaCommand,
  ListRequestedServiceQuotaChangeHistoryCommand,
  ListServiceQuotasCommand,
  ListServicesCommand,
  NoSuchResourceException,
  paginateListServiceQuotas,
  RequestServiceQuotaIncreaseCommand,
  ResourceAlreadyExistsException,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { GetSendQuotaCommand, SESClient } from '@aws-sdk/client-ses';
import { GetAccountCommand, PutAccountDetailsCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { awsEnvironment, needs, run } from '../world/tools.ts';

// An account in production asks for more, and a reviewer decides.
const ACCOUNT = '000000000000';
const perDay = { ServiceCode: 'ses', QuotaCode: 'L-804C8AE8' };
const perSecond = { ServiceCode: 'ses', QuotaCode: 'L-CDEF9B6B' };
let sesame: SesameUnderTest;
let quotas: ServiceQuotasClient;
let v2: SESv2Client;

before(async () => {
  sesame = await SesameUnderTest.start({ SESAME_SANDBOX: 'on', SESAME_REVIEW: 'manual' });
  quotas = new ServiceQuotasClient(sesame.client);
  v2 = new SESv2Client(sesame.client);
  await v2.send(
    new PutAccountDetailsCommand({
      MailType: 'TRANSACTIONAL',
      WebsiteURL: 'https://example.com',
      AdditionalContactEmailAddresses: ['ops@example.com'],
      ProductionAccessEnabled: true,
    }),
  );
  await decide({ decision: 'grant', max24HourSend: 1_000, maxSendRate: 10 });
});
after(async () => {
  quotas?.destroy();
  v2?.destroy();
  await sesame?.stop();
});

/** The reviewer's word on the one case that is open. */
async function decide(decision: object) {
  const { json } = await sesame.call('GET', '/_sesame/reviews?status=open');
  const [review, ...more] = json.reviews;
  assert.deepEqual(more, []);
  const decided = await sesame.call('POST', `/_sesame/reviews/${review.caseId}`, decision);
  assert.equal(decided.status, 200, decided.text);
  return review;
}

const ask = (quota: object, DesiredValue: number) =>
  quotas.send(new RequestServiceQuotaIncreaseCommand({ ...perDay, ...quota, DesiredValue }));

test('the quotas of SES, their defaults and what is applied', async () => {
  const { Services } = await quotas.send(new ListServicesCommand({}));
  assert.deepEqual(Services, [{ ServiceCode: 'ses', ServiceName: 'Amazon Simple Email Service (Amazon SES)' }]);
  const applied = await quotas.send(new ListServiceQuotasCommand({ ServiceCode: 'ses' }));
  const shown = applied.Quotas!.map(({ QuotaCode, QuotaName, Value, Adjustable }) => [
    QuotaCode,
    QuotaName,
    Value,
    Adjustable,
  ]);
  assert.deepEqual(shown, [
    ['L-804C8AE8', 'Sending quota', 1_000, true],
    ['L-CDEF9B6B', 'Sending rate', 10, true],
  ]);
  assert.equal(applied.Quotas![0]!.QuotaArn, `arn:aws:servicequotas:us-east-1:${ACCOUNT}:ses/L-804C8AE8`);
  const { Quota } = await quotas.send(new GetServiceQuotaCommand(perSecond));
  assert.deepEqual(Quota, applied.Quotas![1]);
  const defaults = await quotas.send(new ListAWSDefaultServiceQuotasCommand({ ServiceCode: 'ses' }));
  assert.deepEqual(
    defaults.Quotas!.map(({ Value }) => Value),
    [200, 1],
  );
  const one = await quotas.send(new GetAWSDefaultServiceQuotaCommand(perDay));
  assert.deepEqual([one.Quota!.Value, one.Quota!.QuotaArn], [200, 'arn:aws:servicequotas:us-east-1::ses/L-804C8AE8']);
});

test('pages', async () => {
  const pages: unknown[] = [];
  for await (const { Quotas } of paginateListServiceQuotas({ client: quotas, pageSize: 1 }, { ServiceCode: 'ses' })) {
    pages.push(Quotas!.map(({ QuotaCode }) => QuotaCode));
  }
  assert.deepEqual(pages, [['L-804C8AE8'], ['L-CDEF9B6B']]);
  const bad = quotas.send(new ListServiceQuotasCommand({ ServiceCode: 'ses', NextToken: 'nonsense' }));
  await refusal(bad, InvalidPaginationTokenException);
});

test('a request is reviewed, and what is granted holds at once', async () => {
  const { RequestedQuota } = await ask(perDay, 5_000);
  const { Id, CaseId, Created, LastUpdated, Requester, ...rest } = RequestedQuota!;
  assert.match(Id!, /^[0-9a-f]{32}[0-9A-Za-z]{8}$/);
  assert.match(CaseId!, /^\d{15}$/);
  assert.deepEqual(Created, LastUpdated);
  assert.deepEqual(JSON.parse(Requester!), { accountId: ACCOUNT, callerArn: `arn:aws:iam::${ACCOUNT}:root` });
  assert.deepEqual(rest, {
    ServiceCode: 'ses',
    ServiceName: 'Amazon Simple Email Service (Amazon SES)',
    QuotaCode: 'L-804C8AE8',
    QuotaName: 'Sending quota',
    DesiredValue: 5_000,
    Status: 'PENDING',
    QuotaArn: `arn:aws:servicequotas:us-east-1:${ACCOUNT}:ses/L-804C8AE8`,
    GlobalQuota: false,
    Unit: 'None',
    QuotaRequestedAtLevel: 'ACCOUNT',
  });
  const open = await refusal(ask(perDay, 6_000), ResourceAlreadyExistsException);
  assert.equal(open.message, 'Only one open service quota increase request is allowed per quota.');
  const status = async () =>
    (await quotas.send(new GetRequestedServiceQuotaChangeCommand({ RequestId: Id }))).RequestedQuota!.Status;
  await decide({ decision: 'ask', reason: 'Why?' });
  assert.equal(await status(), 'CASE_OPENED');
  const review = await decide({ decision: 'grant' });
  assert.deepEqual([review.subject, review.max24HourSend], ['sending-quota', 5_000]);
  assert.equal(await status(), 'APPROVED');
  const v1 = new SESClient(sesame.client);
  const { Max24HourSend, MaxSendRate } = await v1.send(new GetSendQuotaCommand({}));
  v1.destroy();
  assert.deepEqual([Max24HourSend, MaxSendRate], [5_000, 10]);
  assert.equal((await v2.send(new GetAccountCommand({}))).SendQuota!.Max24HourSend, 5_000);
  assert.equal((await quotas.send(new GetServiceQuotaCommand(perDay))).Quota!.Value, 5_000);
  await sesame.advance('0s');
  const { subject, text } = await sesame.message('to:ops@example.com');
  assert.match(subject, /a higher sending quota in us-east-1: granted$/);
  assert.match(text, /5000 recipients in 24 hours, 10 a second/);
});

test('a reviewer may grant less, or nothing; the history tells', async () => {
  await ask(perSecond, 100);
  await decide({ decision: 'grant', maxSendRate: 20 });
  await ask(perSecond, 200);
  await decide({ decision: 'deny', reason: 'Not yet.' });
  assert.equal((await quotas.send(new GetServiceQuotaCommand(perSecond))).Quota!.Value, 20);
  const history = async (input: object) => {
    const { RequestedQuotas } = await quotas.send(new ListRequestedServiceQuotaChangeHistoryCommand(input));
    return RequestedQuotas!.map(({ QuotaCode, DesiredValue, Status }) => [QuotaCode, DesiredValue, Status]);
  };
  const all = [
    ['L-CDEF9B6B', 200, 'DENIED'],
    ['L-CDEF9B6B', 100, 'APPROVED'],
    ['L-804C8AE8', 5_000, 'APPROVED'],
  ];
  assert.deepEqual((await history({})).toSorted(), all.toSorted());
  assert.deepEqual(await history({ ServiceCode: 'ses', Status: 'DENIED' }), [all[0]]);
  assert.deepEqual(await history({ Status: 'CASE_CLOSED' }), []);
  assert.deepEqual(await history({ QuotaRequestedAtLevel: 'RESOURCE' }), []);
  const { RequestedQuotas, NextToken } = await quotas.send(
    new ListRequestedServiceQuotaChangeHistoryByQuotaCommand({ ...perSecond, MaxResults: 1 }),
  );
  assert.equal(RequestedQuotas!.length, 1);
  const more = await quotas.send(
    new ListRequestedServiceQuotaChangeHistoryByQuotaCommand({ ...perSecond, MaxResults: 1, NextToken }),
  );
  assert.deepEqual([more.RequestedQuotas!.length, more.NextToken], [1, undefined]);
  assert.notEqual(more.RequestedQuotas![0]!.Id, RequestedQuotas![0]!.Id);
});

test('what cannot be asked for', async () => {
  const lower = await refusal(ask(perDay, 5_000), IllegalArgumentException);
  assert.equal(lower.message, 'You must provide a quota value greater than the current quota value.');
  const unknown = [
    new GetServiceQuotaCommand({ ...perDay, QuotaCode: 'L-00000000' }),
    new RequestServiceQuotaIncreaseCommand({ ...perDay, QuotaCode: 'L-00000000', DesiredValue: 1 }),
    new GetServiceQuotaCommand({ ...perDay, ServiceCode: 'SES' }),
    new ListServiceQuotasCommand({ ServiceCode: 'ec2' }),
    new ListRequestedServiceQuotaChangeHistoryCommand({ ServiceCode: 'ec2' }),
    new GetRequestedServiceQuotaChangeCommand({ RequestId: 'nothing' }),
  ];
  for (const command of unknown) await refusal(quotas.send(command as GetServiceQuotaCommand), NoSuchResourceException);
});

describe('the AWS CLI', needs('aws'), () => {
  test('request-service-quota-increase and get-service-quota', async () => {
    const aws = async (...parameters: string[]) => {
      const options = ['--endpoint-url', sesame.url, '--output', 'json', 'service-quotas'];
      const { status, stdout, stderr } = await run('aws', [...options, ...parameters], { env: awsEnvironment });
      assert.equal(status, 0, stderr);
      return JSON.parse(stdout);
    };
    const code = ['--service-code', 'ses', '--quota-code', 'L-804C8AE8'];
    const { RequestedQuota } = await aws('request-service-quota-increase', ...code, '--desired-value', '50000');
    assert.equal(RequestedQuota.Status, 'PENDING');
    await decide({ decision: 'grant' });
    assert.equal((await aws('get-service-quota', ...code)).Quota.Value, 50_000);
  });
});
