/** `--check`: can this silo take part? Looks at everything that a task needs; takes no message and writes to no service. */
import { access, constants, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { signedDigest, verifySignature } from '../shared/sealing/signature.ts';
import type { SiloConfig } from './config.ts';
import { coordinatorScope } from './coordinator-api.ts';
import { reasonOf } from './log.ts';
import type { TokenFor, World } from './ports.ts';

export interface CheckResult {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  /** How to put it right. */
  readonly mend?: string;
}

interface Check {
  readonly check: string;
  readonly mend: string;
  /** What was found; throws what is wrong. */
  run(this: void, signal: AbortSignal): Promise<string>;
}

const LIMIT_MS = 45_000;
const MIN_WRAPPING_BITS = 3_072;

export async function preflight(
  config: SiloConfig,
  world: World,
  tokenFor: TokenFor,
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const { check, mend, run } of checksOf(config, world, tokenFor)) {
    try {
      results.push({ check, ok: true, detail: await withinLimit(run) });
    } catch (error) {
      results.push({ check, ok: false, detail: reasonOf(error), mend });
    }
  }
  return results;
}

async function withinLimit(run: Check['run']): Promise<string> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`no answer within ${LIMIT_MS / 1_000} s`)));
  });
  return Promise.race([run(signal), late]);
}

function checksOf(config: SiloConfig, world: World, tokenFor: TokenFor): Check[] {
  const { coordinator, training, silo } = config;
  return [
    {
      check: 'work directory',
      mend: `give the agent's user write access to ${config.workDirectory}, or set workDirectory`,
      run: () => writable(config.workDirectory),
    },
    {
      check: 'training command',
      mend: 'install the program, or correct training.command (relative paths start at silo.yaml)',
      run: () => executable(training.command[0] ?? '', config.directory),
    },
    {
      check: 'data directory',
      mend: 'create it, or set data',
      run: () => directory(config.data),
    },
    {
      check: 'identity',
      mend: 'give this machine a managed identity, or sign in; see the AZURE_ and IDENTITY_ variables',
      run: async () => {
        await tokenFor(coordinatorScope(coordinator));
        return `token for ${coordinator.audience}`;
      },
    },
    {
      check: 'coordinator',
      mend: 'check coordinator.url, the network and a proxy; a thumbprint that differs is for both sides to clear up',
      run: async (signal) => {
        const named = await world.coordinator.planSigningThumbprint(signal);
        if (named === null) throw new Error('the coordinator has no plan-signing key yet');
        if (named !== coordinator.planSigningThumbprint) {
          throw new Error(`the coordinator signs with ${named}, which is not the pinned key`);
        }
        return 'reachable, and signs with the pinned key';
      },
    },
    {
      check: 'queue',
      mend: `check serviceBus.namespace; the identity needs to receive from queue silo-${silo}, which admission creates`,
      run: async () => {
        await world.inbox.probe();
        return `silo-${silo} can be read`;
      },
    },
    {
      check: 'update container',
      mend: `check updates.account; admission creates container updates-${silo} and lets the identity create blobs`,
      run: async () => {
        await world.updates.probe();
        return `updates-${silo} answers`;
      },
    },
    {
      check: 'wrapping key',
      mend: `keys.kek must name a version of an RSA key of ${MIN_WRAPPING_BITS} bits or more that the identity may read`,
      run: async () => {
        const { jkt, jwk } = await world.keys.kek();
        const bits = Buffer.from(jwk.n, 'base64url').length * 8;
        if (bits < MIN_WRAPPING_BITS) throw new Error(`the key has ${bits} bits`);
        return `RSA ${bits}, thumbprint ${jkt}`;
      },
    },
    {
      check: 'signing key',
      mend: 'keys.sig must name a version of a P-256 key that the identity may read and sign with',
      run: () => signs(world),
    },
  ];
}

async function signs({ keys }: World): Promise<string> {
  const { jkt, jwk } = await keys.sig();
  const body = { purpose: 'preflight' };
  const signature = await keys.sign(signedDigest('tributary/roster/1', body));
  const text = Buffer.from(signature).toString('base64url');
  if (!verifySignature('tributary/roster/1', body, text, jwk))
    throw new Error('its signatures do not verify');
  return `P-256, thumbprint ${jkt}, signs`;
}

async function writable(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const probe = join(path, `.preflight.${process.pid}`);
  await writeFile(probe, '', { mode: 0o600 });
  await rm(probe);
  return path;
}

async function directory(path: string): Promise<string> {
  if (!(await stat(path)).isDirectory()) throw new Error(`${path} is not a directory`);
  await access(path, constants.R_OK);
  return path;
}

/** As the operating system will look for it: by PATH, or as a path from where the command runs. */
async function executable(program: string, from: string): Promise<string> {
  const byPath = !program.includes('/');
  const candidates = byPath
    ? (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, program))
    : [isAbsolute(program) ? program : resolve(from, program)];
  for (const candidate of candidates) {
    try {
      await access(candidate, constants.X_OK);
      return candidate;
    } catch {
      // look further
    }
  }
  throw new Error(byPath ? `${program} is not on the PATH` : `${program} is not an executable file`);
}
