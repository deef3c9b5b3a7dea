/** Where everything listens, by one base port: fixed, since key ids and endpoints are stored in documents. */
export interface CloudPorts {
  readonly identity: number;
  readonly functions: number;
  readonly blob: number;
  readonly cosmos: number;
  readonly serviceBus: number;
  readonly serviceBusWebSocket: number;
  readonly control: number;
  readonly coordinatorVault: number;
  siloVault(index: number): number;
}

export const defaultPortBase = 7070;
/** How many ports from the base a cloud may use: ten for services, the rest for vaults. */
export const portSpan = 60;

export function portsFrom(base: number): CloudPorts {
  return {
    identity: base,
    functions: base + 1,
    blob: base + 2,
    cosmos: base + 3,
    serviceBus: base + 4,
    serviceBusWebSocket: base + 5,
    control: base + 6,
    coordinatorVault: base + 10,
    siloVault: (index) => base + 11 + index,
  };
}
