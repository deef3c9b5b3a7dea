/** One measured figure and the bar it must hold; suites return rows, scripts/bench.mjs prints and records them. */
export interface BenchRow {
  name: string;
  value: number;
  unit: string;
  /** The value that must be reached: at least (`min`) or at most (`max`), in the row's unit. */
  bar: number;
  direction: 'min' | 'max';
  /** What was measured beside it in the same run, with its figure, when the value is a ratio. */
  peer?: string;
}
