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
