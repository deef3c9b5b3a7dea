/** What the exit code of every command means; docs/cli.md and the help's last lines say the same. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  experimentFailed: 3,
  notAllowed: 4,
  notFound: 5,
  conflict: 6,
  timeout: 7,
  unreachable: 8,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodeHelp = `
Exit codes:
  0 ok   1 failed   2 usage or invalid document   3 experiment ended failed or cancelled
  4 not signed in or not allowed   5 not found   6 conflict or wrong state
  7 timeout   8 unreachable   130 Ctrl-C`;
