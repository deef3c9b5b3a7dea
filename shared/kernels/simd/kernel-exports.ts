/** What the compiled module exports; shared/kernels/assembly/index.ts is its source. Pointers and counts are numbers. */
import { kernelBytes } from '../generated/kernel-bytes.ts';
import type { FloatDtype } from '../kernels.ts';
import { compileModule, exportsOf, type WasmMemory, type WasmModule } from './web-assembly.ts';

type ForEach<Name extends string, Dtype extends string, F> = { readonly [K in `${Name}${Dtype}`]: F };
type Numbers<Count extends number, Result, Args extends number[] = []> = Args['length'] extends Count
  ? (...args: Args) => Result
  : Numbers<Count, Result, [...Args, number]>;
/** The two formats in which rows are sorted. */
export type SortedDtype = 'F64' | 'F32';

export type KernelExports = ForEach<'accumulate', FloatDtype, Numbers<4, void>> &
  ForEach<'accumulateFour', FloatDtype, Numbers<10, void>> &
  ForEach<'accumulateExact', FloatDtype, Numbers<5, number>> &
  ForEach<'accumulateExactFour', FloatDtype, Numbers<11, number>> &
  ForEach<'checkedSquares' | 'product', FloatDtype, (...args: number[]) => number> &
  ForEach<'scaleRow', FloatDtype, Numbers<4, void>> &
  ForEach<'widenRow', Exclude<FloatDtype, 'F64'>, Numbers<3, void>> &
  ForEach<'addDistances', SortedDtype, Numbers<4, void>> &
  ForEach<'sortGroups', SortedDtype, Numbers<10, void>> &
  ForEach<'middle' | 'meanOfRanks', SortedDtype, Numbers<5, void>> &
  ForEach<'meanNearMiddle', SortedDtype, Numbers<6, void>> &
  ForEach<'addStep', FloatDtype, Numbers<4, number>> &
  ForEach<'addModulo' | 'addModuloEight', '32' | '64', (...args: number[]) => void> & {
    readonly divide: Numbers<3, void>;
    readonly mergeExact: Numbers<5, number>;
    readonly finishExact: Numbers<5, void>;
    readonly scaleWide: Numbers<4, void>;
    readonly mirror: Numbers<2, void>;
  };

let compiled: WasmModule | undefined;

/** Compiled once per thread. */
export function kernelExports(memory: WasmMemory): KernelExports {
  compiled ??= compileModule(new Uint8Array(Buffer.from(kernelBytes, 'base64')));
  return exportsOf(compiled, memory) as KernelExports;
}
