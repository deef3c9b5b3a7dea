import type { Slug } from '../shared/contracts/refusals.ts';

/** Makes an attempt fail with a reason: trying the same again would come to the same. */
export class AttemptFailed extends Error {
  override readonly name = 'AttemptFailed';
  readonly slug: Slug;
  constructor(slug: Slug, message: string) {
    super(message);
    this.slug = slug;
  }
}
