import { Refusal } from '../../base/refusal.ts';
import { Answers } from '../../storage/answers.ts';
import type { Command, Rows, Scope } from '../../storage/ports.ts';
import type { Publications, TopicTarget } from '../targets/targets.ts';
import type { Identity } from './identity.ts';
import type { Records } from './records.ts';

export const notificationKinds = ['bounce', 'complaint', 'delivery'] as const;
export type NotificationKind = (typeof notificationKinds)[number];

/** What is told of an identity's mail, beside what configuration sets tell. */
export interface NotificationSettings {
  /** ARN of the topic that hears of it. */
  readonly topics: Readonly<Partial<Record<NotificationKind, string>>>;
  /** Whether what the topic hears carries the header of the message. */
  readonly headers: Readonly<Partial<Record<NotificationKind, boolean>>>;
  /** Bounces and complaints come as mail as well. */
  readonly forwarding: boolean;
}

const initial: NotificationSettings = { topics: {}, headers: {}, forwarding: true };

export const notificationsOf = ({ notifications = initial }: Pick<Identity, 'notifications'>): NotificationSettings =>
  notifications;

/** The message by which a topic learns that it now hears of an identity; its shape belongs to the doors. */
export type RenderSubscribed = (told: { topic: string; kind: NotificationKind; identity: string }) => string;

interface Needs {
  readonly rows: Rows;
  readonly records: Records;
  readonly topics: TopicTarget;
  readonly publications: Publications;
  readonly render: RenderSubscribed;
}

/** Changes of what is told of an identity's mail. Each answers false where there is no such identity. */
export class Notifications {
  readonly #needs: Needs;
  readonly #settings: Answers<NotificationSettings>;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#settings = new Answers(needs.rows);
  }

  /** Asked at every outcome; those of the beginning where the identity is gone. */
  of(scope: Scope, name: string): Promise<NotificationSettings> {
    return this.#settings.of(scope, name, async () =>
      notificationsOf((await this.#needs.records.get(scope, name)) ?? {}),
    );
  }

  /**
   * Nothing unsets it. The topic is told in the same step.
   *
   * @throws Refusal `invalid-parameter` for a topic that is none of this account and region
   */
  async setTopic(
    scope: Scope,
    name: string,
    { kind, topic }: { kind: NotificationKind; topic: string | undefined },
  ): Promise<boolean> {
    const { records, topics, publications, render } = this.#needs;
    if (!(await records.get(scope, name))) return false;
    const isOurs = topic?.includes(`:${scope.region}:${scope.account}:`);
    if (topic !== undefined && !(isOurs && (await topics.find(topic)))) {
      throw new Refusal('invalid-parameter', `SNS topic ${topic} is invalid.`);
    }
    const message = topic === undefined ? '' : render({ topic, kind, identity: name });
    const also = topic === undefined ? [] : (await topics.publishing(topic, { message })).batch;
    const found = await this.#change(scope, name, {
      next: (settings) => ({ ...settings, topics: { ...settings.topics, [kind]: topic } }),
      also,
    });
    if (found) publications.loop.wake();
    return found;
  }

  setHeaders(
    scope: Scope,
    name: string,
    { kind, enabled }: { kind: NotificationKind; enabled: boolean },
  ): Promise<boolean> {
    return this.#change(scope, name, {
      next: (settings) => ({ ...settings, headers: { ...settings.headers, [kind]: enabled } }),
    });
  }

  /**
   * `withTopicsOnly`: it may be switched off only where topics hear of both bounces and complaints (v1 of SES).
   *
   * @throws Refusal `invalid-parameter`
   */
  setForwarding(
    scope: Scope,
    name: string,
    { enabled, withTopicsOnly = false }: { enabled: boolean; withTopicsOnly?: boolean },
  ): Promise<boolean> {
    return this.#change(scope, name, {
      next: (settings) => {
        const isHeard = settings.topics.bounce !== undefined && settings.topics.complaint !== undefined;
        if (!enabled && withTopicsOnly && !isHeard) {
          const text = `Identity ${name} is invalid. Feedback forwarding can be disabled once there are bounce and complaint topics.`;
          throw new Refusal('invalid-parameter', text);
        }
        return { ...settings, forwarding: enabled };
      },
    });
  }

  async #change(
    scope: Scope,
    name: string,
    { next, also = [] }: { next: (settings: NotificationSettings) => NotificationSettings; also?: readonly Command[] },
  ): Promise<boolean> {
    const changed = await this.#needs.records.change(scope, name, (identity) => ({
      identity: { ...identity, notifications: next(notificationsOf(identity)) },
      also,
    }));
    return changed !== undefined;
  }
}
