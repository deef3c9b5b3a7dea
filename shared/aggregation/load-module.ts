import { StrategyFault } from '../domain/strategies/strategy-fault.ts';
import { foldUserBlock, type UserStrategy, userStrategyOf } from '../domain/strategies/user-strategy.ts';
import type { FoldColumns } from './combine-run.ts';
import { strategiesFolder } from './deployed-files.ts';
import { FoldRefused } from './fold-task.ts';
import type { ModuleReference } from './lane.ts';

/** Names that a module of the deployed app may have: a name is never a path. */
const NAME = /^[a-z0-9-]+$/;

/**
 * Where the deployed app keeps a module. `folder` is the app's own `strategies/`, with a slash at its end.
 * Throws StrategyFault for anything that is not a plain name.
 */
export function moduleUrl(name: string, folder: URL): string {
  if (!NAME.test(name)) throw new StrategyFault(`${JSON.stringify(name)} is not the name of a module.`);
  return new URL(`${name}.js`, folder).href;
}

/** A strategy of the deployed app by its name. Throws StrategyFault where there is none, or it is no strategy. */
export async function deployedStrategy(name: string): Promise<UserStrategy> {
  return loadUserStrategy(name, moduleUrl(name, strategiesFolder()));
}

/** Loads a module of the deployed app. Throws StrategyFault where there is none, or it is no strategy. */
async function loadUserStrategy(name: string, url: string): Promise<UserStrategy> {
  let exported: unknown;
  try {
    exported = await import(url);
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
    if (missing) throw new StrategyFault(`The deployed app has no strategies/${name}.`);
    throw new StrategyFault(
      `strategies/${name} does not load: ${error instanceof Error ? error.message : 'an exception'}`,
    );
  }
  return userStrategyOf(name, exported);
}

/** A module's `foldBlock` with its parameters; what it does wrong is refused with {@link FoldRefused}. */
export async function loadModule({ name, url, parameters }: ModuleReference): Promise<FoldColumns> {
  const refused = (error: unknown): never => {
    throw refusalOf(error, name);
  };
  const strategy = await loadUserStrategy(name, url).catch(refused);
  return (columns, out) => {
    try {
      foldUserBlock(name, strategy, columns, out, parameters);
    } catch (error) {
      refused(error);
    }
  };
}

function refusalOf(error: unknown, name: string): FoldRefused {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof StrategyFault) return new FoldRefused('strategy-precondition', message);
  return new FoldRefused('strategy-precondition', `strategies/${name} threw: ${message}`);
}
