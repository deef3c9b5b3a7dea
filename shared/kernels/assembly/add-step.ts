// The next model: base + step in float64, rounded once more to the dtype, to nearest, ties to even. The functions answer
// whether every element came out finite.
import { fourOfAny, highHalf, lowHalf, oneOfAny } from './decode';

export function addStepF64(base: usize, step: usize, count: i32, out: usize): bool {
  let zero = f64x2.splat(0);
  for (let pairs = count >> 1; pairs > 0; pairs--) {
    const sum = f64x2.add(v128.load(base), v128.load(step));
    zero = f64x2.add(zero, f64x2.mul(sum, f64x2.splat(0)));
    v128.store(out, sum);
    base += 16;
    step += 16;
    out += 16;
  }
  let finite = i64x2.all_true(f64x2.eq(zero, f64x2.splat(0)));
  if (count & 1) {
    const sum = load<f64>(base) + load<f64>(step);
    store<f64>(out, sum);
    finite = finite && sum * 0.0 == 0.0;
  }
  return finite;
}

export function addStepF32(base: usize, step: usize, count: i32, out: usize): bool {
  let zero = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const low = f64x2.add(lowHalf(v128.load64_zero(base)), v128.load(step));
    const high = f64x2.add(lowHalf(v128.load64_zero(base, 8)), v128.load(step, 16));
    const sum = v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
    zero = f32x4.add(zero, f32x4.mul(sum, f32x4.splat(0)));
    v128.store(out, sum);
    base += 16;
    step += 32;
    out += 16;
  }
  let finite = i32x4.all_true(f32x4.eq(zero, f32x4.splat(0)));
  for (; i < count; i++) {
    const sum = <f32>(<f64>load<f32>(base) + load<f64>(step));
    store<f32>(out, sum);
    finite = finite && sum * 0.0 == 0.0;
    base += 4;
    step += 8;
    out += 4;
  }
  return finite;
}

// 16-bit formats. |value| is rounded while it is a float64: adding a power of two 42 (binary16) or 45 (bfloat16) places
// above its own leaves it 10 or 7 bits behind the first, or fewer below the smallest normal number. What is left fits
// a float32, whose bits from the 14th (of a number 2^112 too small) or 17th on are the format's.
const SMALLEST_F16: f64 = 6.103515625e-5;
const SMALLEST_BF16: f64 = 1.1754943508222875e-38;

@inline
function rounded<T>(value: v128): v128 {
  const bf16 = isSigned<T>();
  const smallest = f64x2.splat(bf16 ? SMALLEST_BF16 : SMALLEST_F16);
  const magnitude = f64x2.abs(value);
  const power = v128.and(f64x2.pmax(smallest, magnitude), i64x2.splat(0x7ff0000000000000));
  const rounder = f64x2.mul(power, f64x2.splat(bf16 ? 35184372088832.0 : 4398046511104.0));
  return f64x2.sub(f64x2.add(magnitude, rounder), rounder);
}

@inline
export function addStepSmall<T>(base: usize, step: usize, count: i32, out: usize): bool {
  let fits = i64x2.splat(-1);
  for (let left = count; left > 0; left -= 4) {
    let low: v128;
    let high: v128;
    if (left >= 4) {
      const before = fourOfAny<T>(base);
      low = f64x2.add(lowHalf(before), v128.load(step));
      high = f64x2.add(highHalf(before), v128.load(step, 16));
    } else {
      // The last one to three: never reads behind the arrays, and a zero is in range.
      low = f64x2.splat(oneOfAny<T>(base) + load<f64>(step));
      high = f64x2.splat(0);
      if (left >= 2) low = f64x2.replace_lane(low, 1, oneOfAny<T>(base + 2) + load<f64>(step, 8));
      if (left >= 3) high = f64x2.replace_lane(high, 0, oneOfAny<T>(base + 4) + load<f64>(step, 16));
    }
    const limit = f64x2.splat(isSigned<T>() ? 3.402823669209385e38 : 65536.0);
    const shrink = f64x2.splat(isSigned<T>() ? 1.0 : 1.925929944387236e-34);
    const a = rounded<T>(low);
    const b = rounded<T>(high);
    fits = v128.and(fits, v128.and(f64x2.lt(a, limit), f64x2.lt(b, limit)));
    const small = v128.shuffle<i64>(
      f32x4.demote_f64x2_zero(f64x2.mul(a, shrink)),
      f32x4.demote_f64x2_zero(f64x2.mul(b, shrink)),
      0,
      2,
    );
    const signs = i32x4.shl(i32x4.shr_u(v128.shuffle<i32>(low, high, 1, 3, 5, 7), 31), 15);
    const words = v128.or(i32x4.shr_u(small, isSigned<T>() ? 16 : 13), signs);
    const bits = i16x8.narrow_i32x4_u(words, words);
    if (left >= 4) {
      v128.store64_lane(out, bits, 0);
    } else {
      v128.store16_lane(out, bits, 0);
      if (left >= 2) v128.store16_lane(out + 2, bits, 1);
      if (left >= 3) v128.store16_lane(out + 4, bits, 2);
    }
    base += 8;
    step += 32;
    out += 8;
  }
  return i64x2.all_true(fits);
}
