/** Asking whether somebody else has an address: load-balancer § 5.6. */
import { pause } from '../../scheduling/pause.ts';
import type { ProbeTiming } from '../speaker.ts';
import type { Responder } from './responder.ts';

/**
 * The MAC address of who says first that they have it; undefined: nobody did. Rejects with the signal's reason, and with an
 * error when it can't ask or hear: then nobody knows.
 */
export async function probeAddress(
  responder: Responder,
  address: string,
  { count, intervalMs }: ProbeTiming,
  signal: AbortSignal,
): Promise<string | undefined> {
  signal.throwIfAborted();
  const end = new AbortController();
  let outcome: { readonly mac: string } | { readonly error: Error } | undefined;
  const settle = (first: NonNullable<typeof outcome>): void => {
    outcome ??= first;
    end.abort();
  };
  using _question = responder.listen(address, {
    answered: (mac) => settle({ mac }),
    failed: (error) => settle({ error }),
  });
  const either = AbortSignal.any([signal, end.signal]);
  for (let asked = 0; asked < count && !either.aborted; asked++) {
    responder.ask(address);
    await pause(intervalMs, either);
  }
  if (outcome !== undefined && 'mac' in outcome) return outcome.mac;
  if (outcome !== undefined) throw outcome.error;
  signal.throwIfAborted();
  return undefined;
}
