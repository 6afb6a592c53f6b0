import { Budget } from '../../base/budget.ts';
import { silentLog } from '../../base/log.ts';
import type { ReceivedMessage, SmtpDoor, SmtpVisit } from './door.ts';
import { reply } from './reply.ts';
import { SmtpServer, type SmtpServerOptions } from './server.ts';

/** A door that says yes to all, for tests; what arrives is in `messages`. */
export function yesDoor(messages: ReceivedMessage[], overrides: Partial<SmtpVisit> = {}): SmtpDoor {
  return (session) => ({
    texts: {
      invalidSender: (path) => reply(553, `bad sender ${path}`),
      invalidRecipient: (path) => reply(553, `bad recipient ${path}`),
      invalidContent: (reason) => reply(554, reason),
      tooLarge: reply(552, 'too large'),
      noRoom: reply(452, 'no room'),
      fault: reply(451, 'fault'),
      authenticationFault: reply(454, 'fault'),
    },
    limits: { messageOctets: 100_000, lineOctets: 1_000, silence: 60_000 },
    greeting: () => reply(220, 'test'),
    ehlo: () => [
      'test',
      'PIPELINING',
      'SIZE 100000',
      ...(session.canStartTls ? ['STARTTLS'] : []),
      'AUTH PLAIN LOGIN',
      'Ok',
    ],
    gate: () => undefined,
    authenticate: ({ userName, password }) =>
      userName === 'user' && password === 'pass' ? reply(235, 'in') : reply(535, 'out'),
    mail: () => reply(250, 'Ok'),
    rcpt: () => reply(250, 'Ok'),
    message: (message) => {
      messages.push(message);
      return reply(250, `Ok ${messages.length}`);
    },
    ...overrides,
  });
}

/** A server on loopback; `await using` closes it. */
export async function startServer(options: Partial<SmtpServerOptions> & Pick<SmtpServerOptions, 'door'>) {
  const budget = options.budget ?? new Budget(10_000_000);
  const server = new SmtpServer({ budget, log: silentLog, ...options });
  const { port } = await server.listen('127.0.0.1', 0);
  return { server, port, budget, [Symbol.asyncDispose]: () => server.close(0) };
}
