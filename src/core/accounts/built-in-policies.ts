/** Policies of AWS's own that people attach, as far as they concern what is here (AWS managed policy reference). */
import type { ManagedPolicy } from './managed-policies.ts';

const FULL = '*';
const bodies: Readonly<Record<string, { id: string; actions: string | readonly string[] }>> = {
  AdministratorAccess: { id: 'ANPAIWMBCKSKIEE64ZLYK', actions: FULL },
  IAMFullAccess: { id: 'ANPAI7XKCFMBPM3QQRRVQ', actions: 'iam:*' },
  IAMReadOnlyAccess: { id: 'ANPAJKSO7NDY4T57MWDSQ', actions: ['iam:Get*', 'iam:List*'] },
  AmazonSESFullAccess: { id: 'ANPAJ2P4NXCHAT7NDPNR4', actions: 'ses:*' },
  AmazonSESReadOnlyAccess: {
    id: 'ANPAINV2XPFRMWJJNSCGI',
    actions: ['ses:Get*', 'ses:List*', 'ses:BatchGetMetricData'],
  },
  AmazonS3FullAccess: { id: 'ANPAIFIR6V6BVTRAHWINE', actions: 's3:*' },
  AmazonS3ReadOnlyAccess: { id: 'ANPAIZTJ4DXE7G6AGAE6M', actions: ['s3:Get*', 's3:List*', 's3:Describe*'] },
  AmazonSNSFullAccess: { id: 'ANPAJWEKLCXXUNT2SOLSG', actions: 'sns:*' },
  AmazonSNSReadOnlyAccess: { id: 'ANPAIZGQCQTFOFPMHSB6W', actions: ['sns:Get*', 'sns:List*'] },
  AmazonSQSFullAccess: { id: 'ANPAI65L554VRJ33ECQS6', actions: 'sqs:*' },
  AmazonSQSReadOnlyAccess: { id: 'ANPAIUGSSQY362XGCM6KW', actions: ['sqs:Get*', 'sqs:List*'] },
};

/** AWS made most of its policies on this day. */
const MADE = Date.UTC(2015, 1, 6, 18, 39);

/** By ARN. */
export const builtIn: ReadonlyMap<string, ManagedPolicy> = new Map(
  Object.entries(bodies).map(([name, { id, actions }]) => {
    const arn = `arn:aws:iam::aws:policy/${name}`;
    const statement = { Effect: 'Allow', Action: actions, Resource: '*' };
    const text = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    const versions = [{ number: 1, text, created: MADE }];
    const times = { created: MADE, updated: MADE };
    return [arn, { name, id, path: '/', arn, description: undefined, tags: [], versions, inForce: 1, ...times }];
  }),
);
