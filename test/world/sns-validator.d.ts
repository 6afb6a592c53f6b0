/** npm's sns-validator comes without types. */
declare module 'sns-validator' {
  export default class MessageValidator {
    /** A pattern of the hosts (with their port) that certificates may come from. */
    constructor(hostPattern: RegExp);
    validate(message: object, done: (error: Error | null, message?: Record<string, any>) => void): void;
  }
}
