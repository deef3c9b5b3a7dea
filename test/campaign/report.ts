import { table } from '../../cli/output/tables.ts';
import type { AttackResult } from './attack-service.ts';
import type { ServiceResult } from './kill-service.ts';

/** One service's kills in a line, with its first findings below. */
export function killLine({
  service,
  kills,
  acknowledgements,
  lost,
  back,
  wrong,
  seconds,
}: ServiceResult): string {
  const line =
    `${service}: ${kills} kills, ${acknowledgements} acknowledgements, ` +
    `${lost.length} lost, ${back.length} back, ${wrong.length} wrong, ${seconds.toFixed(1)} s`;
  const findings = [...lost, ...back, ...wrong].slice(0, 5);
  return [line, ...findings.map((finding) => `  ${JSON.stringify(finding)}`)].join('\n');
}

export function killTable(results: readonly ServiceResult[]): string {
  const header = ['service', 'kills', 'acknowledged', 'items', 'lost', 'back', 'wrong', 'seconds'];
  const count = (of: (result: ServiceResult) => number): string =>
    String(results.reduce((sum, result) => sum + of(result), 0));
  const rows = results.map((result) => [
    result.service,
    String(result.kills),
    String(result.acknowledgements),
    String(result.items),
    String(result.lost.length),
    String(result.back.length),
    String(result.wrong.length),
    result.seconds.toFixed(1),
  ]);
  const total = [
    'all',
    count(({ kills }) => kills),
    count(({ acknowledgements }) => acknowledgements),
    count(({ items }) => items),
    count(({ lost }) => lost.length),
    count(({ back }) => back.length),
    count(({ wrong }) => wrong.length),
    results.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(1),
  ];
  return table(header, [...rows, total]);
}

export function attackLine({ service, hostileConnections, answers, worst }: AttackResult): string {
  return `${service}: ${hostileConnections} hostile connections, ${answers} answers, at worst ${worst.toFixed(0)} ms`;
}

export function attackTable(results: readonly AttackResult[]): string {
  const header = ['service', 'hostile connections', 'answers', 'median ms', 'worst ms', 'worst in peace ms'];
  const rows = results.map((result) => [
    result.service,
    String(result.hostileConnections),
    String(result.answers),
    result.median.toFixed(1),
    result.worst.toFixed(1),
    result.worstInPeace.toFixed(1),
  ]);
  return table(header, rows);
}
