/** The policy language of IAM: read, asked. Pure. */
export type { Context } from './conditions.ts';
export { type Asked, couldAllow, type Decision, decide, type Principal } from './decide.ts';
export { type Kind, type Policy, readPolicy } from './document.ts';
