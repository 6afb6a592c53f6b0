/** SES's words for how far a proof has come. */
export const statuses = {
  pending: 'Pending',
  success: 'Success',
  failed: 'Failed',
  'temporary-failure': 'TemporaryFailure',
} as const;
