import { type SealedReply, sealedReply } from '../../../shared/contracts/manifest.ts';
import type { AgentCloud } from './agent-cloud.ts';
import { eventually } from './eventually.ts';

/** Sealed replies to this plan from queue `updates`; others that are there are thrown away. */
export async function repliesTo(cloud: AgentCloud, plan: string): Promise<SealedReply[]> {
  const replies: SealedReply[] = [];
  await eventually(async () => {
    for (const body of await cloud.take('updates')) {
      const reply = sealedReply.parse(body);
      if (reply.m.h.plan === plan) replies.push(reply);
    }
    return replies.length > 0;
  }, 'a reply');
  return replies;
}
