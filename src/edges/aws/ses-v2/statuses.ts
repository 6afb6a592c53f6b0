/** SES's words for how far a proof has come. */
export const statuses = {
  pending: 'PENDING',
  success: 'SUCCESS',
  failed: 'FAILED',
  'temporary-failure': 'TEMPORARY_FAILURE',
} as const;
