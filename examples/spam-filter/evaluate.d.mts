import type { Scores } from './scores.mjs';

/** Scores a model file (safetensors) on the test set in the folder that prepare.mjs wrote. */
export function evaluate(options: { readonly data: string; readonly model: string }): Scores & {
  readonly mails: number;
};
