import type { HttpResponseInit } from '@azure/functions';
import type { Problem } from '../../shared/contracts/problem.ts';
import type { Slug } from '../../shared/contracts/refusals.ts';

const titles: Partial<Record<Slug, string>> = {
  'not-allowed': 'You may not do this',
  'not-found': 'There is no such thing',
  'wrong-state': 'This cannot be done in the present state',
  'idempotency-conflict': 'This Idempotency-Key was used with another body',
  'spec-invalid': 'The document is not valid',
  'spec-unknown-field': 'The document has fields that do not exist',
  'silo-unknown': 'A silo is not in the roster',
  'quorum-impossible': 'The quorum can never be reached',
  'deadline-past': 'The end lies in the past',
  'body-too-large': 'The body is too large',
  internal: 'Something went wrong on our side',
};

export function json(status: number, body: unknown, headers: Record<string, string> = {}): HttpResponseInit {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(body),
  };
}

/** An RFC 9457 problem document; `type` is the page that explains the slug. */
export function problem(
  status: number,
  slug: Slug,
  detail: string,
  more: Pick<Problem, 'errors' | 'instance'> & { headers?: Record<string, string> } = {},
): HttpResponseInit {
  const { headers, ...members } = more;
  const body: Problem = {
    type: `urn:tributary:problem:${slug}`,
    title: titles[slug] ?? slug,
    status,
    detail,
    slug,
    ...members,
  };
  return {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(body),
  };
}

export const notFound = (what: string): HttpResponseInit => problem(404, 'not-found', `There is no ${what}.`);
