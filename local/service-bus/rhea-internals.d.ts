/** The part of rhea's frame encoder that the adapter writes disposition frames with. */
declare module 'rhea/lib/frames.js' {
  const frames: {
    disposition(fields: {
      role: boolean;
      first: number;
      last: number;
      settled: boolean;
      state: unknown;
    }): unknown;
  };
  export default frames;
}
