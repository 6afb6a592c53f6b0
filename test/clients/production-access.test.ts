import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  BadRequestException,
  GetAccountCommand,
  PutAccountDetailsCommand,
  type PutAccountDetailsCommandInput,
  SESv2Client,
} from '@aws-sdk/client-sesv2';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { awsEnvironment, needs, run } from '../world/tools.ts';

// What an account says of itself, by clients that others wrote. Nobody reviews here: what is asked for is granted.
let sesame: SesameUnderTest;
let ses: SESv2Client;

before(async () => {
  sesame = await SesameUnderTest.start({ SESAME_SANDBOX: 'on' });
  ses = new SESv2Client(sesame.client);
});
after(async () => {
  ses?.destroy();
  await sesame?.stop();
});

const details: PutAccountDetailsCommandInput = { MailType: 'TRANSACTIONAL', WebsiteURL: 'https://example.com' };

test('what is wrong with details is said all at once', async () => {
  const message = async (input: object) =>
    (await refusal(ses.send(new PutAccountDetailsCommand({ ...details, ...input })), BadRequestException)).message;
  const value = (member: string) => `Value at '${member}' failed to satisfy constraint: Member must`;
  assert.equal(
    await message({ MailType: 'PROMOTIONAL', ContactLanguage: 'JP', AdditionalContactEmailAddresses: [] }),
    [
      `3 validation errors detected: ${value('mailType')} satisfy enum value set: [MARKETING, TRANSACTIONAL]`,
      `${value('contactLanguage')} satisfy enum value set: [EN, JA]`,
      `${value('additionalContactEmailAddresses')} have length greater than or equal to 1`,
    ].join('; '),
  );
  assert.equal(
    await message({ UseCaseDescription: 'x'.repeat(5_001) }),
    `1 validation error detected: ${value('useCaseDescription')} have length less than or equal to 5000`,
  );
  for (const WebsiteURL of ['not a url', 'example.com', 'https://placeholder', 'ftp://example.com/']) {
    assert.equal(await message({ WebsiteURL }), 'Url contains invalid format', WebsiteURL);
  }
  assert.equal((await ses.send(new GetAccountCommand({}))).Details, undefined);
});

test('where nobody reviews, production access is granted as it is asked for', async () => {
  await ses.send(new PutAccountDetailsCommand({ ...details, ProductionAccessEnabled: true }));
  const { ProductionAccessEnabled, SendQuota, Details } = await ses.send(new GetAccountCommand({}));
  assert.equal(ProductionAccessEnabled, true);
  assert.deepEqual([SendQuota!.Max24HourSend, SendQuota!.MaxSendRate], [50_000, 14]);
  assert.deepEqual([Details!.ReviewDetails!.Status, Details!.MailType], ['GRANTED', 'TRANSACTIONAL']);
});

describe('the AWS CLI', needs('aws'), () => {
  test('put-account-details and get-account', async () => {
    const env = { ...awsEnvironment, AWS_DEFAULT_REGION: 'eu-west-1' };
    const aws = (...parameters: string[]) =>
      run('aws', ['--endpoint-url', sesame.url, '--output', 'json', 'sesv2', ...parameters], { env });
    const put = await aws(
      ...['put-account-details', '--production-access-enabled', '--mail-type', 'MARKETING'],
      ...['--website-url', 'https://shop.example', '--use-case-description', 'News.', '--contact-language', 'EN'],
      ...['--additional-contact-email-addresses', 'a@shop.example', 'b@shop.example'],
    );
    assert.equal(put.status, 0, put.stderr);
    const { Details } = JSON.parse((await aws('get-account')).stdout);
    const { ReviewDetails, ...rest } = Details;
    assert.equal(ReviewDetails.Status, 'GRANTED');
    assert.deepEqual(rest, {
      MailType: 'MARKETING',
      WebsiteURL: 'https://shop.example',
      ContactLanguage: 'EN',
      UseCaseDescription: 'News.',
      AdditionalContactEmailAddresses: ['a@shop.example', 'b@shop.example'],
    });
  });
});
