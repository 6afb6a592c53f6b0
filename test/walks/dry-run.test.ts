import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateReceiptFilterCommand,
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  type ReceiptRule,
  SESClient,
  SetActiveReceiptRuleSetCommand,
  VerifyDomainIdentityCommand,
} from '@aws-sdk/client-ses';
import { SesameUnderTest } from '../world/sesame.ts';

// One story: somebody asks what would become of a mail before its domain points here.
let sesame: SesameUnderTest;

before(async () => {
  sesame = await SesameUnderTest.start();
  const ses = new SESClient(sesame.client);
  const s3 = new S3Client({ ...sesame.client, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'mails' }));
  await ses.send(new VerifyDomainIdentityCommand({ Domain: 'here.example' }));
  await ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: 'main' }));
  const S3Action = { BucketName: 'mails', ObjectKeyPrefix: 'in' };
  const bounce = { SmtpReplyCode: '550', StatusCode: '5.1.1', Message: 'No', Sender: 'no-reply@here.example' };
  const rules: ReceiptRule[] = [
    { Name: 'off', Actions: [{ S3Action }] },
    { Name: 'secure', Enabled: true, TlsPolicy: 'Require', Recipients: ['here.example'], Actions: [{ S3Action }] },
    { Name: 'other', Enabled: true, Recipients: ['.here.example', 'bob@here.example'], Actions: [{ S3Action }] },
    {
      Name: 'stop',
      Enabled: true,
      Recipients: ['ann@here.example'],
      Actions: [
        { AddHeaderAction: { HeaderName: 'X-Gate', HeaderValue: 'in' } },
        { BounceAction: bounce },
        { StopAction: { Scope: 'RuleSet' } },
        { S3Action },
      ],
    },
    { Name: 'rest', Enabled: true, Actions: [{ S3Action }] },
  ];
  for (const Rule of rules.toReversed()) await ses.send(new CreateReceiptRuleCommand({ RuleSetName: 'main', Rule }));
  await ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: 'main' }));
  const IpFilter = { Policy: 'Block' as const, Cidr: '192.0.2.0/24' };
  await ses.send(new CreateReceiptFilterCommand({ Filter: { Name: 'block', IpFilter } }));
  ses.destroy();
  s3.destroy();
});
after(() => sesame?.stop());

const raw = Buffer.from('Subject: Hi\r\n\r\nHi\r\n');
const dryRun = async (given: Record<string, unknown>) => {
  const defaults = { from: 'bob@world.example', to: ['ann@here.example'], ip: '198.51.100.7', helo: 'x' };
  return sesame.call('POST', '/_sesame/receipt-rules/dry-run', {
    ...defaults,
    raw: raw.toString('base64'),
    ...given,
  });
};

test('which rule matches, what each action would do, and why the others do not', async () => {
  const { status, json } = await dryRun({ tls: false });
  assert.equal(status, 200);
  assert.deepEqual(json, {
    recipients: [{ recipient: 'ann@here.example', reply: '250 OK' }],
    receivers: [
      {
        account: '000000000000',
        region: 'us-east-1',
        blocked: false,
        full: false,
        rules: [
          { rule: 'off', matched: false, reason: 'The rule is not enabled.' },
          { rule: 'secure', matched: false, reason: 'The rule requires TLS.' },
          {
            rule: 'other',
            matched: false,
            reason: 'None of its conditions (.here.example, bob@here.example) matches a recipient.',
          },
          {
            rule: 'stop',
            matched: true,
            recipients: ['ann@here.example'],
            actions: [
              { type: 'add-header', effect: 'Adds X-Gate: in to what later actions see.' },
              { type: 'bounce', effect: 'Bounces to bob@world.example from no-reply@here.example: 550 5.1.1 No.' },
              { type: 'stop', effect: 'Ends the rule set: nothing behind it is done.' },
            ],
          },
          { rule: 'rest', matched: false, reason: 'The rule stop stops the rule set.' },
        ],
      },
    ],
  });
});

test('over TLS, for another recipient, from a blocked peer, and in a loop', async () => {
  const secure = (await dryRun({ to: ['cat@here.example', 'x@elsewhere.example'] })).json;
  assert.deepEqual(secure.recipients, [
    { recipient: 'cat@here.example', reply: '250 OK' },
    {
      recipient: 'x@elsewhere.example',
      reply: '550 5.1.1 Requested action not taken: mailbox unavailable',
    },
  ]);
  const [{ rules }] = secure.receivers;
  const matched = rules.filter((one: { matched: boolean }) => one.matched).map((one: { rule: string }) => one.rule);
  assert.deepEqual(matched, ['secure', 'rest']);
  assert.equal(rules[1].actions[0].effect, 'Stores the message as s3://mails/in/<message id>.');

  const blocked = (await dryRun({ ip: '192.0.2.1' })).json;
  assert.equal(blocked.recipients[0].reply, '550 5.7.1 Requested action not taken: IP address blocked');
  assert.equal(blocked.receivers[0].blocked, true);
  const loop = Buffer.from(`${'Received: x\r\n'.repeat(51)}\r\n`).toString('base64');
  assert.equal((await dryRun({ raw: loop })).json.reply, '554 5.4.6 Too many hops, this mail loops');
});

test('nothing is done by it, and nonsense is told as such', async () => {
  assert.equal((await sesame.call('GET', '/_sesame/messages')).json.total, 0);
  for (const given of [{ raw: undefined }, { to: 'ann@here.example' }, { ip: 'x' }, { tls: 'yes' }]) {
    assert.equal((await dryRun(given)).status, 400, JSON.stringify(given));
  }
});
