/** The cases of the first argument in a process of its own, under whichever Node runs it. */
import { digestCases } from './digest-cases.ts';

const found = await digestCases(Number(process.argv[2]), (done) => {
  if (done % 50 === 0) process.stderr.write(`${done} cases\n`);
});
process.stdout.write(JSON.stringify({ node: process.versions.node, ...found }));
