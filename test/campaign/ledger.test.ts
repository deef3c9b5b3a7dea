import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../local/core/temporary-directory.ts';
import { openLedger } from './ledger.ts';
import { readOptions, shares } from './options.ts';

const gone = (): Promise<never> => Promise.reject(new Error('the service is gone'));
const done = async (): Promise<void> => undefined;

describe('the ledger of a client', () => {
  it('calls lost what was acknowledged and is not there, and back what was deleted and is there', async () => {
    const ledger = await openLedger(join(await temporaryDirectory(), 'ledger.jsonl'));
    await ledger.change(['kept', 'deleted'], '1', done);
    await ledger.change(['deleted'], null, done);
    expect(await ledger.audit('kept', '1')).toBeUndefined();
    expect(await ledger.audit('deleted', null)).toBeUndefined();
    expect(await ledger.audit('kept', null)).toMatchObject({ acknowledged: '1', found: null });
    expect(await ledger.audit('deleted', '1')).toMatchObject({ acknowledged: null, found: '1' });
    expect(await ledger.audit('never asked for', '1')).toMatchObject({ acknowledged: null });
    await ledger.close();
  });

  it('allows both outcomes of a request without an answer, until an audit has seen which', async () => {
    const ledger = await openLedger(join(await temporaryDirectory(), 'ledger.jsonl'));
    await ledger.change(['a'], '1', done);
    await expect(ledger.change(['a'], '2', gone)).rejects.toThrow('gone');
    expect([ledger.inDoubt('a'), ledger.allowed('a')]).toEqual([true, ['1', '2']]);
    expect(await ledger.audit('a', '3')).toMatchObject({ found: '3' });
    expect(await ledger.audit('a', '2')).toBeUndefined();
    expect(await ledger.audit('a', '1')).toMatchObject({ acknowledged: '2', inDoubt: [] });
    await ledger.close();
  });

  it('is on disk before it counts, so that another process knows as much', async () => {
    const path = join(await temporaryDirectory(), 'ledger.jsonl');
    const ledger = await openLedger(path);
    await Promise.all(['a', 'b', 'c'].map((item) => ledger.change([item], '1', done)));
    await ledger.change(['a'], '2', gone).catch(() => undefined);
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(7);
    const other = await openLedger(path);
    expect(['a', 'b', 'c'].map((item) => other.allowed(item))).toEqual([['1', '2'], ['1'], ['1']]);
    expect(other.acknowledgements).toBe(3);
    await other.close();
    await ledger.close();
    await appendFile(path, 'not a line of a ledger\n');
    await expect(openLedger(path)).rejects.toThrow();
  });
});

describe('the options of a campaign', () => {
  it('share the kills evenly and leave none out', () => {
    expect(shares(120, 6)).toEqual([20, 20, 20, 20, 20, 20]);
    expect(shares(8, 6)).toEqual([2, 2, 1, 1, 1, 1]);
  });

  it('refuse services and numbers that do not exist', () => {
    expect(() => readOptions(['--service', 'mail'])).toThrow(/identity, key-vault/);
    expect(() => readOptions(['--kills', 'many'])).toThrow(/whole number/);
    expect(readOptions(['--quick']).kills).toBe(6);
    expect(readOptions(['--service', 'blob', '--service', 'cosmos']).services).toEqual(['blob', 'cosmos']);
  });
});
