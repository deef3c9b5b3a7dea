/** A binary heap that yields the item with the smallest key first. */
export interface MinHeap<T> {
  readonly size: number;
  peek(): T | undefined;
  push(item: T): void;
  pop(): T | undefined;
  /** Keeps only the items that pass; costs one pass over all of them. */
  retain(keep: (item: T) => boolean): void;
}

export function createMinHeap<T>(keyOf: (item: T) => number): MinHeap<T> {
  let items: T[] = [];

  const key = (index: number): number => {
    const item = items[index];
    return item === undefined ? Infinity : keyOf(item);
  };
  const swap = (a: number, b: number): void => {
    const first = items[a];
    const second = items[b];
    if (first === undefined || second === undefined) return;
    items[a] = second;
    items[b] = first;
  };
  const sink = (from: number): void => {
    let at = from;
    for (;;) {
      const left = 2 * at + 1;
      const child = key(left + 1) < key(left) ? left + 1 : left;
      if (child >= items.length || key(child) >= key(at)) return;
      swap(at, child);
      at = child;
    }
  };

  return {
    get size() {
      return items.length;
    },
    peek: () => items[0],
    push(item) {
      let at = items.push(item) - 1;
      while (at > 0 && key(at) < key((at - 1) >> 1)) {
        swap(at, (at - 1) >> 1);
        at = (at - 1) >> 1;
      }
    },
    pop() {
      const top = items[0];
      const last = items.pop();
      if (items.length > 0 && last !== undefined) {
        items[0] = last;
        sink(0);
      }
      return top;
    },
    retain(keep) {
      items = items.filter(keep);
      for (let index = (items.length >> 1) - 1; index >= 0; index--) sink(index);
    },
  };
}
