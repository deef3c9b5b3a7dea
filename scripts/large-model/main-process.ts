import { aggregateUnderKills, type LargeModelReport } from './aggregate-under-kills.ts';
import { type LargeModelOptions, readOptions, usage } from './options.ts';

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
        `memory  ${peakMebibytes.join(' MiB and ')} MiB at most${isWithin(report, options) ? '' : `, MORE THAN ${options.mostMib}`}`,
      ].join('\n')}\n`,
    );
  }
  return report.isExpected && isWithin(report, options) ? 0 : 1;
}

function isWithin({ peakMebibytes }: LargeModelReport, { mostMib = Infinity }: LargeModelOptions): boolean {
  return Math.max(...peakMebibytes) <= mostMib;
}

process.exitCode = await main();
