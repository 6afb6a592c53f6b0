import type { Effort } from './rounds.ts';

/** Where the peers are that are no dependency of ours; one that is nowhere is left out. */
export interface Places {
  /** Folder with `node_modules/aws-ses-v2-local`. */
  readonly awsSesV2Local: string | undefined;
  /** Folder in which the package of OpenSMTPD was unpacked. */
  readonly openSmtpd: string | undefined;
}

/** What every scenario is given. */
export interface Bench {
  readonly effort: Effort;
  readonly places: Places;
}
