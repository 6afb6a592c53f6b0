import { content, inOrder, type Piece, variable, within } from './pieces.ts';

/** A name as Handlebars has it. */
const name = '[^\\s!"#%-,./;->@\\[-^`{-~]+';
/** A few names with dots between them; none looks like a number, which Handlebars reads as one. */
const path = new RegExp(`^(?![\\d-])${name}(?:\\.(?![\\d-])${name}){0,9}$`);
const keyword = /(?:^|\.)(?:this|else)(?:\.|$)/;

export interface Plain {
  readonly piece: Piece;
  /** How many places it fills. */
  readonly variables: number;
}

/**
 * A text with nothing but simple substitutions (`{{name}}`, `{{contact.name}}`, braces in threes too), read in one pass
 * and without the parser; nothing where there is anything else.
 */
export function readPlain(text: string): Plain | undefined {
  const pieces: Piece[] = [];
  let variables = 0;
  let from = 0;
  for (let open = text.indexOf('{{'); open >= 0; open = text.indexOf('{{', from)) {
    const closing = text[open + 2] === '{' ? '}}}' : '}}';
    const close = text.indexOf(closing, open);
    const inside = close < 0 ? '' : text.slice(open + closing.length, close).trim();
    const after = close + closing.length;
    // A backslash before, or one brace too many behind, has a meaning of its own.
    const odd = text[open - 1] === '\\' || text[after] === '}';
    if (odd || !path.test(inside) || keyword.test(inside)) return undefined;
    if (open > from) pieces.push(content(text.slice(from, open)));
    pieces.push(variable(within(inside.split('.')), inside));
    variables += 1;
    from = after;
  }
  if (from < text.length) pieces.push(content(text.slice(from)));
  return { piece: inOrder(pieces), variables };
}
