/**
 * Policies of AWS's own that people attach, as far as they concern what is here: ids, dates, versions and actions of the AWS
 * managed policy reference, without the actions of services that are not here.
 */
import type { ManagedPolicy } from './managed-policies.ts';

interface BuiltIn {
  readonly id: string;
  readonly actions: string | readonly string[];
  /** Number of the version that is in force, the only one that is shown. */
  readonly version?: number;
  /** UTC. */
  readonly created: string;
  /** Of the version in force, where it is not the first. */
  readonly edited?: string;
}

const policies: Readonly<Record<string, BuiltIn>> = {
  AdministratorAccess: { id: 'ANPAIWMBCKSKIEE64ZLYK', actions: '*', created: '2015-02-06T18:39Z' },
  IAMFullAccess: {
    id: 'ANPAI7XKCFMBPM3QQRRVQ',
    actions: ['iam:*'],
    version: 2,
    created: '2015-02-06T18:40Z',
    edited: '2019-06-21T19:40Z',
  },
  IAMReadOnlyAccess: {
    id: 'ANPAJKSO7NDY4T57MWDSQ',
    actions: [
      'iam:GenerateCredentialReport',
      'iam:GenerateServiceLastAccessedDetails',
      'iam:Get*',
      'iam:List*',
      'iam:SimulateCustomPolicy',
      'iam:SimulatePrincipalPolicy',
    ],
    version: 4,
    created: '2015-02-06T18:40Z',
    edited: '2018-01-25T19:11Z',
  },
  AmazonSESFullAccess: { id: 'ANPAJ2P4NXCHAT7NDPNR4', actions: ['ses:*'], created: '2015-02-06T18:41Z' },
  AmazonSESReadOnlyAccess: {
    id: 'ANPAINV2XPFRMWJJNSCGI',
    actions: ['ses:Get*', 'ses:List*', 'ses:BatchGetMetricData'],
    version: 2,
    created: '2015-02-06T18:41Z',
    edited: '2024-05-14T12:03Z',
  },
  AmazonS3FullAccess: {
    id: 'ANPAIFIR6V6BVTRAHWINE',
    actions: ['s3:*'],
    version: 2,
    created: '2015-02-06T18:40Z',
    edited: '2021-09-27T20:16Z',
  },
  AmazonS3ReadOnlyAccess: {
    id: 'ANPAIZTJ4DXE7G6AGAE6M',
    actions: ['s3:Get*', 's3:List*', 's3:Describe*'],
    version: 3,
    created: '2015-02-06T18:40Z',
    edited: '2023-08-10T21:31Z',
  },
  AmazonSNSFullAccess: {
    id: 'ANPAJWEKLCXXUNT2SOLSG',
    actions: 'sns:*',
    version: 2,
    created: '2015-02-06T18:41Z',
    edited: '2024-09-24T22:32Z',
  },
  AmazonSNSReadOnlyAccess: {
    id: 'ANPAIZGQCQTFOFPMHSB6W',
    actions: [
      'sns:GetTopicAttributes',
      'sns:List*',
      'sns:CheckIfPhoneNumberIsOptedOut',
      'sns:GetEndpointAttributes',
      'sns:GetDataProtectionPolicy',
      'sns:GetPlatformApplicationAttributes',
      'sns:GetSMSAttributes',
      'sns:GetSMSSandboxAccountStatus',
      'sns:GetSubscriptionAttributes',
    ],
    version: 2,
    created: '2015-02-06T18:41Z',
    edited: '2024-09-24T22:13Z',
  },
  AmazonSQSFullAccess: { id: 'ANPAI65L554VRJ33ECQS6', actions: ['sqs:*'], created: '2015-02-06T18:41Z' },
  AmazonSQSReadOnlyAccess: {
    id: 'ANPAIUGSSQY362XGCM6KW',
    actions: [
      'sqs:GetQueueAttributes',
      'sqs:GetQueueUrl',
      'sqs:ListDeadLetterSourceQueues',
      'sqs:ListQueues',
      'sqs:ListMessageMoveTasks',
      'sqs:ListQueueTags',
    ],
    version: 4,
    created: '2015-02-06T18:41Z',
    edited: '2024-05-24T18:16Z',
  },
};

/** By ARN. */
export const builtIn: ReadonlyMap<string, ManagedPolicy> = new Map(
  Object.entries(policies).map(([name, { id, actions, version = 1, created: first, edited = first }]) => {
    const arn = `arn:aws:iam::aws:policy/${name}`;
    const statement = { Effect: 'Allow', Action: actions, Resource: '*' };
    const text = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    const [created, updated] = [Date.parse(first), Date.parse(edited)];
    const versions = [{ number: version, text, created: updated }];
    return [
      arn,
      { name, id, path: '/', arn, description: undefined, tags: [], versions, inForce: version, created, updated },
    ];
  }),
);
