/** Counters of a virtual server or a destination (linux/ip_vs.h: IPVS_STATS_ATTR_*). */
import { forEachAttribute } from '../../attribute-reader.ts';
import { viewOf } from '../../message.ts';
import { readU64 } from './attribute-fields.ts';
import { IPVS_STATS_ATTR } from './constants.ts';
import type { Counters } from './contract.ts';

const FIELDS: ReadonlyMap<number, keyof Counters> = new Map([
  [IPVS_STATS_ATTR.CONNS, 'connections'],
  [IPVS_STATS_ATTR.INPKTS, 'packetsIn'],
  [IPVS_STATS_ATTR.OUTPKTS, 'packetsOut'],
  [IPVS_STATS_ATTR.INBYTES, 'bytesIn'],
  [IPVS_STATS_ATTR.OUTBYTES, 'bytesOut'],
]);

/** What lies in an attribute STATS64; without one all is 0. Throws KernelError when malformed. */
export function readCounters(bytes: Uint8Array, from: number, to: number): Counters {
  const counters = { connections: 0n, packetsIn: 0n, packetsOut: 0n, bytesIn: 0n, bytesOut: 0n };
  const view = viewOf(bytes);
  forEachAttribute(bytes, from, to, (type, valueFrom, valueTo) => {
    const field = FIELDS.get(type);
    if (field !== undefined) counters[field] = readU64(view, valueFrom, valueTo);
  });
  return counters;
}
