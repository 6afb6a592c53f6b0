import { Refusal } from '../../base/refusal.ts';

const MOST_NAME = 64;

export function checkSetName(name: string): void {
  if (!name) throw new Refusal('invalid-parameter', 'The configuration set name must be specified.');
  if (name.length > MOST_NAME) {
    throw new Refusal('invalid-parameter', `Configuration set name cannot exceed ${MOST_NAME} characters.`);
  }
  if (!/^[A-Za-z0-9_-]+$/.test(name)) {
    const text = `Invalid configuration set name <${name}>: only alphanumeric ASCII characters, '_', and '-' are allowed.`;
    throw new Refusal('invalid-parameter', text);
  }
}
