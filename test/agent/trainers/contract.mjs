// What the trainers of these tests share: the native contract, and a note of every run beside the data.
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const taskDirectory = process.env.TRIBUTARY_TASK_DIR ?? '';
export const task = JSON.parse(readFileSync(join(taskDirectory, 'task.json'), 'utf8'));

export function noteRun(text = '') {
  const line = `${task.task} r${task.round}${text}\n`;
  appendFileSync(join(process.env.TRIBUTARY_DATA_DIR ?? '', 'trainings.txt'), line);
}

/** @returns {{ header: Record<string, any>, data: Buffer }} */
export function readModel() {
  const bytes = readFileSync(join(taskDirectory, 'model.safetensors'));
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString('utf8'));
  return { header, data: Buffer.from(bytes.subarray(8 + length)) };
}

/** @param {Record<string, unknown>} header @param {Buffer} data */
export function writeUpdate(header, data) {
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const path = join(taskDirectory, 'update.safetensors');
  writeFileSync(`${path}.tmp`, Buffer.concat([length, json, data]));
  renameSync(`${path}.tmp`, path);
}

/** @param {object} metrics */
export function writeMetrics(metrics) {
  writeFileSync(join(taskDirectory, 'metrics.json'), JSON.stringify(metrics));
}

/** Adds `step` to every F32 element. @param {{ header: Record<string, any>, data: Buffer }} model @param {number} step */
export function addToFloats({ header, data }, step) {
  for (const entry of Object.values(header)) {
    if (entry.dtype !== 'F32') continue;
    const [begin, end] = entry.data_offsets;
    for (let at = begin; at < end; at += 4) data.writeFloatLE(data.readFloatLE(at) + step, at);
  }
}
