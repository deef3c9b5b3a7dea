import { expect, test } from 'vitest';
import { ConfigError, parseConfig, readConfig } from '../../agent/config.ts';
import { didYouMean } from '../../shared/contracts/did-you-mean.ts';

const valid = `
silo: hospital-a
coordinator: { url: "http://127.0.0.1:7071", audience: "api://tributary", planSigningThumbprint: "${'A'.repeat(43)}" }
serviceBus: { namespace: "127.0.0.1:7074" }
updates: { account: "https://127.0.0.1:7072/tribupdates" }
keys: { kek: "https://vault/keys/kek/1a", sig: "https://vault/keys/sig/1a" }
training: { command: ["node", "train.mjs"] }
`;

test('paths are relative to the file, and what is left out has its default', () => {
  const config = parseConfig(`${valid}data: ../records\n`, '/etc/silo/silo.yaml');
  expect(config).toMatchObject({
    directory: '/etc/silo',
    workDirectory: '/etc/silo/work',
    data: '/etc/records',
    training: { timeoutSeconds: 3_600, env: {} },
    keys: { verifyChallenge: true },
    policy: { tasks: ['train', 'evaluate', 'init'], minExamples: 1, shareTrainerErrors: false },
  });
});

for (const [what, text, says] of [
  ['an unknown field', `${valid}dta: x\n`, 'dta: unknown field; did you mean "data"?'],
  ['an unknown field further in', `${valid}policy: { minExample: 3 }\n`, 'did you mean "minExamples"?'],
  ['a field that resembles none', `${valid}zzzzzz: 1\n`, 'known fields: silo,'],
  ['a missing field', valid.replace(/^silo:.*$/m, ''), 'silo:'],
  ['a pin that is none', valid.replace('A'.repeat(43), 'abc'), 'coordinator.planSigningThumbprint'],
  ['a key without its version', valid.replace('keys/kek/1a', 'keys/kek'), 'a versioned key id'],
  [
    'an update account without TLS',
    valid.replace('https://127.0.0.1:7072', 'http://127.0.0.1:7072'),
    'updates.account',
  ],
  [
    'a command that is one string',
    valid.replace('["node", "train.mjs"]', '"node train.mjs"'),
    'training.command',
  ],
  ['text that is not YAML', 'silo: [', 'not valid YAML'],
  ['an empty file', '', 'silo.yaml'],
] as const) {
  test(`${what} is refused and named`, () => {
    expect(() => parseConfig(text, '/x/silo.yaml')).toThrow(ConfigError);
    expect(() => parseConfig(text, '/x/silo.yaml')).toThrow(says);
  });
}

test('a file that is not there is a configuration error', async () => {
  await expect(readConfig('/nowhere/silo.yaml')).rejects.toThrow(ConfigError);
});

test('a suggestion is near or there is none', () => {
  expect(didYouMean('trainig', ['training', 'updates'])).toBe('training');
  expect(didYouMean('keys', ['updates'])).toBeUndefined();
  expect(didYouMean('anything', [])).toBeUndefined();
});
