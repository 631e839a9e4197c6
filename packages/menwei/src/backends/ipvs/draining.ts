/** Destinations that drain: what a look at the kernel, and the clock, make of them. */
import { type Frontend, type IpvsClient, type IpvsEdit, isGone } from '@menwei/netlink/ipvs';
import type { DrainingDestinations } from './draining-destinations.ts';

type Removal = Extract<IpvsEdit, { change: 'remove-destination' }>;

/** Ends those draining destinations that are idle or have had their time. Throws KernelError. */
export async function endDrained(
  ipvs: IpvsClient,
  draining: DrainingDestinations,
  frontends: Iterable<Frontend>,
  nowMs: number,
  signal: AbortSignal,
): Promise<void> {
  const done: Removal[] = [];
  for (const frontend of frontends) {
    signal.throwIfAborted();
    const held = await ipvs.observeDestinations(frontend, signal);
    for (const destination of draining.findDrained(frontend, held, nowMs)) {
      done.push({ change: 'remove-destination', frontend, destination });
    }
  }
  if (done.length === 0) return;
  const refused = await ipvs.apply(done, signal);
  const failed = refused.filter(({ error }) => !isGone(error));
  const left = new Set(failed.map(({ edit }) => edit));
  for (const edit of done) if (!left.has(edit)) draining.forget(edit.frontend, edit.destination);
  const [first] = failed;
  if (first !== undefined) throw first.error;
}
