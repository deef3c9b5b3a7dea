import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HostJson, parseHostJson } from './host-json.ts';

export interface HostSettings {
  readonly hostJson: HostJson;
  /** App settings: local.settings.json "Values", under the environment, under what the caller gave. */
  readonly values: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

export interface SettingsSources {
  readonly appDirectory: string;
  /** Default: local.settings.json in the app's directory, if there is one. */
  readonly settingsFile?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly overrides?: Readonly<Record<string, string>>;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (fault) {
    // The parser's message quotes the text, and a settings file may hold secrets.
    throw new Error(`${path} is not valid JSON or cannot be read`, { cause: (fault as Error).name });
  }
}

function localValues(path: string): { values: Record<string, string>; warnings: string[] } {
  const content = readJson(path);
  const warnings: string[] = [];
  const values: Record<string, string> = {};
  const sections =
    typeof content === 'object' && content !== null ? (content as Record<string, unknown>) : {};
  // Its values are ciphertexts for this user of Windows, which nobody can read here.
  if (sections['IsEncrypted'] === true) throw new Error(`${path} is encrypted; decrypt it first`);
  for (const name of Object.keys(sections)) {
    if (name !== 'Values' && name !== 'IsEncrypted') warnings.push(`${path}: '${name}' is not obeyed`);
  }
  const declared = sections['Values'];
  if (typeof declared !== 'object' || declared === null) return { values, warnings };
  for (const [name, value] of Object.entries(declared)) {
    if (typeof value === 'string') values[name] = value;
    else warnings.push(`${path}: the value of '${name}' is not a string and is ignored`);
  }
  return { values, warnings };
}

/** Throws when a file is named that is not there or is no JSON. */
export function loadSettings(sources: SettingsSources): HostSettings {
  const conventional = join(sources.appDirectory, 'local.settings.json');
  const file = sources.settingsFile ?? (existsSync(conventional) ? conventional : undefined);
  const local = file === undefined ? { values: {}, warnings: [] } : localValues(file);
  const values: Record<string, string> = { ...local.values };
  for (const [name, value] of Object.entries({ ...sources.environment, ...sources.overrides })) {
    if (value !== undefined) values[name] = value;
  }
  const hostFile = join(sources.appDirectory, 'host.json');
  const host = parseHostJson(existsSync(hostFile) ? readJson(hostFile) : {}, values);
  return { hostJson: host.hostJson, values, warnings: [...local.warnings, ...host.warnings] };
}

/** Resolves `%NAME%` in a binding's text; throws when there is no such setting. */
export function resolveSetting(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/%([^%]+)%/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the app setting '${name}' that a binding names is not set`);
    return value;
  });
}
