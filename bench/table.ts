import type { Bar } from './bars.ts';
import type { Figure } from './rounds.ts';

/** One block a scenario: peers down, connections across, and below our part of each peer's number. */
export function table(figures: readonly Figure[], bars: readonly Bar[]): string {
  const scenarios = [...new Set(figures.map(({ scenario }) => scenario))];
  const blocks = scenarios.map((scenario) => block(figures.filter((figure) => figure.scenario === scenario)));
  return [...blocks, ...(bars.length > 0 ? [barBlock(bars)] : [])].join('\n\n');
}

function block(figures: readonly Figure[]): string {
  const { scenario, unit } = figures[0]!;
  const columns = [...new Set(figures.map(({ connections }) => connections))];
  const peers = [...new Set(figures.map(({ peer }) => peer))];
  const of = (peer: string, connections: number | undefined) =>
    figures.find((figure) => figure.peer === peer && figure.connections === connections);
  const heads = columns.map((connections) => (connections === undefined ? '' : `${connections} at a time`));
  const rows = peers.map((peer) => [peer, ...columns.map((connections) => cell(of(peer, connections)))]);
  const ratios = othersOf(peers).map((peer) => [
    `${peers[0]} / ${peer}`,
    ...columns.map((connections) => quotient(of(peers[0]!, connections), of(peer, connections))),
  ]);
  return grid([`${scenario} (${unit})`, ...heads], [...rows, ...ratios]);
}

function barBlock(bars: readonly Bar[]): string {
  const rows = bars.map(({ sentence, value, bar, wanted, below, met }) => [
    sentence,
    number(value),
    `${below ? '<' : '≥'} ${bar}${wanted === undefined ? '' : ` (${wanted})`}`,
    met ? 'met' : 'MISSED',
  ]);
  return grid(['Bars', 'measured', 'bar (wanted)', ''], rows);
}

/** Those that the first is compared with: another state of ourselves is none. */
function othersOf([first = '', ...rest]: readonly string[]): string[] {
  const own = first.split(',')[0]!;
  return rest.filter((peer) => peer.split(',')[0] !== own);
}

/** The median, and where three runs lay around it. */
function cell(figure: Figure | undefined): string {
  if (!figure) return '';
  const { median, runs } = figure;
  const spread = median === 0 ? 0 : (Math.max(...runs) - Math.min(...runs)) / 2 / median;
  return runs.length > 1 ? `${number(median)} ±${Math.round(spread * 100)}%` : number(median);
}

function quotient(ours: Figure | undefined, theirs: Figure | undefined): string {
  return ours && theirs ? `${number(ours.median / theirs.median)} ×` : '';
}

function number(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function grid(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) =>
    row.map((text, column) => (column === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[column]!))).join('   ');
  return [line(head), widths.map((width) => '─'.repeat(width)).join('   '), ...rows.map(line)].join('\n').trimEnd();
}
