import { formatArn } from '../../../base/arn.ts';
import type { Asked, Permission } from './permissions.ts';

/** Kinds of resources, and the members of an input that name one. */
const members = {
  identity: ['EmailIdentity'],
  'configuration-set': ['ConfigurationSetName'],
  template: ['TemplateName'],
  'custom-verification-email-template': ['TemplateName'],
  'contact-list': ['ContactListName'],
  'dedicated-ip-pool': ['PoolName', 'DestinationPoolName'],
  'deliverability-test-report': ['ReportId'],
  'export-job': ['JobId'],
  'import-job': ['JobId'],
  'multi-region-endpoint': ['EndpointName'],
} as const satisfies Record<string, readonly string[]>;
type Kind = keyof typeof members;

/**
 * Which operations of both APIs are about which kinds (AWS: service authorization reference, prefix `ses`). All others know
 * no resources.
 */
export const operations: Readonly<Record<Kind, string>> = {
  identity: `
    CreateEmailIdentity CreateEmailIdentityPolicy DeleteEmailIdentity DeleteEmailIdentityPolicy GetEmailIdentity
    GetEmailIdentityPolicies PutEmailIdentityConfigurationSetAttributes PutEmailIdentityDkimAttributes
    PutEmailIdentityDkimSigningAttributes PutEmailIdentityFeedbackAttributes PutEmailIdentityMailFromAttributes
    UpdateEmailIdentityPolicy CreateDeliverabilityTestReport GetDomainStatisticsReport`,
  'configuration-set': `
    CreateConfigurationSet CreateConfigurationSetEventDestination DeleteConfigurationSet
    DeleteConfigurationSetEventDestination GetConfigurationSet GetConfigurationSetEventDestinations
    PutConfigurationSetArchivingOptions PutConfigurationSetDeliveryOptions PutConfigurationSetReputationOptions
    PutConfigurationSetSendingOptions PutConfigurationSetSuppressionOptions PutConfigurationSetTrackingOptions
    PutConfigurationSetVdmOptions PutEmailIdentityConfigurationSetAttributes UpdateConfigurationSet
    UpdateConfigurationSetEventDestination`,
  template: `
    CreateEmailTemplate DeleteEmailTemplate GetEmailTemplate TestRenderEmailTemplate UpdateEmailTemplate`,
  'custom-verification-email-template': `
    CreateCustomVerificationEmailTemplate DeleteCustomVerificationEmailTemplate GetCustomVerificationEmailTemplate
    SendCustomVerificationEmail UpdateCustomVerificationEmailTemplate`,
  'contact-list': `
    CreateContact CreateContactList DeleteContact DeleteContactList GetContact GetContactList ListContacts UpdateContact
    UpdateContactList`,
  'dedicated-ip-pool': `
    CreateDedicatedIpPool DeleteDedicatedIpPool GetDedicatedIpPool GetDedicatedIps PutDedicatedIpInPool
    PutDedicatedIpPoolScalingAttributes`,
  'deliverability-test-report': 'GetDeliverabilityTestReport',
  'export-job': 'CancelExportJob GetExportJob',
  'import-job': 'GetImportJob',
  'multi-region-endpoint': 'DeleteMultiRegionEndpoint GetMultiRegionEndpoint',
};

const kindsOf = new Map<string, Kind[]>();
for (const [kind, names] of Object.entries(operations) as [Kind, string][]) {
  for (const name of names.trim().split(/\s+/)) kindsOf.set(name, [...(kindsOf.get(name) ?? []), kind]);
}

/** What has tags is named by its ARN. */
const aboutTagged = new Set(['ListTagsForResource', 'TagResource', 'UntagResource']);

/** They are judged where it is known what is sent, to whom and in whose name: in `core/sending`. */
const judgedInSending = new Set([
  'SendEmail',
  'SendRawEmail',
  'SendTemplatedEmail',
  'SendBulkTemplatedEmail',
  'SendBulkEmail',
  'SendBounce',
]);

export function sesPermission({ operation, input, caller }: Asked): Permission | [] {
  if (judgedInSending.has(operation)) return [];
  const action = `ses:${operation}`;
  if (aboutTagged.has(operation)) return { action, resources: [String(input['ResourceArn'])] };
  const resources = (kindsOf.get(operation) ?? []).flatMap((kind) => {
    const name = nameOf(input, members[kind]);
    return name === undefined ? [] : [arnOf(caller, kind, name)];
  });
  return { action, resources: resources.length > 0 ? resources : ['*'] };
}

/** In v1 the name of a new configuration set is a member of the set. */
function nameOf(input: Asked['input'], names: readonly string[]): string | undefined {
  const set = input['ConfigurationSet'] as { Name?: string } | undefined;
  const given = names.map((name) => input[name]).find((value) => typeof value === 'string' && value !== '');
  return (given as string | undefined) ?? (names.includes('ConfigurationSetName') ? set?.Name : undefined);
}

function arnOf({ account, region }: Asked['caller'], kind: Kind, name: string): string {
  return formatArn({ service: 'ses', account, region, resource: `${kind}/${name}` });
}
