import { Refusal } from '../../base/refusal.ts';
import { contentTypeOf, extensionOf } from '../../mail/content-types.ts';
import { type Attachment, canStay, Enclosure } from '../../mail/enclosure.ts';
import { parseContentType } from '../../mail/mime-parameters.ts';
import type { Entity } from '../../mail/mime-tree.ts';
import { decodeTransfer } from '../../mail/transfer-encodings.ts';
import type { GivenAttachment } from './submission.ts';

/** SES: unsupported attachment types. */
const banned: ReadonlySet<string> = new Set(
  (
    'ade adp app asp bas bat cer chm cmd com cpl crt csh der exe fxp gadget hlp hta inf ins isp its js jse ksh lib lnk ' +
    'mad maf mag mam maq mar mas mat mau mav maw mda mdb mde mdt mdw mdz msc msh msh1 msh2 mshxml msh1xml msh2xml msi ' +
    'msp mst ops pcd pif plg prf prg reg scf scr sct shb shs sys ps1 ps1xml ps2 ps2xml psc1 psc2 tmp url vb vbe vbs vps ' +
    'vsmacros vss vst vsw vxd ws wsc wsf wsh xnk'
  ).split(' '),
);

/** The test file of the makers of virus scanners: whatever begins so is to be treated as a virus (eicar.org). */
const EICAR = Buffer.from('X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*', 'latin1');
/** Octets of a part, still encoded, that are looked at: the test file and what an encoding and blanks make of it. */
const LOOKED_AT = 512;

export function checkFileName(fileName: string): void {
  if (!banned.has(extensionOf(fileName))) return;
  throw new Refusal('invalid-parameter', `Illegal filename '${fileName}'.`);
}

/** SES: such a message is accepted and then rejected. */
export const BAD_CONTENT = 'Bad content';

export function isBad(content: Buffer): boolean {
  let start = 0;
  while (start < content.length && content[start]! <= 0x20) start++;
  return content.subarray(start, start + EICAR.length).equals(EICAR);
}

/** Whether a part of a message is bad. */
export function hasBadPart(message: Buffer, entities: readonly Entity[]): boolean {
  return entities.some(({ body, encoding }) => {
    if (!body) return false;
    const beginning = message.subarray(body.start, Math.min(body.end, body.start + LOOKED_AT));
    return isBad(decodeTransfer(beginning, encoding) ?? beginning);
  });
}

export interface Enclosing {
  /** None where nothing is attached. */
  readonly enclosure?: Enclosure | undefined;
  readonly isBad: boolean;
}

/** The attachments of a call, checked and encoded once; `unique` is that of the letters. */
export function enclose(given: readonly GivenAttachment[] = [], unique: string): Enclosing {
  if (given.length === 0) return { isBad: false };
  const attachments = given.map(attachmentOf);
  return { enclosure: new Enclosure(attachments, unique), isBad: given.some(({ content }) => isBad(content)) };
}

function attachmentOf(given: GivenAttachment): Attachment {
  const { fileName, content, contentId, description } = given;
  if (fileName === '') throw wrong('Attachment file name must be specified.');
  if (/[/\\:*?"<>|\p{Cc}]/u.test(fileName)) throw wrong(`Invalid attachment file name '${fileName}'.`);
  checkFileName(fileName);
  if (contentId !== undefined && !/^[!-;=?-~]+$/.test(contentId)) {
    throw wrong(`Invalid attachment content id '${contentId}'.`);
  }
  const contentType = given.contentType ?? contentTypeOf(fileName);
  const parsed = parseContentType(contentType);
  if (!parsed.ok || !/^[ -~]+$/.test(contentType) || parsed.value.startsWith('multipart/')) {
    throw wrong(`Invalid attachment content type '${contentType}'.`);
  }
  const { disposition = 'attachment', encoding } = given;
  const common = { fileName, content, contentId, description, disposition };
  if (parsed.value !== 'message/rfc822') return { ...common, contentType, encoding };
  // A message must not be encoded (RFC 2046 §5.2.1): one that would have to be is any file.
  return canStay(content)
    ? { ...common, contentType, encoding: '7bit' }
    : { ...common, contentType: 'application/octet-stream' };
}

const wrong = (sentence: string) => new Refusal('invalid-parameter', sentence);
