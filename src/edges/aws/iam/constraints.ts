import type { Constraint, Constraints } from '../protocol/constraints.ts';

/** Limits of members that the SDK's schemas leave out (IAM: API reference). */
const limits: Readonly<Record<string, Constraint>> = {
  UserName: { min: 1, max: 64 },
  NewUserName: { min: 1, max: 64 },
  PolicyName: { min: 1, max: 128 },
  PolicyArn: { min: 20, max: 2_048 },
  PolicyDocument: { min: 1, max: 131_072 },
  AccessKeyId: { min: 16, max: 128 },
  Status: { enum: ['Active', 'Inactive'] },
  Path: { min: 1, max: 512 },
  NewPath: { min: 1, max: 512 },
  PathPrefix: { min: 1, max: 512 },
  Description: { max: 1_000 },
  VersionId: { pattern: 'v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?' },
  Marker: { min: 1, max: 320 },
  MaxItems: { min: 1, max: 1_000, number: 'integer' },
  Tags: { max: 50 },
  TagKeys: { max: 50 },
};

const members: Readonly<Record<string, readonly string[]>> = {
  CreateUser: ['UserName', 'Path', 'Tags'],
  GetUser: ['UserName'],
  ListUsers: ['PathPrefix', 'Marker', 'MaxItems'],
  UpdateUser: ['UserName', 'NewUserName', 'NewPath'],
  DeleteUser: ['UserName'],
  TagUser: ['UserName', 'Tags'],
  UntagUser: ['UserName', 'TagKeys'],
  ListUserTags: ['UserName', 'Marker', 'MaxItems'],
  CreateAccessKey: ['UserName'],
  ListAccessKeys: ['UserName', 'Marker', 'MaxItems'],
  UpdateAccessKey: ['UserName', 'AccessKeyId', 'Status'],
  DeleteAccessKey: ['UserName', 'AccessKeyId'],
  GetAccessKeyLastUsed: ['AccessKeyId'],
  PutUserPolicy: ['UserName', 'PolicyName', 'PolicyDocument'],
  GetUserPolicy: ['UserName', 'PolicyName'],
  ListUserPolicies: ['UserName', 'Marker', 'MaxItems'],
  DeleteUserPolicy: ['UserName', 'PolicyName'],
  AttachUserPolicy: ['UserName', 'PolicyArn'],
  DetachUserPolicy: ['UserName', 'PolicyArn'],
  ListAttachedUserPolicies: ['UserName', 'PathPrefix', 'Marker', 'MaxItems'],
  CreatePolicy: ['PolicyName', 'Path', 'PolicyDocument', 'Description', 'Tags'],
  GetPolicy: ['PolicyArn'],
  ListPolicies: ['PathPrefix', 'Marker', 'MaxItems'],
  DeletePolicy: ['PolicyArn'],
  CreatePolicyVersion: ['PolicyArn', 'PolicyDocument'],
  GetPolicyVersion: ['PolicyArn', 'VersionId'],
  ListPolicyVersions: ['PolicyArn', 'Marker', 'MaxItems'],
  SetDefaultPolicyVersion: ['PolicyArn', 'VersionId'],
  DeletePolicyVersion: ['PolicyArn', 'VersionId'],
  TagPolicy: ['PolicyArn', 'Tags'],
  UntagPolicy: ['PolicyArn', 'TagKeys'],
  ListPolicyTags: ['PolicyArn', 'Marker', 'MaxItems'],
};

export const constraints: Constraints = Object.fromEntries(
  Object.entries(members).flatMap(([operation, names]) =>
    names.map((name) => [`${operation}Request.${name}`, limits[name]!]),
  ),
);
