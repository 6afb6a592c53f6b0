/** What a server answers, as data (RFC 5321 §4.2); the code goes before each line. At least one line. */
export interface Reply {
  readonly code: number;
  readonly lines: readonly string[];
}

export function reply(code: number, ...lines: string[]): Reply {
  return { code, lines };
}

/** RFC 5321 §4.5.3.1.5 gives a reply line 512 octets, code and CRLF among them; longer text goes on in a next line. */
const TEXT_OCTETS = 500;

/** The octets on the wire. What came from outside can end no line: control characters become spaces. */
export function formatReply({ code, lines }: Reply): string {
  if (lines.length === 1 && lines[0]!.length <= TEXT_OCTETS) return `${code} ${printable(lines[0]!)}\r\n`;
  const wrapped = lines.flatMap((line) => wrap(printable(line)));
  const last = wrapped.pop()!;
  return `${wrapped.map((line) => `${code}-${line}\r\n`).join('')}${code} ${last}\r\n`;
}

function printable(text: string): string {
  return /[\x00-\x1f\x7f]/.test(text) ? text.replace(/[\x00-\x1f\x7f]+/g, ' ') : text;
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  while (text.length > TEXT_OCTETS) {
    const space = text.lastIndexOf(' ', TEXT_OCTETS);
    const cut = space > 0 ? space : TEXT_OCTETS;
    lines.push(text.slice(0, cut));
    text = text.slice(cut).trimStart();
  }
  return [...lines, text];
}
