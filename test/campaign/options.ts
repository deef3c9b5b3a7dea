import { parseArgs } from 'node:util';

export const services = ['identity', 'key-vault', 'blob', 'cosmos', 'service-bus', 'durable'] as const;
export type ServiceName = (typeof services)[number];

export interface CampaignOptions {
  /** SIGKILLs in all, shared among the services. */
  readonly kills: number;
  readonly seed: number;
  readonly services: readonly ServiceName[];
  /** Services acknowledge before they write: the campaign must find that. */
  readonly plant: boolean;
  /** Instead of kills: milliseconds of hostile peers at each service. */
  readonly garbage: number | undefined;
  readonly json: boolean;
}

/** @throws where an argument is unknown or has a value that it cannot have. */
export function readOptions(args: readonly string[]): CampaignOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: 'string' },
      seed: { type: 'string' },
      service: { type: 'string', multiple: true },
      quick: { type: 'boolean', default: false },
      plant: { type: 'boolean', default: false },
      garbage: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const { quick, plant, json } = values;
  const chosen = values.service?.map(serviceName) ?? services;
  const kills = whole('kills', values.kills, quick ? chosen.length : 120);
  const garbage = values.garbage === undefined ? undefined : whole('garbage', values.garbage, 0);
  return { garbage, kills, seed: whole('seed', values.seed, 1), services: chosen, plant, json };
}

/** Kills per service: as even as they divide, the first services taking what is left over. */
export function shares(kills: number, among: number): number[] {
  return Array.from({ length: among }, (_, index) => Math.floor((kills + among - 1 - index) / among));
}

function serviceName(text: string): ServiceName {
  const found = services.find((name) => name === text);
  if (found === undefined) throw new Error(`--service is one of ${services.join(', ')}, not ${text}`);
  return found;
}

function whole(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} is a whole number, not ${text}`);
  return Number(text);
}
