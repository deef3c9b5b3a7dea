import type { ExperimentView } from '../../shared/contracts/api.ts';
import { progressBlock, progressLine } from './progress.ts';

/** Where progress goes; a terminal is drawn anew, anything else gets a line per change. */
export interface WatchView {
  update(view: ExperimentView): void;
}

export function watchView(stream: NodeJS.WriteStream, now: () => number = Date.now): WatchView {
  return stream.isTTY ? terminalView(stream, now) : lineView(stream);
}

function lineView(stream: NodeJS.WritableStream): WatchView {
  let last = '';
  return {
    update(view) {
      const line = progressLine(view);
      if (line === last) return;
      last = line;
      stream.write(`${line}\n`);
    },
  };
}

function terminalView(stream: NodeJS.WriteStream, now: () => number): WatchView {
  let drawn = 0;
  return {
    update(view) {
      // A line that wraps would make the block taller than it is counted to be.
      stream.write('\u001b[?7l');
      if (drawn > 0) stream.write(`\u001b[${drawn}A`);
      const rows = Math.max(4, stream.rows - 1);
      const lines = progressBlock(view, now()).slice(0, rows);
      stream.write(`\u001b[J${lines.join('\n')}\n\u001b[?7h`);
      drawn = lines.length;
    },
  };
}
