import { existsSync, readFileSync } from 'node:fs';
import type { FirstSecrets } from '../app/life.ts';
import { buildApp } from '../app.ts';
import { createLog } from '../base/log.ts';
import { smtpPassword } from '../core/accounts/accounts.ts';
import { type Doors, openDoors } from '../doors.ts';
import { resolveSettings, type Settings } from '../settings/settings.ts';

const CONFIG_FILE = 'sesame.config.json';

/** `sesame up`: settings → rooms → doors; on a signal the same in reverse. */
export async function up(flags: readonly string[]): Promise<number> {
  const file = existsSync(CONFIG_FILE) ? readFileSync(CONFIG_FILE, 'utf8') : undefined;
  const settings = resolveSettings({ flags, environment: process.env, file });
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const app = await buildApp(settings, createLog(settings.log));
  const { secrets, operatorToken } = await app.life.start();
  const doors = await openDoors(app, { operatorToken, version }).catch(async (cause: unknown) => {
    await app.life.stop();
    throw cause;
  });
  console.log(banner({ settings, doors, secrets, version }));
  await signalled();
  await doors.close();
  await app.life.stop();
  return 0;
}

/** The first signal ends in order, a second one at once. */
function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        for (const again of ['SIGINT', 'SIGTERM'] as const) process.once(again, () => process.exit(1));
        resolve();
      });
    }
  });
}

interface Told {
  readonly settings: Settings;
  readonly doors: Doors;
  readonly secrets: FirstSecrets;
  readonly version: string;
}

function banner({ settings, doors, secrets, version }: Told): string {
  const { endpoints, url, caPath } = doors;
  const { region, profile, auth } = settings;
  const open = auth === 'open';
  const keyId = open ? settings.account : (secrets.key?.accessKeyId ?? settings.accessKeyId ?? '<access key id>');
  const secret = open ? 'anything' : (secrets.key?.secretAccessKey ?? '<secret access key>');
  const [smtp = ''] = endpoints.submission;
  const port = (list: readonly string[]) =>
    list.map((endpoint) => endpoint.replace(/^127\.0\.0\.1:/, '')).join(', ') || 'closed';
  const urls = (scheme: string, list: readonly string[]) => list.map((endpoint) => `${scheme}://${endpoint}`);
  const rows: [string, string][] = [
    ['inbox', `${url}/`],
    ['APIs', [...urls('http', endpoints.http), ...urls('https', endpoints.https)].join('  ')],
    ['SMTP', `${port(endpoints.submission)} (STARTTLS)  ${port(endpoints.submissionTls)} (TLS)`],
    ['MX', port(endpoints.mx)],
    ...(endpoints.dns.length > 0 ? ([['DNS', port(endpoints.dns)]] as [string, string][]) : []),
    ['data', settings.data],
    ...(caPath ? ([['our CA', caPath]] as [string, string][]) : []),
    ['delivery', deliveryWords(settings)],
    ...(secrets.key && !open
      ? ([['root key', `${secrets.key.accessKeyId}  ${secrets.key.secretAccessKey}  (shown once)`]] as [
          string,
          string,
        ][])
      : []),
    ...(secrets.operatorToken && profile !== 'development'
      ? ([['operator', `${secrets.operatorToken}  (shown once)`]] as [string, string][])
      : []),
  ];
  const environment = `AWS_ACCESS_KEY_ID=${keyId} AWS_SECRET_ACCESS_KEY=${secret}`;
  const password = secrets.key ? smtpPassword(secrets.key.secretAccessKey, region) : '<SMTP password>';
  const login = open ? '' : ` --tls --auth-user ${keyId} --auth-password ${password}`;
  const credentials = `accessKeyId: '${keyId}', secretAccessKey: '${secret}'`;
  return [
    `Sesame ${version}, profile ${profile}, region ${region}: ready.`,
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(9)} ${value}`),
    '',
    'Send one (verify you@example.com first):',
    `  AWS CLI   ${environment} aws --endpoint-url ${url} --region ${region} ses verify-email-identity --email-address you@example.com`,
    `  SDK JS    new SESv2Client({ endpoint: '${url}', region: '${region}', credentials: { ${credentials} } })`,
    `  boto3     boto3.client('sesv2', endpoint_url='${url}', region_name='${region}', aws_access_key_id='${keyId}', aws_secret_access_key='${secret}')`,
    `  SMTP      swaks --server ${smtp}${login} --from you@example.com --to somebody@example.org`,
  ].join('\n');
}

function deliveryWords({ delivery }: Settings): string {
  switch (delivery.kind) {
    case 'capture':
      return 'captured, nothing leaves this machine';
    case 'direct':
      return 'direct, to the mail exchangers of each domain';
    case 'smarthost':
      return `through ${delivery.host}:${delivery.port}`;
  }
}
