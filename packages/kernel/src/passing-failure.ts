/** Asking what a machine can do, when an answer is no answer: a probe may fail for a reason that says nothing about that. */
import { setTimeout as sleep } from 'node:timers/promises';
import { KernelError } from '@menwei/netlink';

const RETRY_MS = 1_000;
const MAX_TRIES = 10;

/**
 * Asks again while the answer is a failure that may pass. Throws that failure if it does not: it must not be taken for
 * what the machine can't do.
 */
export async function askUntilCertain<Answer>(
  ask: () => Answer | Promise<Answer>,
  signal: AbortSignal,
  retryMs = RETRY_MS,
): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    const answer = await ask();
    if (!(answer instanceof KernelError && answer.mayPass)) return answer;
    if (tries === MAX_TRIES) throw answer;
    await sleep(retryMs, undefined, { signal });
  }
}
