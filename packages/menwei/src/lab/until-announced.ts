/** Waiting until the Services of type LoadBalancer in a lab have their addresses, and somebody answers for those. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadBalancerStatus, ResidencePaths } from '@menwei/lab/residence.ts';
import { UserError } from '../setup/failure.ts';
import { residentOf } from './resident-lab.ts';
import { showProgress } from './until-programmed.ts';

const LOOK_EVERY_MS = 100;
/** An address is announced after others were asked for it, and a first owner waits for its peers. */
const WITHIN_MS = 20_000;
/** What is wrong with a Service or with pools does not mend by waiting; it is said once all objects are known. */
const REFUSED_MS = 3_000;
const MENDING = ['', 'NotAnnounced', 'NoEligibleNode', 'NoEndpoints', 'AddressInUse', 'ProviderError'];

/** @throws UserError with a line for each Service that is still pending then, and why */
export async function untilAnnounced(paths: ResidencePaths): Promise<void> {
  const start = performance.now();
  const shown = new Set<string>();
  for (;;) {
    const { loadBalancers } = await residentOf(paths);
    for (const service of loadBalancers) {
      const line = describeLoadBalancer(service);
      if (!shown.has(line)) showProgress(line);
      shown.add(line);
    }
    const pending = loadBalancers.filter(({ isReady }) => !isReady);
    if (pending.length === 0) return;
    const isRefused = pending.every(({ reason }) => !MENDING.includes(reason));
    if (performance.now() - start > (isRefused ? REFUSED_MS : WITHIN_MS)) {
      throw new UserError(pending.map((service) => `lab: ${describeLoadBalancer(service)}`));
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/** `default/web 192.168.49.200: announced from node-2`, `default/web: NoPool: there is no pool` */
export function describeLoadBalancer({ service, addresses, reason, message }: LoadBalancerStatus): string {
  const told = [reason, message].filter((text) => text !== '').join(': ');
  return `${[service, ...addresses].join(' ')}: ${told || 'no controller has looked at it yet'}`;
}
