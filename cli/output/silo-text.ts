import type { SiloView } from '../../shared/contracts/api.ts';
import { stateText } from './progress.ts';
import { table } from './tables.ts';

export function siloTable(silos: readonly SiloView[]): string {
  if (silos.length === 0) return 'there are no silos';
  const rows = silos.map(({ silo, status, displayName, registeredAt, sig }) => [
    silo,
    stateText(status),
    registeredAt,
    sig.jkt.slice(0, 12),
    displayName,
  ]);
  return table(['SILO', 'STATUS', 'REGISTERED', 'SIGNS WITH', 'NAME'], rows);
}
