import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { failureLine } from '../../activities/failure-line.ts';

const alerts = readFileSync('infra/modules/alerts.bicep', 'utf8');

test('the alert on failed experiments asks for the field and the word of the line that is written', () => {
  const [, field = '', word] =
    /parse_json\(Message\) \| where tostring\(line\.(\w+)\) == "([^"]+)"/.exec(alerts) ?? [];
  const line = failureLine({
    experimentId: 'exp-01JD0000000000000000000000',
    currentRound: { round: 3, attempt: 2, task: 'train' },
    reason: { slug: 'attempts-exhausted', detail: 'a silo said "secret"' },
  });
  const written = JSON.parse(line) as Record<string, unknown>;
  expect(written[field]).toBe(word);
  expect(written).toMatchObject({ round: 3, attempt: 2, slug: 'attempts-exhausted' });
  expect(line).not.toContain('secret');
});

test('an experiment that fails before its first round is told of as well', () => {
  const line = failureLine({
    experimentId: 'exp-01JD0000000000000000000000',
    currentRound: null,
    reason: null,
  });
  expect(JSON.parse(line)).toMatchObject({
    event: 'experiment-failed',
    round: null,
    attempt: null,
    slug: null,
  });
});
