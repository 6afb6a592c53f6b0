import type { SesameUnderTest } from './sesame.ts';

/** The owner of an address reads the newest mail that asks for a proof, and follows its link. */
export async function followLink(sesame: SesameUnderTest, address: string): Promise<void> {
  await sesame.advance('0s');
  const { text } = await sesame.message(`to:${address} subject:"Email Address Verification Request"`);
  const [link] = /^https?:\S+$/m.exec(text) ?? [];
  if (!link) throw new Error(`no link in ${text}`);
  const { status } = await fetch(link);
  if (status !== 200) throw new Error(`the link was answered with ${status}`);
}
