/** Callers of an account: users with keys, and the passwords that SMTP takes of them. */
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { smtpPassword } from '../../src/core/accounts/smtp-password.ts';
import type { SesameUnderTest } from './sesame.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Of a policy; `Effect` is Allow where it is not given. */
export type Statement = Readonly<Record<string, unknown>>;

export const policyOf = (...statements: readonly Statement[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements.map((one) => ({ Effect: 'Allow', ...one })) });

export const smtpAuth = ({ accessKeyId, secretAccessKey }: Credentials, region = 'us-east-1') => ({
  user: accessKeyId,
  pass: smtpPassword(secretAccessKey, region),
});

/** What a root does with users of its account. */
export class Users {
  readonly iam: IAMClient;

  constructor(sesame: SesameUnderTest, credentials: Credentials) {
    this.iam = new IAMClient({ ...sesame.client, credentials });
  }

  /** A new user who may do this, and a key of his. */
  async create(UserName: string, ...statements: readonly Statement[]): Promise<Credentials> {
    await this.iam.send(new CreateUserCommand({ UserName }));
    if (statements.length > 0) await this.allow(UserName, ...statements);
    const { AccessKey } = await this.iam.send(new CreateAccessKeyCommand({ UserName }));
    return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  }

  /** In place of what he might before. */
  async allow(UserName: string, ...statements: readonly Statement[]): Promise<void> {
    const PolicyDocument = policyOf(...statements);
    await this.iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'all', PolicyDocument }));
  }

  close(): void {
    this.iam.destroy();
  }
}
