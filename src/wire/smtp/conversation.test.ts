import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Conversation } from './conversation.ts';
import type { SmtpSession, SmtpVisit } from './door.ts';
import { formatReply, type Reply, reply } from './reply.ts';
import { yesDoor } from './yes-door.ts';

const session = { canStartTls: true } as SmtpSession;
const base64 = (text: string) => Buffer.from(text).toString('base64');
const generous = { errors: 100, commands: 100, recipients: 3 };

/** A conversation without sockets: lines in, the first lines of the replies out. */
function talk(lines: string[], limits = generous, overrides: Partial<SmtpVisit> = {}): string[] {
  const visit = yesDoor([], overrides)(session);
  const conversation = new Conversation(visit, limits);
  const said: string[] = [];
  for (const line of lines) {
    const step = conversation.read(line);
    let answer: Reply;
    if ('reply' in step) answer = step.reply;
    else if (step.kind === 'authenticate') answer = visit.authenticate(step.credentials) as Reply;
    else answer = reply(250, 'Ok');
    const last = conversation.answered(step, answer);
    said.push(formatReply(answer).split('\r\n', 1)[0]!);
    if (step.kind === 'content') conversation.answered({ kind: 'message' }, reply(250, 'Ok'));
    if (last) said.push(formatReply(last).trimEnd());
  }
  return said;
}

test('the order of commands', () => {
  /** Codes only. */
  const check = (lines: string[], codes: string) =>
    assert.equal(
      talk(lines)
        .map((line) => line.slice(0, 3))
        .join(' '),
      codes,
      lines.join(' | '),
    );
  const [ehlo, mail, rcpt] = ['EHLO x', 'MAIL FROM:<a@example.com>', 'RCPT TO:<b@example.com>'];
  check([mail], '503');
  check([ehlo, rcpt], '250 503');
  check([ehlo, 'DATA'], '250 503');
  check([ehlo, mail, 'DATA'], '250 250 503');
  check([ehlo, mail, rcpt, 'DATA'], '250 250 250 354');
  check([ehlo, mail, rcpt, 'DATA', rcpt], '250 250 250 354 503');
  check([ehlo, mail, rcpt, 'DATA', mail, rcpt, 'DATA'], '250 250 250 354 250 250 354');
  check([ehlo, mail, mail], '250 250 503');
  check([ehlo, mail, 'RSET', mail], '250 250 250 250');
  check([ehlo, mail, ehlo, mail], '250 250 250 250');
  check([ehlo, mail, rcpt, 'RSET', mail, 'DATA'], '250 250 250 250 250 503');
  check([ehlo, mail, rcpt, rcpt, rcpt, rcpt], '250 250 250 250 250 452');
  check(['HELO x', 'helo y', 'ehlo z'], '250 250 250');
  check(['EHLO', 'HELO '], '501 501');
  check(['NOOP', 'noop hello', 'HELP', 'VRFY', 'VRFY a', 'QUIT'], '250 250 214 501 252 221');
  check(['EXPN list', 'BDAT 10 LAST', 'ETRN x', 'GET / HTTP/1.1', ''], '502 502 502 500 500');
  check([ehlo, 'MAIL FROM:<bad>', 'MAIL FROM a@example.com', 'MAIL'], '250 553 501 501');
  check([ehlo, 'MAIL FROM:<> SIZE=100001', 'MAIL FROM:<> SIZE=100000'], '250 552 250');
  check([ehlo, 'MAIL FROM:<> SMTPUTF8', 'MAIL FROM:<> SIZE=x', 'MAIL FROM:<> RET=FULL'], '250 555 501 555');
  check([ehlo, mail, 'RCPT TO:<bad>', 'RCPT TO:<b@example.com> NOTIFY=NEVER', rcpt], '250 250 553 555 250');
  check([ehlo, mail, rcpt, 'DATA now'], '250 250 250 501');
  check(['STARTTLS now', 'STARTTLS'], '501 220');
  check([`NOOP ${'x'.repeat(505)}`, `NOOP ${'x'.repeat(506)}`], '250 500');
});

test('AUTH', () => {
  const check = (lines: string[], replies: string[]) =>
    assert.deepEqual(talk(['EHLO x', ...lines]).slice(1), replies, lines.join(' | '));
  const malformed = '501 Error: malformed authentication response';
  check([`AUTH PLAIN ${base64('\0user\0pass')}`], ['235 in']);
  check([`auth plain ${base64('somebody\0user\0pass')}`], ['235 in']);
  check(['AUTH PLAIN', base64('\0user\0pass')], ['334 ', '235 in']);
  check(['AUTH PLAIN', base64('\0user\0wrong')], ['334 ', '535 out']);
  check(['AUTH LOGIN', base64('user'), base64('pass')], ['334 VXNlcm5hbWU6', '334 UGFzc3dvcmQ6', '235 in']);
  check([`AUTH LOGIN ${base64('user')}`, base64('pass')], ['334 UGFzc3dvcmQ6', '235 in']);
  check(['AUTH LOGIN', base64('user'), '', 'NOOP'], ['334 VXNlcm5hbWU6', '334 UGFzc3dvcmQ6', '535 out', '250 Ok']);
  check(['AUTH LOGIN', '*', 'NOOP'], ['334 VXNlcm5hbWU6', '501 Authentication cancelled', '250 Ok']);
  check(['AUTH PLAIN', 'not base64', 'NOOP'], ['334 ', malformed, '250 Ok']);
  check(['AUTH PLAIN =', `AUTH PLAIN ${base64('user')}`], [malformed, malformed]);
  check([`AUTH PLAIN ${base64('\0user\0pass')}`, 'AUTH LOGIN'], ['235 in', '503 Error: already authenticated']);
  check(['MAIL FROM:<>', 'AUTH LOGIN'], ['250 Ok', '503 Error: MAIL transaction in progress']);
  check(['AUTH CRAM-MD5', 'AUTH'], ['504 Unrecognized authentication type', '501 Syntax: AUTH mechanism']);
  check(['AUTH PLAIN', 'A'.repeat(12_288)], ['334 ', '500 Error: line too long']);
  assert.deepEqual(talk(['AUTH LOGIN']), ['503 Error: send HELO/EHLO first']);
  assert.deepEqual(
    talk(['EHLO x', 'AUTH LOGIN'], generous, { ehlo: () => ['test', 'Ok'] }).at(-1),
    '502 Error: command not implemented',
  );
});

test('a door may refuse a verb before its arguments are read', () => {
  const gate = () => reply(530, 'no');
  assert.deepEqual(talk(['EHLO x', 'AUTH CRAM-MD5', 'MAIL nonsense'], generous, { gate }).slice(1), [
    '530 no',
    '530 no',
  ]);
});

test('errors and commands have an end', () => {
  const limits = { errors: 3, commands: 6, recipients: 10 };
  const errors = '421 Too many errors on this connection';
  const commands = '421 Too many commands without a message on this connection';
  const check = (lines: string[], last: string) => assert.equal(talk(lines, limits).at(-1), last, lines.join(' | '));
  const message = ['MAIL FROM:<>', 'RCPT TO:<b@example.com>', 'DATA'];
  check(['X', 'X'], '500 Error: command not recognized');
  check(['X', 'X', 'X'], errors);
  check(['X', 'EHLO x', 'RCPT', 'X'], errors);
  check(['NOOP', 'NOOP', 'NOOP', 'NOOP', 'NOOP', 'NOOP'], commands);
  check(['EHLO x', 'X', 'X', ...message, 'X'], '500 Error: command not recognized');
  check(['EHLO x', ...message, ...message, ...message], '354 End data with <CR><LF>.<CR><LF>');
});
