/** What every door says alike. Where RFC and custom leave the words open they are those of Amazon SES. */
import { type Reply, reply } from './reply.ts';

export const ok = reply(250, 'Ok');
export const bye = reply(221, 'Bye');
export const help = reply(214, 'See RFC 5321');
/** RFC 5321 §3.5.3: neither yes nor no, so that nobody can harvest addresses. */
export const cannotVerify = reply(252, 'Cannot VRFY user, but will accept message and attempt delivery');
export const readyForTls = reply(220, 'Ready to start TLS');
export const sendContent = reply(354, 'End data with <CR><LF>.<CR><LF>');

export const lineTooLong = reply(500, 'Error: line too long');
export const unknownCommand = reply(500, 'Error: command not recognized');
export const notImplemented = reply(502, 'Error: command not implemented');
export const helloFirst = reply(503, 'Error: send HELO/EHLO first');
/** RFC 5321 §3.1: what a client hears that was greeted with 554. */
export const noService = reply(503, 'Error: no mail service here');
export const nestedMail = reply(503, 'Error: nested MAIL command');
export const needMail = reply(503, 'Error: need MAIL command');
export const needRecipient = reply(503, 'Error: need RCPT command');
export const syntax = (usage: string): Reply => reply(501, `Syntax: ${usage}`);
export const badParameter = (name: string): Reply => reply(501, `Error: malformed parameter ${name}`);
/** RFC 5321 §4.1.1.11. */
export const unknownParameter = (name: string): Reply => reply(555, `Error: unsupported parameter ${name}`);
/** RFC 5321 §4.5.3.1.10: 452, so that the client sends the rest in a message of its own. */
export const tooManyRecipients = reply(452, '4.5.3 Too many recipients');

export const challenge = (text: string): Reply => reply(334, Buffer.from(text).toString('base64'));
export const alreadyAuthenticated = reply(503, 'Error: already authenticated');
export const noAuthInMail = reply(503, 'Error: MAIL transaction in progress');
export const unknownMechanism = reply(504, 'Unrecognized authentication type');
export const authCancelled = reply(501, 'Authentication cancelled');
export const badBase64 = reply(501, 'Error: malformed authentication response');

/** 421 is the last word: the connection ends after it (RFC 5321 §3.8). */
export const tooManyConnections = reply(421, 'Too many concurrent SMTP connections');
export const tooManyErrors = reply(421, 'Too many errors on this connection');
export const tooManyCommands = reply(421, 'Too many commands without a message on this connection');
export const timeout = reply(421, 'Timeout waiting for data from client.');
export const shuttingDown = reply(421, 'Service not available, closing transmission channel');
