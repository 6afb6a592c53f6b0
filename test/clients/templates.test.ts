import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import { SesameUnderTest } from '../world/sesame.ts';

// Templates in both versions on one state; what is rendered of what is tested in the room.
let sesame: SesameUnderTest;
let old: v1.SESClient;
let ses: v2.SESv2Client;

before(async () => {
  sesame = await SesameUnderTest.start();
  old = new v1.SESClient(sesame.client);
  ses = new v2.SESv2Client(sesame.client);
});
after(async () => {
  old?.destroy();
  ses?.destroy();
  await sesame?.stop();
});

const createOld = (Template: v1.Template) => old.send(new v1.CreateTemplateCommand({ Template }));
const getOld = async (TemplateName: string) => (await old.send(new v1.GetTemplateCommand({ TemplateName }))).Template;
const create = (TemplateName: string, TemplateContent: v2.EmailTemplateContent, Tags?: v2.Tag[]) =>
  ses.send(new v2.CreateEmailTemplateCommand({ TemplateName, TemplateContent, ...(Tags && { Tags }) }));
const update = (TemplateName: string, TemplateContent: v2.EmailTemplateContent) =>
  ses.send(new v2.UpdateEmailTemplateCommand({ TemplateName, TemplateContent }));
const get = async (TemplateName: string) => {
  const { $metadata, ...template } = await ses.send(new v2.GetEmailTemplateCommand({ TemplateName }));
  return template;
};
const renderOld = (TemplateName: string, TemplateData: string) =>
  old.send(new v1.TestRenderTemplateCommand({ TemplateName, TemplateData }));
const render = (TemplateName: string, TemplateData: string) =>
  ses.send(new v2.TestRenderEmailTemplateCommand({ TemplateName, TemplateData }));

async function check(call: Promise<unknown>, code: string, message: string | RegExp, status = 400): Promise<void> {
  const error = await call.then(
    () => assert.fail('it was answered'),
    (given: v2.SESv2ServiceException) => given,
  );
  assert.deepEqual([error.name, error.$metadata?.httpStatusCode], [code, status], error.message);
  if (typeof message === 'string') assert.equal(error.message, message);
  else assert.match(error.message, message);
}

test('a template of one version is seen, changed and removed in the other', async () => {
  await createOld({ TemplateName: 'from-v1', SubjectPart: 'S {{a}}', TextPart: 'T', HtmlPart: '<p>{{b}}</p>' });
  assert.deepEqual(await get('from-v1'), {
    TemplateName: 'from-v1',
    TemplateContent: { Subject: 'S {{a}}', Text: 'T', Html: '<p>{{b}}</p>' },
    Tags: [],
  });
  await create('from-v2', { Subject: 'S', Html: 'H' }, [{ Key: 'team', Value: 'a' }]);
  await old.send(
    new v1.UpdateTemplateCommand({ Template: { TemplateName: 'from-v2', SubjectPart: 'S2', TextPart: 'T2' } }),
  );
  assert.deepEqual(await get('from-v2'), {
    TemplateName: 'from-v2',
    TemplateContent: { Subject: 'S2', Text: 'T2' },
    Tags: [{ Key: 'team', Value: 'a' }],
  });
  await update('from-v1', { Subject: 'S3', Text: 'T3' });
  assert.deepEqual(await getOld('from-v1'), { TemplateName: 'from-v1', SubjectPart: 'S3', TextPart: 'T3' });
  await old.send(new v1.DeleteTemplateCommand({ TemplateName: 'from-v2' }));
  await old.send(new v1.DeleteTemplateCommand({ TemplateName: 'from-v2' }));
  await ses.send(new v2.DeleteEmailTemplateCommand({ TemplateName: 'from-v1' }));
  for (const name of ['from-v1', 'from-v2']) {
    const message = `Template ${name} does not exist.`;
    await check(getOld(name), 'TemplateDoesNotExistException', message);
    await check(get(name), 'NotFoundException', message, 404);
    await check(update(name, { Subject: 'S', Text: 'T' }), 'NotFoundException', message, 404);
    await check(ses.send(new v2.DeleteEmailTemplateCommand({ TemplateName: name })), 'NotFoundException', message, 404);
  }
});

test('what is wrong is refused in the words of SES', async () => {
  const content = { Subject: 'S', Text: 'T' };
  await create('there', content);
  const again = createOld({ TemplateName: 'there', SubjectPart: 'S', TextPart: 'T' });
  await check(again, 'AlreadyExistsException', 'Template there already exists.');
  await check(
    create('there', content),
    'AlreadyExistsException',
    /^Template there already exists for account id \d{12}$/,
  );
  await check(create('no blanks', content), 'BadRequestException', /^TemplateName can contain up to 64 characters\./);
  await check(
    create('n'.repeat(65), content),
    'BadRequestException',
    /^TemplateName can contain up to 64 characters\./,
  );
  await check(create('new', { Text: 'T' }), 'BadRequestException', 'The subject must be specified.');
  await check(
    createOld({ TemplateName: 'new', TextPart: 'T' }),
    'InvalidParameterValue',
    'The subject must be specified.',
  );
  await check(create('new', { Subject: 'S' }), 'BadRequestException', /at least a text or html part/);
  const broken = 'Hello {{#if a}}';
  await check(
    create('new', { Subject: 'S', Html: broken }),
    'BadRequestException',
    /^The HTML part is not a valid template/,
  );
  await check(
    createOld({ TemplateName: 'new', SubjectPart: 'S', TextPart: broken }),
    'InvalidTemplateException',
    /^The text part is not a valid template/,
  );
  await check(update('there', { Subject: broken, Text: 'T' }), 'BadRequestException', /^The subject is not a valid/);
  const long = { Subject: 'S', Text: 'x'.repeat(500 * 1024) };
  await check(create('new', long), 'BadRequestException', /more than 512000 bytes/);
  assert.deepEqual((await get('there')).TemplateContent, content);
});

test('the list is paged, the latest created first', async () => {
  const made = Array.from({ length: 12 }, (_, n) => `listed-${n}`);
  for (const name of made) {
    await create(name, { Subject: 'S', Text: 'T' });
    await sesame.advance('1s');
  }
  const wanted = made.toReversed();
  const listed = async (PageSize: number) => {
    const names: string[] = [];
    for (let NextToken: string | undefined; ; ) {
      const page = await ses.send(new v2.ListEmailTemplatesCommand({ PageSize, NextToken }));
      names.push(...page.TemplatesMetadata!.map(({ TemplateName }) => TemplateName!));
      NextToken = page.NextToken;
      if (!NextToken) return names.filter((name) => made.includes(name));
    }
  };
  assert.deepEqual(await listed(5), wanted);
  const first = await old.send(new v1.ListTemplatesCommand({}));
  assert.deepEqual(
    first.TemplatesMetadata?.map(({ Name }) => Name),
    wanted.slice(0, 10),
  );
  assert.ok(first.TemplatesMetadata?.[0]?.CreatedTimestamp instanceof Date);
  const second = await old.send(new v1.ListTemplatesCommand({ NextToken: first.NextToken }));
  assert.equal(second.TemplatesMetadata?.[0]?.Name, wanted[10]);
  for (const MaxItems of [0, 101]) {
    const all = await old.send(new v1.ListTemplatesCommand({ MaxItems }));
    assert.ok(all.TemplatesMetadata!.length >= made.length && all.NextToken === undefined);
  }
  const wrong = old.send(new v1.ListTemplatesCommand({ NextToken: 'x' }));
  await check(wrong, 'InvalidParameterValue', 'Invalid PageToken <x>.');
  const list = (input: v2.ListEmailTemplatesCommandInput) => ses.send(new v2.ListEmailTemplatesCommand(input));
  await check(list({ PageSize: 101 }), 'BadRequestException', 'The page size must be between 1 and 100');
  await check(list({ NextToken: 'x' }), 'BadRequestException', 'Invalid PageToken <x>.');
});

test('a rehearsal answers the whole message', async () => {
  await create('animals', {
    Subject: 'Hi {{name}}',
    Text: '{{#each list}}{{this}} {{/each}}',
    Html: '<p>{{#if best}}{{best}}{{else}}none{{/if}} & {{name}}</p>',
  });
  const data = JSON.stringify({ name: 'Anaya <b>', list: ['cat', 'dog'] });
  for (const { RenderedTemplate: mail } of [await renderOld('animals', data), await render('animals', data)]) {
    assert.match(mail!, /^Date: /);
    assert.match(mail!, /^Subject: Hi Anaya <b>\r?$/m);
    assert.match(mail!, /^MIME-Version: 1\.0\r?$/m);
    assert.match(mail!, /^Content-Type: multipart\/alternative;\s+boundary=/m);
    assert.match(mail!, /^cat dog/m);
    assert.match(mail!, /^<p>none & Anaya <b><\/p>\r?$/m);
  }
  const missing = "Attribute 'name' is not present in the rendering data.";
  await check(renderOld('animals', '{"list":[]}'), 'MissingRenderingAttributeException', missing);
  await check(render('animals', '{"list":[]}'), 'BadRequestException', missing);
  const invalid = 'Template rendering data is invalid';
  await check(renderOld('animals', '{'), 'InvalidRenderingParameterException', invalid);
  await check(render('animals', '[]'), 'BadRequestException', invalid);
  await check(renderOld('none', '{}'), 'TemplateDoesNotExistException', 'Template none does not exist.');
  await check(render('none', '{}'), 'NotFoundException', 'Template none does not exist.', 404);
});

test('a hostile template harms its own message only', async () => {
  const lists = '{{#each a}}{{#each @root.a}}{{#each @root.a}}x{{/each}}{{/each}}{{/each}}';
  await create('endless', { Subject: 'S', Html: lists });
  await create('itself', { Subject: 'S', Html: '{{#*inline "p"}}{{> p}}{{/inline}}{{> p}}' });
  await create('curious', { Subject: 'S', Html: '{{#with a.constructor}}found{{/with}}{{a.__proto__.constructor}}' });
  const a = JSON.stringify({ a: Array(100_000).fill(1) });
  const [endless, itself, curious, good] = await Promise.allSettled([
    render('endless', a),
    render('itself', a),
    render('curious', a),
    render('endless', '{"a":[1,2]}'),
  ]);
  const said = [endless, itself, curious].map((one) => one.status === 'rejected' && one.reason.message);
  assert.deepEqual(said, [
    'The template does not come to an end with this rendering data.',
    'The partials of the template are nested too deeply.',
    "Attribute 'a.__proto__.constructor' is not present in the rendering data.",
  ]);
  assert.match((good.status === 'fulfilled' && good.value.RenderedTemplate) || '', /^x{8}\r?$/m);
});
