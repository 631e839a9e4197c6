/** What a Service's wishes for its connections mean in the words of IPVS. */
import {
  type Destination,
  SERVER_PERSISTENT,
  SERVER_SCHEDULER_FALLBACK,
  SERVER_SCHEDULER_PORT,
  type VirtualServer,
} from '@menwei/netlink/ipvs';
import type { SchedulerFlag } from '../../kubernetes/objects.ts';
import { SLOW_START_STEPS } from '../../services/apportionment.ts';
import type { Endpoint, ServicePort } from '../../state/service-port.ts';
import type { IpvsOptions } from './options.ts';

/** With slow start all weights are so much larger for each of its steps: schedulers that go by weight alone see no tenths. */
const WEIGHT_OF_STEP = 10;

/** Those that pass weights over have a sibling that does the same for equal weights; only that lets one grow. */
const WEIGHTED: ReadonlyMap<string, string> = new Map([
  ['rr', 'wrr'],
  ['lc', 'wlc'],
]);

/**
 * Schedulers that have the flags. kube-proxy makes mh look at the port, and sh not, and gives neither the other flag: then
 * clients of a destination with weight 0 are refused.
 */
const DEFAULT_FLAGS: ReadonlyMap<string, readonly SchedulerFlag[]> = new Map([
  ['sh', ['fallback']],
  ['mh', ['port', 'fallback']],
]);

const FLAG_BITS: Readonly<Record<SchedulerFlag, number>> = {
  port: SERVER_SCHEDULER_PORT,
  fallback: SERVER_SCHEDULER_FALLBACK,
};

/** All of a virtual server but where it is. */
export function scheduling(port: ServicePort, options: IpvsOptions): Omit<VirtualServer, 'frontend'> {
  const { sessionAffinitySeconds, balancing } = port;
  const wanted = balancing.scheduler || options.scheduler;
  const defaults = DEFAULT_FLAGS.get(wanted);
  const flags = defaults === undefined ? [] : (balancing.schedulerFlags ?? defaults);
  const persistent = sessionAffinitySeconds > 0 ? SERVER_PERSISTENT : 0;
  return {
    scheduler: (balancing.slowStartMs > 0 ? WEIGHTED.get(wanted) : undefined) ?? wanted,
    flags: flags.reduce((bits, flag) => bits | FLAG_BITS[flag], persistent),
    timeoutSeconds: sessionAffinitySeconds,
  };
}

/**
 * Whether the scheduler sends the clients of a destination with weight 0 elsewhere. Where a client's place is fixed, they
 * would be refused as long as the destination is there (ip_vs_dh.c, ip_vs_sh.c, ip_vs_mh.c), so there nothing can drain.
 */
export function canDrain({ scheduler, flags }: Pick<VirtualServer, 'scheduler' | 'flags'>): boolean {
  if (scheduler === 'sh' || scheduler === 'mh') return (flags & SERVER_SCHEDULER_FALLBACK) !== 0;
  return scheduler !== 'dh';
}

/** The destination that an endpoint is; undefined for one that gets no new connections by its weight. */
export function destinationOf(
  { ip, port: number, weight, slowStartStep = SLOW_START_STEPS }: Endpoint,
  { balancing }: ServicePort,
  options: IpvsOptions,
  forwarding: Destination['forwarding'],
): Destination | undefined {
  if (weight === 0) return undefined;
  if (balancing.slowStartMs === 0) return { ip, port: number, weight, forwarding };
  const share = WEIGHTED.has(balancing.scheduler || options.scheduler) ? 1 : weight;
  return { ip, port: number, weight: share * slowStartStep * WEIGHT_OF_STEP, forwarding };
}
