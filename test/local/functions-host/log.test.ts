import { expect, it } from 'vitest';
import { createLog } from '../../../local/functions-host/log.ts';

it('a record is one line, whatever its message, and those below the level are dropped', () => {
  const lines: string[] = [];
  const log = createLog({ level: 'warning', now: () => 0, write: (line) => lines.push(line) });
  log('information', 'host', 'not this');
  log('error', 'function.x', 'a stack\n  of two lines', { invocationId: 'i' });
  expect(lines).toEqual([
    '1970-01-01T00:00:00.000Z error function.x: a stack |   of two lines invocationId=i\n',
  ]);
});

it('as JSON a record is an object of its own', () => {
  const lines: string[] = [];
  const log = createLog({ level: 'trace', json: true, now: () => 0, write: (line) => lines.push(line) });
  log('warning', 'host', 'a\nb', { port: 1 });
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    time: '1970-01-01T00:00:00.000Z',
    level: 'warning',
    category: 'host',
    message: 'a\nb',
    port: 1,
  });
});
