// A deployment's own aggregation strategies: each file of strategies/ becomes a module that the app loads by its name.
import { existsSync, readdirSync } from 'node:fs';

/** Entries for the bundler, each under `folder`. */
export function strategyEntries(folder) {
  const files = existsSync('strategies') ? readdirSync('strategies') : [];
  const modules = files.filter((name) => /^[a-z0-9-]+\.(ts|mjs)$/.test(name));
  return Object.fromEntries(
    modules.map((file) => [`${folder}/${file.replace(/\.\w+$/, '')}`, `strategies/${file}`]),
  );
}
