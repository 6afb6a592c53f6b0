/**
 * Handlebars as SES has it, from the syntax tree of Handlebars' own parser: variables, `if`, `unless`, `each`, `with`,
 * `lookup`, sections and inline partials. There are no other helpers; one that is called is an attribute that is not
 * there, as in SES. Runs in a thread, see `pieces.ts`.
 */
import {
  content,
  descend,
  type Frame,
  inOrder,
  member,
  missing,
  type Named,
  type Partial,
  type Piece,
  type Place,
  type Run,
  spend,
  textOf,
  unrendered,
  type Value,
  variable,
  within,
} from './pieces.ts';

interface Path {
  readonly type: 'PathExpression';
  /** Begins with `@`. */
  readonly data: boolean;
  /** How many `../`. */
  readonly depth: number;
  readonly parts: readonly string[];
  readonly original: string;
}
interface Literal {
  readonly type: 'StringLiteral' | 'NumberLiteral' | 'BooleanLiteral' | 'NullLiteral' | 'UndefinedLiteral';
  readonly value?: unknown;
  readonly original?: unknown;
}
interface Call {
  readonly path: Path | Literal;
  readonly params: readonly Expression[];
  readonly hash?: { readonly pairs: readonly { readonly key: string; readonly value: Expression }[] };
}
type Expression = Path | Literal | ({ readonly type: 'SubExpression' } & Call);
interface Block extends Call {
  readonly type: 'BlockStatement' | 'DecoratorBlock';
  readonly program?: Program;
  readonly inverse?: Program;
}
interface PartialCall extends Omit<Call, 'path'> {
  readonly type: 'PartialStatement' | 'PartialBlockStatement';
  readonly name: Expression;
  readonly program?: Program;
}
type Statement =
  | Block
  | PartialCall
  | ({ readonly type: 'MustacheStatement' | 'Decorator' } & Call)
  | { readonly type: 'ContentStatement'; readonly value: string }
  | { readonly type: 'CommentStatement' };
/** What the parser makes of a template. */
export interface Program {
  readonly body: readonly Statement[];
  readonly blockParams?: readonly string[];
}

interface Inline {
  readonly name: string;
  readonly body: Piece;
}

export function compileProgram(program: Program | undefined): Piece {
  return compileBody(program).piece;
}

/** Each part of a template is compiled once, however it is nested. */
export function compileBody(program: Program | undefined): { piece: Piece; inlines: readonly Inline[] } {
  const statements = program?.body ?? [];
  const pieces = inOrder(statements.flatMap((statement) => compileStatement(statement) ?? []));
  const inlines = inlinesOf(statements);
  if (inlines.length === 0) return { piece: pieces, inlines };
  return { piece: (frame, run) => pieces({ ...frame, partials: withInlines(inlines, frame, run) }, run), inlines };
}

export function compileStatement(statement: Statement): Piece | undefined {
  switch (statement.type) {
    case 'ContentStatement':
      return statement.value === '' ? undefined : content(statement.value);
    case 'CommentStatement':
    case 'DecoratorBlock':
      return undefined;
    case 'MustacheStatement':
      return compileMustache(statement);
    case 'BlockStatement':
      return compileBlock(statement);
    case 'PartialStatement':
    case 'PartialBlockStatement':
      return compilePartial(statement);
    case 'Decorator':
      throw unrendered('There are no decorators but inline');
  }
}

/** Inline partials are known in the whole of the block that they are defined in, before and after. */
export function inlinesOf(statements: readonly Statement[]): Inline[] {
  const blocks = statements.filter((statement): statement is Block => statement.type === 'DecoratorBlock');
  return blocks.map(({ path, params, program: body }) => {
    if (nameOf(path) !== 'inline') throw unrendered('There are no decorators but inline');
    const [name] = params;
    if (name?.type !== 'StringLiteral') throw unrendered('An inline partial needs a name');
    return { name: String(name.value), body: compileProgram(body) };
  });
}

export function withInlines(inlines: readonly Inline[], frame: Frame, run: Run): Named<Partial> | undefined {
  spend(run, inlines.length);
  let partials = frame.partials;
  for (const { name, body } of inlines) partials = { name, value: { body, frame }, outer: partials };
  return partials;
}

export function compileMustache({ path, params, hash }: Call): Piece {
  if (params.length === 0 && !hash) return variable(compilePath(path), nameOf(path));
  const key = nameOf(path) === 'lookup' && params[1] ? nameOf(params[1]) : nameOf(path);
  return variable(compileCall({ path, params }), key);
}

export function compileExpression(expression: Expression): Value {
  if (expression.type === 'SubExpression') return compileCall(expression);
  if (expression.type === 'PathExpression') return compilePath(expression);
  const { value } = expression;
  return () => value;
}

/** `(lookup list index)`: the one helper that has a value. */
export function compileCall({ path, params }: Pick<Call, 'path' | 'params'>): Value {
  const name = nameOf(path);
  const [from, key] = params;
  if (name !== 'lookup' || !from || !key) {
    return () => {
      throw missing(name);
    };
  }
  const [findFrom, findKey] = [compileExpression(from), compileExpression(key)];
  return (frame, run) => member(findFrom(frame, run), textOf(findKey(frame, run), run));
}

/** As it is written, but for what only says where to look from. */
export function nameOf(expression: Expression): string {
  if (expression.type === 'SubExpression') return nameOf(expression.path);
  if (expression.type !== 'PathExpression') return String(expression.original ?? expression.value);
  return (expression.data ? '@' : '') + (expression.parts.join('.') || 'this');
}

export function compilePath(path: Path | Literal): Value {
  if (path.type !== 'PathExpression') return within([nameOf(path)]);
  const { data, depth, parts, original } = path;
  if (data) return compilePlace(path);
  const [first = '', ...rest] = parts;
  if (depth > 0) {
    return (frame, run) => {
      spend(run, depth);
      let from: Frame | undefined = frame;
      for (let climbed = 0; climbed < depth; climbed++) from = from?.parent;
      return descend(from?.context, parts, run);
    };
  }
  if (parts.length === 0) return ({ context }) => context;
  const inContext = within(parts);
  if (/^(\.|this)[./]/.test(original)) return inContext;
  return (frame, run) => {
    const named = frame.names && findNamed(frame.names, first, run);
    return named ? descend(named.value, rest, run) : inContext(frame, run);
  };
}

export function compilePlace({ depth, parts }: Path): Value {
  const [first = '', ...rest] = parts;
  if (first === 'root') return (_frame, run) => descend(run.root, rest, run);
  return ({ place }, run) => {
    spend(run, depth);
    let from = place;
    for (let climbed = 0; climbed < depth; climbed++) from = from?.outer;
    return descend(member(from?.values, first), rest, run);
  };
}

export function findNamed<Found>(names: Named<Found> | undefined, name: string, run: Run): Named<Found> | undefined {
  let named = names;
  for (; named && named.name !== name; named = named.outer) spend(run, 1);
  return named;
}

/** A context that is entered is one more step for `../`, unless it is the same. */
export function enter(frame: Frame, context: unknown, inside: { place?: Place; names?: Frame['names'] }): Frame {
  return {
    context,
    parent: context === frame.context ? frame.parent : frame,
    place: inside.place ?? frame.place,
    names: inside.names ?? frame.names,
    partials: frame.partials,
  };
}

export function isEmpty(value: unknown): boolean {
  return (!value && value !== 0) || (Array.isArray(value) && value.length === 0);
}

export function compileBlock(block: Block): Piece {
  const name = nameOf(block.path);
  const [param, surplus] = block.params;
  if (name === 'if' || name === 'unless' || name === 'each' || name === 'with') {
    if (!param || surplus) throw unrendered(`#${name} needs one argument`);
    if (name === 'each') return compileEach(block, param);
    return name === 'with' ? compileWith(block, param) : compileIf(block, param);
  }
  return compileSection(block);
}

export function compileIf({ path, program, inverse, hash }: Block, param: Expression): Piece {
  const find = compileExpression(param);
  const zero = hash?.pairs.find(({ key }) => key === 'includeZero');
  const includeZero = zero && compileExpression(zero.value);
  const [then, otherwise] = [compileProgram(program), compileProgram(inverse)];
  const [whenTrue, whenFalse] = nameOf(path) === 'if' ? [then, otherwise] : [otherwise, then];
  return (frame, run) => {
    const value = find(frame, run);
    const holds = !isEmpty(value) && (value !== 0 || Boolean(includeZero?.(frame, run)));
    (holds ? whenTrue : whenFalse)(frame, run);
  };
}

export function compileWith({ program, inverse }: Block, param: Expression): Piece {
  const find = compileExpression(param);
  const [body, otherwise] = [compileProgram(program), compileProgram(inverse)];
  const name = program?.blockParams?.[0];
  return (frame, run) => {
    const value = find(frame, run);
    if (isEmpty(value)) return otherwise(frame, run);
    body(enter(frame, value, name === undefined ? {} : { names: { name, value, outer: frame.names } }), run);
  };
}

/** A missing list is a missing attribute; an empty one is `else`. */
export function compileEach({ program, inverse }: Block, param: Expression): Piece {
  const find = compileExpression(param);
  const otherwise = compileProgram(inverse);
  const each = eachOf(compileProgram(program), otherwise, program?.blockParams);
  return (frame, run) => {
    const list = find(frame, run);
    if (list === undefined || list === null) throw missing(nameOf(param));
    if (typeof list === 'object') each(frame, run, list);
    else otherwise(frame, run);
  };
}

export function eachOf(body: Piece, otherwise: Piece, [itemName, keyName]: readonly string[] = []) {
  return (frame: Frame, run: Run, list: object): void => {
    const keys = Array.isArray(list) ? undefined : Object.keys(list);
    const items: readonly unknown[] = keys ? Object.values(list) : (list as readonly unknown[]);
    spend(run, items.length);
    for (let index = 0; index < items.length; index++) {
      const value = items[index];
      const key = keys ? keys[index] : index;
      let names = frame.names;
      if (keyName !== undefined) names = { name: keyName, value: key, outer: names };
      if (itemName !== undefined) names = { name: itemName, value, outer: names };
      const values = { index, key, first: index === 0, last: index === items.length - 1 };
      body(enter(frame, value, { place: { values, outer: frame.place }, names }), run);
    }
    if (items.length === 0) otherwise(frame, run);
  };
}

/** `{{#x}}…{{/x}}` and `{{^x}}…{{/x}}`. */
export function compileSection({ path, params, program, inverse }: Block): Piece {
  const find = params.length > 0 ? compileCall({ path, params }) : compilePath(path);
  const [body, otherwise] = [compileProgram(program), compileProgram(inverse)];
  const each = eachOf(body, otherwise, program?.blockParams);
  return (frame, run) => {
    const value = find(frame, run);
    if (value === undefined || value === null || value === false) return otherwise(frame, run);
    if (Array.isArray(value)) return each(frame, run, value);
    body(value === true ? frame : enter(frame, value, {}), run);
  };
}

export function compilePartial({ name, params, hash, program, type }: PartialCall): Piece {
  const [param] = params;
  const findContext = param && compileExpression(param);
  const pairs = (hash?.pairs ?? []).map(({ key, value }) => [key, compileExpression(value)] as const);
  const findName = name.type === 'SubExpression' && compileExpression(name);
  const block = type === 'PartialBlockStatement' ? compileBody(program) : undefined;
  return (frame, run) => {
    const called = findName ? textOf(findName(frame, run), run) : nameOf(name);
    const partial = findNamed(frame.partials, called, run)?.value;
    if (!partial) {
      if (block) return block.piece(frame, run);
      throw unrendered(`The partial '${called}' is not defined in this part of the template.`);
    }
    const context = contextOf();
    if (run.depth === 0) throw unrendered('The partials of the template are nested too deeply.');
    run.depth -= 1;
    partial.body({ ...enter(partial.frame, context, {}), place: frame.place, partials: partialsOf() }, run);
    run.depth += 1;

    function contextOf(): unknown {
      const base = findContext ? findContext(frame, run) : frame.context;
      if (param && (base === undefined || base === null)) throw missing(nameOf(param));
      if (pairs.length === 0) return base;
      const isObject = typeof base === 'object' && base !== null;
      spend(run, pairs.length + (isObject ? Object.keys(base).length : 0));
      const extra = Object.fromEntries(pairs.map(([key, find]) => [key, find(frame, run)]));
      return { ...(isObject && base), ...extra };
    }
    function partialsOf(): Frame['partials'] {
      if (!block) return frame.partials;
      const self = { name: '@partial-block', value: { body: block.piece, frame }, outer: frame.partials };
      return withInlines(block.inlines, { ...frame, partials: self }, run);
    }
  };
}
