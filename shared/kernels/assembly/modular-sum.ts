export function addModulo32(acc: usize, x: usize, count: i32): void {
  let i = 0;
  for (; i + 16 <= count; i += 16) {
    v128.store(acc, i32x4.add(v128.load(acc), v128.load(x)));
    v128.store(acc, i32x4.add(v128.load(acc, 16), v128.load(x, 16)), 16);
    v128.store(acc, i32x4.add(v128.load(acc, 32), v128.load(x, 32)), 32);
    v128.store(acc, i32x4.add(v128.load(acc, 48), v128.load(x, 48)), 48);
    acc += 64;
    x += 64;
  }
  for (; i < count; i++) {
    store<u32>(acc, load<u32>(acc) + load<u32>(x));
    acc += 4;
    x += 4;
  }
}

export function addModulo64(acc: usize, x: usize, count: i32): void {
  let i = 0;
  for (; i + 8 <= count; i += 8) {
    v128.store(acc, i64x2.add(v128.load(acc), v128.load(x)));
    v128.store(acc, i64x2.add(v128.load(acc, 16), v128.load(x, 16)), 16);
    v128.store(acc, i64x2.add(v128.load(acc, 32), v128.load(x, 32)), 32);
    v128.store(acc, i64x2.add(v128.load(acc, 48), v128.load(x, 48)), 48);
    acc += 64;
    x += 64;
  }
  for (; i < count; i++) {
    store<u64>(acc, load<u64>(acc) + load<u64>(x));
    acc += 8;
    x += 8;
  }
}

// Eight rows in one pass: their memory answers side by side, and the sums are loaded and stored once.
export function addModuloEight32(
  acc: usize,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  x4: usize,
  x5: usize,
  x6: usize,
  x7: usize,
  count: i32,
): void {
  const end = acc + ((<usize>count & ~7) << 2);
  while (acc < end) {
    let low = v128.load(acc);
    let high = v128.load(acc, 16);
    low = i32x4.add(low, v128.load(x0));
    high = i32x4.add(high, v128.load(x0, 16));
    x0 += 32;
    low = i32x4.add(low, v128.load(x1));
    high = i32x4.add(high, v128.load(x1, 16));
    x1 += 32;
    low = i32x4.add(low, v128.load(x2));
    high = i32x4.add(high, v128.load(x2, 16));
    x2 += 32;
    low = i32x4.add(low, v128.load(x3));
    high = i32x4.add(high, v128.load(x3, 16));
    x3 += 32;
    low = i32x4.add(low, v128.load(x4));
    high = i32x4.add(high, v128.load(x4, 16));
    x4 += 32;
    low = i32x4.add(low, v128.load(x5));
    high = i32x4.add(high, v128.load(x5, 16));
    x5 += 32;
    low = i32x4.add(low, v128.load(x6));
    high = i32x4.add(high, v128.load(x6, 16));
    x6 += 32;
    low = i32x4.add(low, v128.load(x7));
    high = i32x4.add(high, v128.load(x7, 16));
    x7 += 32;
    v128.store(acc, low);
    v128.store(acc, high, 16);
    acc += 32;
  }
  for (let rest = count & 7; rest > 0; rest--) {
    const sum = load<u32>(x0) + load<u32>(x1) + load<u32>(x2) + load<u32>(x3);
    const more = load<u32>(x4) + load<u32>(x5) + load<u32>(x6) + load<u32>(x7);
    store<u32>(acc, load<u32>(acc) + sum + more);
    acc += 4;
    x0 += 4;
    x1 += 4;
    x2 += 4;
    x3 += 4;
    x4 += 4;
    x5 += 4;
    x6 += 4;
    x7 += 4;
  }
}

export function addModuloEight64(
  acc: usize,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  x4: usize,
  x5: usize,
  x6: usize,
  x7: usize,
  count: i32,
): void {
  const end = acc + ((<usize>count & ~3) << 3);
  while (acc < end) {
    let low = v128.load(acc);
    let high = v128.load(acc, 16);
    low = i64x2.add(low, v128.load(x0));
    high = i64x2.add(high, v128.load(x0, 16));
    x0 += 32;
    low = i64x2.add(low, v128.load(x1));
    high = i64x2.add(high, v128.load(x1, 16));
    x1 += 32;
    low = i64x2.add(low, v128.load(x2));
    high = i64x2.add(high, v128.load(x2, 16));
    x2 += 32;
    low = i64x2.add(low, v128.load(x3));
    high = i64x2.add(high, v128.load(x3, 16));
    x3 += 32;
    low = i64x2.add(low, v128.load(x4));
    high = i64x2.add(high, v128.load(x4, 16));
    x4 += 32;
    low = i64x2.add(low, v128.load(x5));
    high = i64x2.add(high, v128.load(x5, 16));
    x5 += 32;
    low = i64x2.add(low, v128.load(x6));
    high = i64x2.add(high, v128.load(x6, 16));
    x6 += 32;
    low = i64x2.add(low, v128.load(x7));
    high = i64x2.add(high, v128.load(x7, 16));
    x7 += 32;
    v128.store(acc, low);
    v128.store(acc, high, 16);
    acc += 32;
  }
  for (let rest = count & 3; rest > 0; rest--) {
    const sum = load<u64>(x0) + load<u64>(x1) + load<u64>(x2) + load<u64>(x3);
    const more = load<u64>(x4) + load<u64>(x5) + load<u64>(x6) + load<u64>(x7);
    store<u64>(acc, load<u64>(acc) + sum + more);
    acc += 8;
    x0 += 8;
    x1 += 8;
    x2 += 8;
    x3 += 8;
    x4 += 8;
    x5 += 8;
    x6 += 8;
    x7 += 8;
  }
}
