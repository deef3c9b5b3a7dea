// Elements as float32x4 or float64x2, exactly. A type parameter names the format: f64, f32, u16 for IEEE 754 binary16
// and i16 for bfloat16; conditions on it are settled at compile time.

/** 2^112, by which a float32 made of binary16 bits is too small. */
const HALF_SCALE: f32 = 5.192296858534828e33;

/** Four elements of 2 or 4 bytes; a binary16 infinity or NaN comes out as a finite number. */
@inline
export function four<T>(p: usize): v128 {
  if (sizeof<T>() == 4) return v128.load(p);
  if (isSigned<T>()) return i32x4.shl(v128.load16x4_u(p), 16);
  const bits = v128.and(i32x4.shl(v128.load16x4_s(p), 13), i32x4.splat(0x8fffe000));
  return f32x4.mul(bits, f32x4.splat(HALF_SCALE));
}

/** Like `four`, for elements that may be infinite or NaN. */
@inline
export function fourOfAny<T>(p: usize): v128 {
  if (sizeof<T>() == 4 || isSigned<T>()) return four<T>(p);
  const bits = v128.and(i32x4.shl(v128.load16x4_s(p), 13), i32x4.splat(0x8fffe000));
  const special = i32x4.ge_u(v128.and(bits, i32x4.splat(0x7fffffff)), i32x4.splat(0x0f800000));
  return v128.or(
    f32x4.mul(bits, f32x4.splat(HALF_SCALE)),
    v128.and(special, i32x4.splat(0x7f800000)),
  );
}

@inline
export function lowHalf(x: v128): v128 {
  return f64x2.promote_low_f32x4(x);
}

@inline
export function highHalf(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 1));
}

/** One element. */
@inline
export function one<T>(p: usize): f64 {
  if (sizeof<T>() == 8) return load<f64>(p);
  if (sizeof<T>() == 4) return <f64>load<f32>(p);
  if (isSigned<T>()) return <f64>reinterpret<f32>(<u32>load<u16>(p) << 16);
  const bits = <u32>(<i32>load<i16>(p) << 13) & 0x8fffe000;
  return <f64>(reinterpret<f32>(bits) * HALF_SCALE);
}

/** Like `one`, for an element that may be infinite or NaN. */
@inline
export function oneOfAny<T>(p: usize): f64 {
  if (sizeof<T>() != 2 || isSigned<T>()) return one<T>(p);
  const bits = <u32>(<i32>load<i16>(p) << 13) & 0x8fffe000;
  const value = reinterpret<f32>(bits) * HALF_SCALE;
  if ((bits & 0x7fffffff) < 0x0f800000) return <f64>value;
  return <f64>reinterpret<f32>(reinterpret<u32>(value) | 0x7f800000);
}
