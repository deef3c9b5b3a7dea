import Database from 'libsql';
import { expect, it } from 'vitest';
import { openGroupCommit } from '../../../local/durable/group-commit.ts';

function open() {
  const database = new Database(':memory:');
  database.exec('CREATE TABLE t(id INTEGER PRIMARY KEY)');
  const insert = database.prepare('INSERT INTO t(id) VALUES(?)');
  const ids = (): number[] =>
    (database.prepare('SELECT id FROM t ORDER BY id').all() as { id: number }[]).map(({ id }) => id);
  const commits = openGroupCommit(database);
  return { commits, insert: (id: number) => insert.run(id), ids };
}

it('work of one turn is committed together and answered with its own results', async () => {
  const { commits, insert, ids } = open();
  const results = await Promise.all([1, 2, 3].map((id) => commits.transact(() => (insert(id), id * 10))));
  expect(results).toEqual([10, 20, 30]);
  expect(ids()).toEqual([1, 2, 3]);
});

it('work that throws leaves nothing behind and takes no other work down with it', async () => {
  const { commits, insert, ids } = open();
  const outcomes = await Promise.allSettled([
    commits.transact(() => insert(1)),
    commits.transact(() => {
      insert(2);
      throw new Error('broken');
    }),
    commits.transact(() => insert(1)),
    commits.transact(() => insert(3)),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
  expect(ids()).toEqual([1, 3]);
});
