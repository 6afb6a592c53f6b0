import { performance } from 'node:perf_hooks';

const t0 = performance.now();
const sdk2 = await import('@aws-sdk/client-sesv2');
const sdk1 = await import('@aws-sdk/client-ses');
console.log('sdk import', (performance.now() - t0).toFixed(0), 'since start', performance.now().toFixed(0));
const { openTestDoor, testService, testCredentials } = await import('./test-door.ts');
const { queryProtocol } = await import('./protocol/query.ts');
const { restJsonProtocol } = await import('./protocol/rest-json.ts');
const { modelOf } = await import('./protocol/schema.ts');
const { constraintsOf } = await import('./protocol/service-constraints.ts');
const t1 = performance.now();
const m2 = modelOf(sdk2),
  m1 = modelOf(sdk1);
const p2 = restJsonProtocol({ model: m2, constraints: constraintsOf('v2'), aliases: [] });
const p1 = queryProtocol({ model: m1, version: '2010-12-01', namespace: 'x', constraints: constraintsOf('v1') });
console.log('protocols', (performance.now() - t1).toFixed(1), 'since start', performance.now().toFixed(0));
const text = 'x'.repeat(2900);
const body = Buffer.from(
  JSON.stringify({
    FromEmailAddress: 'a@example.com',
    Destination: { ToAddresses: ['b@example.org', 'c@example.org'] },
    Content: { Simple: { Subject: { Data: 'hello' }, Body: { Text: { Data: text } } } },
    EmailTags: [{ Name: 'a', Value: 'b' }],
    ConfigurationSetName: 'set',
  }),
);
const base = {
  method: 'POST',
  path: '/v2/email/outbound-emails',
  query: '',
  headers: {},
  body,
  remoteAddress: '',
  secure: false,
  aborted: undefined as never,
};
function bench(name: string, f: () => unknown, n = 30000) {
  for (let i = 0; i < 3000; i++) f();
  const t = performance.now();
  for (let i = 0; i < n; i++) f();
  const d = performance.now() - t;
  console.log(name, ((d * 1000) / n).toFixed(2), 'us', ((n / d) * 1000).toFixed(0), '/s');
}
const f0 = performance.now();
p2.route(base).input();
console.log('first v2 input', (performance.now() - f0).toFixed(2), 'ms');
bench('JSON.parse', () => JSON.parse(body.toString()));
bench('v2 route', () => p2.route(base));
bench('v2 route+input', () => p2.route(base).input());
bench('v2 route+input+reply', () => {
  const c = p2.route(base);
  c.input();
  return c.reply({ MessageId: 'x' }, 'r');
});
const form = new URLSearchParams({
  Action: 'SendEmail',
  Version: '2010-12-01',
  Source: 'a@example.com',
  'Destination.ToAddresses.member.1': 'b@example.org',
  'Destination.ToAddresses.member.2': 'c@example.org',
  'Message.Subject.Data': 'hello',
  'Message.Body.Text.Data': text,
});
const q = { ...base, path: '/', body: Buffer.from(form.toString()) };
bench('v1 route+input+reply', () => {
  const c = p1.route(q);
  c.input();
  return c.reply({ MessageId: 'x' }, 'r');
});
const { SignatureV4 } = await import('@smithy/signature-v4');
const { SignatureVerifier, readSignature } = await import('../../wire/sigv4.ts');
const client = new sdk2.SESv2Client({
  region: 'us-east-1',
  credentials: testCredentials,
  endpoint: 'http://127.0.0.1:1',
});
let captured: any;
client.middlewareStack.add(
  (next: any) => async (args: any) => {
    captured = args.request;
    throw new Error('x');
  },
  { step: 'finalizeRequest', priority: 'low' },
);
await client.send(new sdk2.SendEmailCommand(JSON.parse(body.toString()))).catch(() => {});
const signed = {
  method: captured.method,
  path: captured.path,
  query: '',
  headers: Object.fromEntries(Object.entries(captured.headers).map(([k, v]) => [k.toLowerCase(), v as string])),
  body: Buffer.from(captured.body),
};
const verifier = new SignatureVerifier();
const key = { secret: testCredentials.secretAccessKey };
const check = () => {
  const s = readSignature(signed);
  if (!s.ok) throw new Error(s.reason);
  return verifier.verify(signed, s.signature, key, { now: Date.now(), s3: false });
};
console.log(check());
bench('verify', check);
const door = await openTestDoor(
  {
    'ses-v2': () => testService({ model: m2, protocol: p2 }, { SendEmail: () => ({ MessageId: 'x' }) }),
    'ses-v1': () => testService({ model: m1, protocol: p1 }, { SendEmail: () => ({ MessageId: 'x' }) }),
  },
  { mode: 'sigv4' },
);
console.log('listening since start', performance.now().toFixed(0));
const { request, Agent } = await import('node:http');
console.log('PORT', door.port, JSON.stringify(signed.headers));
const { writeFileSync } = await import('node:fs');
writeFileSync(
  '/tmp/wrk.lua',
  `wrk.method="POST"\nwrk.body=[==[${signed.body.toString()}]==]\n` +
    Object.entries({ ...signed.headers })
      .filter(([k]) => k !== 'content-length')
      .map(([k, v]) => `wrk.headers["${k === 'host' ? 'Host' : k}"]=[==[${v}]==]`)
      .join('\n'),
);
const http = await import('node:http');
const bare = http
  .createServer((rq, rs) => {
    const chunks: Buffer[] = [];
    rq.on('data', (c) => chunks.push(c));
    rq.on('end', () => {
      const b = JSON.stringify({ MessageId: 'x' });
      rs.writeHead(200, { 'content-type': 'application/json', 'content-length': b.length }).end(b);
    });
  })
  .listen(0, '127.0.0.1', () => console.log('BARE', (bare.address() as any).port));
let last = process.cpuUsage();
setInterval(() => { const d = process.cpuUsage(last); last = process.cpuUsage(); console.log('CPU', ((d.user + d.system) / 1000).toFixed(0), 'user', (d.user/1000).toFixed(0), 'ms/s'); }, 1000);
setTimeout(() => process.exit(), 20000);
