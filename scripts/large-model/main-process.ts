import { aggregateUnderKills } from './aggregate-under-kills.ts';
import { readOptions, usage } from './options.ts';

async function main(): Promise<number> {
  let options: ReturnType<typeof readOptions>;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
    return 2;
  }
  if (options === 'help') {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const report = await aggregateUnderKills(options, (line) => process.stderr.write(`${line}\n`));
  if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else {
    const { silos, bytes, killedAt, sha256, isExpected, seconds, peakMebibytes } = report;
    const kills = killedAt.length === 0 ? 'not killed' : `killed at ${killedAt.join(' and ')} bytes`;
    process.stdout.write(
      `${[
        `${silos} updates of ${bytes} bytes, ${kills}`,
        `model   ${sha256}${isExpected ? ', as worked out apart' : ', WHICH IS WRONG'}`,
        `time    ${seconds.join(' s and ')} s`,
        `memory  ${peakMebibytes.join(' MiB and ')} MiB at most`,
      ].join('\n')}\n`,
    );
  }
  return report.isExpected ? 0 : 1;
}

process.exitCode = await main();
