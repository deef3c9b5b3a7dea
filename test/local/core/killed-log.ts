// Sixteen writers count up in a log that rewrites itself often; each acknowledged count is printed, until it is killed.
import { openAppendLog } from '../../../local/core/append-log.ts';

const counts = new Map<string, number>();
const apply = (record: string) => {
  const [writer = '', count = '0'] = record.split(' ');
  counts.set(writer, Number(count));
};
const log = await openAppendLog({
  directory: process.argv[2] ?? '',
  name: 'counts',
  replay: (record) => apply(record.toString()),
  snapshot: () => [...counts].map(([writer, count]) => Buffer.from(`${writer} ${count}`)),
  compactAbove: 20_000,
});
console.log(JSON.stringify(Object.fromEntries(counts)));
for (let writer = 0; writer < 16; writer += 1) void write(`w${writer}`);

async function write(writer: string): Promise<void> {
  for (;;) {
    const record = `${writer} ${(counts.get(writer) ?? 0) + 1}`;
    await log.append(Buffer.from(record));
    apply(record);
    console.log(record);
  }
}
