/** What a rendering thread does: it reads templates, keeps those that it read lately, and renders. */
import type { Work } from '../../base/thread.ts';
import { type DataSets, failureOf, type Limits, type Rendering, renderBatch, type TemplateContent } from './batch.ts';
import { compileProgram, type Program } from './compile.ts';
import { type Piece, type Unrendered, unrendered } from './pieces.ts';

export interface Question {
  readonly template: TemplateContent;
  /** Without data the template is only read: the answer is empty, or tells the fault of its first faulty part. */
  readonly data?: DataSets | undefined;
}

export interface RenderingSettings {
  readonly limits: Limits;
  /** Of the templates that are kept, together. */
  readonly keptCharacters: number;
}

/** What is used of Handlebars: its parser (made by Jison), and what strips the blank of lines that hold a block only. */
interface Parser {
  yy: object;
  performAction(...given: unknown[]): unknown;
  parse(template: string): Program;
}
type Parse = (template: string) => Program;

/** It answers at once. */
interface RenderingWork extends Work<Question, Rendering[]> {
  answer(question: Question): Rendering[];
}

/** Runs in the thread. */
export function rendering(settings: RenderingSettings, require: NodeJS.Require): RenderingWork {
  const parse = parsing(require, settings.limits);
  const kept = keeping<Piece>(settings.keptCharacters);
  const read = (part: string, text: string) => kept(text, () => compilePart(part, text, parse));
  return {
    answer({ template: { subject, text, html }, data }) {
      try {
        const pieces = {
          subject: read('subject', subject),
          text: text === undefined ? undefined : read('text part', text),
          html: html === undefined ? undefined : read('HTML part', html),
        };
        return data ? renderBatch(pieces, data, settings.limits) : [];
      } catch (error) {
        const failure = failureOf(error);
        return data ? data.entries.map(() => failure) : [failure];
      }
    },
  };
}

/**
 * The parser alone: the compiler makes code of templates, and that we never want. The parser copies what it has open
 * whenever it has read something, so deep nesting would take it quadratic time: the depth has a bound.
 */
export function parsing(require: NodeJS.Require, { open }: Limits): Parse {
  const directory = 'handlebars/dist/cjs/handlebars/compiler';
  const theirs = require(`${directory}/parser`) as Parser;
  const helpers = require(`${directory}/helpers`) as { SourceLocation: new (source: undefined, at: object) => object };
  const WhitespaceControl = require(`${directory}/whitespace-control`) as new () => { accept(of: Program): Program };
  const parser: Parser = Object.assign(Object.create(theirs) as Parser, {
    yy: { ...helpers, locInfo: (at: object) => new helpers.SourceLocation(undefined, at) },
    performAction(this: unknown, ...given: unknown[]) {
      const [values] = given.slice(-2) as [unknown[], unknown[]];
      if (values.length > open) throw unrendered('It is nested too deeply');
      return theirs.performAction.apply(this as Parser, given);
    },
  });
  return (template) => new WhitespaceControl().accept(parser.parse(template));
}

/** Remembers what was made of a text: of the texts used last, up to so many characters. */
export function keeping<Made>(most: number): (text: string, make: () => Made) => Made {
  const kept = new Map<string, Made>();
  let characters = 0;
  return (text, make) => {
    const made = kept.get(text) ?? make();
    if (!kept.delete(text)) characters += text.length;
    kept.set(text, made);
    for (const oldest of kept.keys()) {
      if (characters <= most) break;
      kept.delete(oldest);
      characters -= oldest.length;
    }
    return made;
  };
}

/** Whatever the parser throws is the template's fault; it tells a line first, and last what it did not expect there. */
export function compilePart(part: string, text: string, parse: Parse): Piece {
  try {
    return compileProgram(parse(text));
  } catch (error) {
    if (error instanceof RangeError) throw error;
    const lines = (error as Error).message.split('\n');
    const said =
      (error as Partial<Unrendered>).unrendered || lines.length < 2 ? lines[0] : `${lines[0]} ${lines.at(-1)}`;
    throw unrendered(`The ${part} is not a valid template: ${said}`);
  }
}
