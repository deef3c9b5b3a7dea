// Misbehaves as config.behaviour says.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  addToFloats,
  noteRun,
  readModel,
  task,
  taskDirectory,
  writeMetrics,
  writeUpdate,
} from './contract.mjs';

const data = process.env.TRIBUTARY_DATA_DIR ?? '';
const figures = { numExamples: 5, metrics: { loss: 1 } };
const sleepFor = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @type {Record<string, () => unknown>} */
const behaviours = {
  exit1() {
    process.stderr.write('row 17: patient Jane Doe has no label\n');
    process.exitCode = 1;
  },
  hang: () => sleepFor(600_000),
  nothing() {},
  async fork() {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 600000)'], { stdio: 'inherit' });
    writeFileSync(join(data, 'grandchild.pid'), String(child.pid));
    writeFileSync(join(data, 'trainer.pid'), String(process.pid));
    await sleepFor(600_000);
  },
  leaveChild() {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 600000)'], { stdio: 'inherit' });
    writeFileSync(join(data, 'grandchild.pid'), String(child.pid));
    const model = readModel();
    writeUpdate(model.header, model.data);
    writeMetrics(figures);
    child.unref();
    process.exit(0);
  },
  shape() {
    const model = readModel();
    model.header.weights.shape = [4];
    writeUpdate(model.header, model.data);
    writeMetrics(figures);
  },
  nan() {
    const model = readModel();
    addToFloats(model, Number.NaN);
    writeUpdate(model.header, model.data);
    writeMetrics(figures);
  },
  garbage() {
    writeFileSync(join(taskDirectory, 'update.safetensors'), 'not tensors');
    writeMetrics(figures);
  },
  badMetrics() {
    const model = readModel();
    writeUpdate(model.header, model.data);
    writeMetrics({ numExamples: 0, metrics: { loss: 1 } });
  },
  /** Writes the difference itself. */
  diff() {
    const model = readModel();
    model.data.fill(0);
    addToFloats(model, 0.25);
    writeUpdate(model.header, model.data);
    writeMetrics({ ...figures, params: 'DIFF' });
  },
  later() {
    const tries = readFileSync(join(data, 'trainings.txt'), 'utf8').split('\n').length - 1;
    if (tries < 3) process.exitCode = 75;
    else behaviours.diff?.();
  },
  environment() {
    writeFileSync(join(data, 'environment.json'), JSON.stringify(process.env));
    behaviours.diff?.();
  },
  noise() {
    process.stdout.write('x'.repeat(20_000));
    behaviours.diff?.();
  },
};

noteRun();
await behaviours[task.config.behaviour]?.();
