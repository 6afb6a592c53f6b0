import type { Random } from '../base/random.ts';
import { CaptureRoute } from '../core/delivery/capture-route.ts';
import type { Route } from '../core/delivery/delivery.ts';
import type { Outgoing } from '../core/delivery/outgoing.ts';
import { exchangerPeers, smarthostPeers } from '../core/delivery/peers.ts';
import { type Peers, SmtpRoute } from '../core/delivery/smtp-route.ts';
import type { Settings } from '../settings/settings.ts';
import type { Dns } from '../wire/dns/dns.ts';
import type { SmtpPool } from '../wire/smtp/pool.ts';

interface Needs {
  readonly outgoing: Outgoing;
  readonly dns: Dns;
  readonly pool: SmtpPool;
  readonly random: Random;
  /** PEM, of extra CAs. */
  readonly ca: readonly string[];
  /** Known once the doors are open: where our MX door listens. */
  readonly opened: { readonly mx: { readonly host: string; readonly port: number } | undefined };
  /** Whether mail from nobody for it is let in at our MX door, brought from this address. */
  readonly receives: (recipient: string, peerAddress: string) => Promise<boolean>;
}

/** Where mail goes (`SESAME_DELIVERY`). */
export function wayOut(settings: Settings, { outgoing, dns, pool, random, ca, opened, receives }: Needs): Route {
  const { delivery: way, hostname, mxPort } = settings;
  const smtp = (name: string, peersOf: (domain: string) => Promise<Peers>, oneLane = false) =>
    new SmtpRoute({ name, oneLane, peersOf, outgoing, pool, hostname, ca });
  switch (way.kind) {
    case 'direct': {
      const allowPrivate = settings.privateTargets === 'allow';
      return smtp('direct', exchangerPeers({ dns, allowPrivate, port: mxPort, chance: random.fraction }));
    }
    case 'smarthost':
      return smtp('smarthost', smarthostPeers({ dns, smarthost: way }), true);
    case 'capture':
      return new CaptureRoute({
        // To our own door we come from the address that it listens on.
        receivesHere: async (recipient) => opened.mx !== undefined && receives(recipient, opened.mx.host),
        inside: smtp('inside', async () => ownDoor(opened.mx)),
      });
  }
}

function ownDoor(mx: Needs['opened']['mx']): Peers {
  if (!mx) return { kind: 'nowhere', answer: { text: 'Our own MX door is not open' } };
  const { host: address, port } = mx;
  return { kind: 'peers', peers: [{ address, port, host: address, tls: 'opportunistic', verifyCertificate: false }] };
}
