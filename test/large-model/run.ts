import { readOptions, usage } from './options.ts';
import { runLargeModel } from './run-large-model.ts';

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

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
  const report = await runLargeModel(options, (line) => process.stderr.write(`${line}\n`));
  if (options.json) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
  } else {
    const { kills } = report;
    process.stdout.write(
      `${[
        `${report.silos} updates of ${report.bytes} bytes, ${kills} ${kills === 1 ? 'kill' : 'kills'}`,
        `model       ${report.sha256}${report.isExpected ? ', as worked out apart' : ', WHICH IS WRONG'}`,
        `admission   ${report.admissionSeconds} s after the last update was sent`,
        `aggregation ${report.aggregationSeconds} s`,
        `memory      at most ${mebibytes(report.peakMemory)}; ${mebibytes(report.admissionMemory)} up to the frozen set, ${mebibytes(report.idleMemory)} before the first update`,
      ].join('\n')}\n`,
    );
  }
  return report.isExpected ? 0 : 1;
}

process.exitCode = await main();
