// Kernels for every dtype; kernels.ts says what each computes. u16 stands for IEEE 754 binary16, i16 for bfloat16.
import { accumulate, accumulateFour } from './weighted-sum';
import { accumulateExact, accumulateExactFour } from './exact-sum';
import { checkedSquares, product } from './reductions';
import { scaleRow, sortGroups, widenRow } from './sorting';
import { meanNearMiddle, meanOfRanks, middle } from './order-statistics';
import { addStepSmall } from './add-step';

export { divide } from './weighted-sum';
export { addModulo32, addModulo64, addModuloEight32, addModuloEight64 } from './modular-sum';
export { mergeExact } from './exact-sum';
export { finishExact } from './exact-quotient';
export { addDistancesF32, addDistancesF64, mirror, scaleWide } from './distances';
export { addStepF32, addStepF64 } from './add-step';

export function accumulateF64(acc: usize, x: usize, count: i32, coefficient: f64): void {
  accumulate<f64>(acc, x, count, coefficient);
}

export function accumulateF32(acc: usize, x: usize, count: i32, coefficient: f64): void {
  accumulate<f32>(acc, x, count, coefficient);
}

export function accumulateF16(acc: usize, x: usize, count: i32, coefficient: f64): void {
  accumulate<u16>(acc, x, count, coefficient);
}

export function accumulateBF16(acc: usize, x: usize, count: i32, coefficient: f64): void {
  accumulate<i16>(acc, x, count, coefficient);
}

export function accumulateFourF64(acc: usize, x0: usize, x1: usize, x2: usize, x3: usize, count: i32, c0: f64, c1: f64, c2: f64, c3: f64): void {
  accumulateFour<f64>(acc, x0, x1, x2, x3, count, c0, c1, c2, c3);
}

export function accumulateFourF32(acc: usize, x0: usize, x1: usize, x2: usize, x3: usize, count: i32, c0: f64, c1: f64, c2: f64, c3: f64): void {
  accumulateFour<f32>(acc, x0, x1, x2, x3, count, c0, c1, c2, c3);
}

export function accumulateFourF16(acc: usize, x0: usize, x1: usize, x2: usize, x3: usize, count: i32, c0: f64, c1: f64, c2: f64, c3: f64): void {
  accumulateFour<u16>(acc, x0, x1, x2, x3, count, c0, c1, c2, c3);
}

export function accumulateFourBF16(acc: usize, x0: usize, x1: usize, x2: usize, x3: usize, count: i32, c0: f64, c1: f64, c2: f64, c3: f64): void {
  accumulateFour<i16>(acc, x0, x1, x2, x3, count, c0, c1, c2, c3);
}

export function accumulateExactF64(high: usize, low: usize, x: usize, count: i32, weight: f64): bool {
  return accumulateExact<f64>(high, low, x, count, weight);
}

export function accumulateExactF32(high: usize, low: usize, x: usize, count: i32, weight: f64): bool {
  return accumulateExact<f32>(high, low, x, count, weight);
}

export function accumulateExactF16(high: usize, low: usize, x: usize, count: i32, weight: f64): bool {
  return accumulateExact<u16>(high, low, x, count, weight);
}

export function accumulateExactBF16(high: usize, low: usize, x: usize, count: i32, weight: f64): bool {
  return accumulateExact<i16>(high, low, x, count, weight);
}

export function accumulateExactFourF64(high: usize, low: usize, x0: usize, x1: usize, x2: usize, x3: usize, count: i32, w0: f64, w1: f64, w2: f64, w3: f64): bool {
  return accumulateExactFour<f64>(high, low, x0, x1, x2, x3, count, w0, w1, w2, w3);
}

export function accumulateExactFourF32(high: usize, low: usize, x0: usize, x1: usize, x2: usize, x3: usize, count: i32, w0: f64, w1: f64, w2: f64, w3: f64): bool {
  return accumulateExactFour<f32>(high, low, x0, x1, x2, x3, count, w0, w1, w2, w3);
}

export function accumulateExactFourF16(high: usize, low: usize, x0: usize, x1: usize, x2: usize, x3: usize, count: i32, w0: f64, w1: f64, w2: f64, w3: f64): bool {
  return accumulateExactFour<u16>(high, low, x0, x1, x2, x3, count, w0, w1, w2, w3);
}

export function accumulateExactFourBF16(high: usize, low: usize, x0: usize, x1: usize, x2: usize, x3: usize, count: i32, w0: f64, w1: f64, w2: f64, w3: f64): bool {
  return accumulateExactFour<i16>(high, low, x0, x1, x2, x3, count, w0, w1, w2, w3);
}

export function checkedSquaresF64(x: usize, count: i32): f64 {
  return checkedSquares<f64>(x, count);
}

export function checkedSquaresF32(x: usize, count: i32): f64 {
  return checkedSquares<f32>(x, count);
}

export function checkedSquaresF16(x: usize, count: i32): f64 {
  return checkedSquares<u16>(x, count);
}

export function checkedSquaresBF16(x: usize, count: i32): f64 {
  return checkedSquares<i16>(x, count);
}

export function productF64(x: usize, y: usize, count: i32): f64 {
  return product<f64>(x, y, count);
}

export function productF32(x: usize, y: usize, count: i32): f64 {
  return product<f32>(x, y, count);
}

export function productF16(x: usize, y: usize, count: i32): f64 {
  return product<u16>(x, y, count);
}

export function productBF16(x: usize, y: usize, count: i32): f64 {
  return product<i16>(x, y, count);
}

export function scaleRowF64(x: usize, count: i32, scale: f64, into: usize): void {
  scaleRow<f64>(x, count, scale, into);
}

export function scaleRowF32(x: usize, count: i32, scale: f64, into: usize): void {
  scaleRow<f32>(x, count, scale, into);
}

export function scaleRowF16(x: usize, count: i32, scale: f64, into: usize): void {
  scaleRow<u16>(x, count, scale, into);
}

export function scaleRowBF16(x: usize, count: i32, scale: f64, into: usize): void {
  scaleRow<i16>(x, count, scale, into);
}

export function widenRowF32(x: usize, count: i32, into: usize): void {
  widenRow<f32>(x, count, into);
}

export function widenRowF16(x: usize, count: i32, into: usize): void {
  widenRow<u16>(x, count, into);
}

export function widenRowBF16(x: usize, count: i32, into: usize): void {
  widenRow<i16>(x, count, into);
}

export function sortGroupsF64(pointers: usize, rows: i32, groups: i32, network: usize, pairs: i32, work: usize, first: i32, last: i32, into: usize, stride: usize): void {
  sortGroups<f64>(pointers, rows, groups, network, pairs, work, first, last, into, stride);
}

export function sortGroupsF32(pointers: usize, rows: i32, groups: i32, network: usize, pairs: i32, work: usize, first: i32, last: i32, into: usize, stride: usize): void {
  sortGroups<f32>(pointers, rows, groups, network, pairs, work, first, last, into, stride);
}

export function middleF64(sorted: usize, stride: usize, ranks: i32, count: i32, acc: usize): void {
  middle<f64>(sorted, stride, ranks, count, acc);
}

export function middleF32(sorted: usize, stride: usize, ranks: i32, count: i32, acc: usize): void {
  middle<f32>(sorted, stride, ranks, count, acc);
}

export function meanOfRanksF64(sorted: usize, stride: usize, ranks: i32, count: i32, acc: usize): void {
  meanOfRanks<f64>(sorted, stride, ranks, count, acc);
}

export function meanOfRanksF32(sorted: usize, stride: usize, ranks: i32, count: i32, acc: usize): void {
  meanOfRanks<f32>(sorted, stride, ranks, count, acc);
}

export function meanNearMiddleF64(sorted: usize, stride: usize, ranks: i32, keep: i32, count: i32, acc: usize): void {
  meanNearMiddle<f64>(sorted, stride, ranks, keep, count, acc);
}

export function meanNearMiddleF32(sorted: usize, stride: usize, ranks: i32, keep: i32, count: i32, acc: usize): void {
  meanNearMiddle<f32>(sorted, stride, ranks, keep, count, acc);
}

export function addStepF16(base: usize, step: usize, count: i32, out: usize): bool {
  return addStepSmall<u16>(base, step, count, out);
}

export function addStepBF16(base: usize, step: usize, count: i32, out: usize): bool {
  return addStepSmall<i16>(base, step, count, out);
}
