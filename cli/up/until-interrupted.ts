/** Resolves at the first Ctrl-C, SIGTERM or hang-up. A second Ctrl-C ends the process at once. */
export function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = (): void => {
      if (asked) process.exit(130);
      asked = true;
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
    // Signal handlers alone do not keep the process alive.
    setInterval(() => undefined, 1 << 30);
  });
}
