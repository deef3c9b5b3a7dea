import { signal } from '../shared/contracts/signal.ts';
import type { Services } from '../shared/ports/services.ts';

/** Signs of life: shown to operators, believed by nobody. What does not parse is dropped. */
export async function handleSignal(message: unknown, services: Services): Promise<void> {
  const parsed = signal.safeParse(message);
  if (!parsed.success) return;
  await services.signals.post(parsed.data, new Date(services.clock.now()).toISOString());
}
