/** Hints in proportion to the zones' CPUs, for Services that ask for topology-aware routing (cluster § 11.1). */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { NodeFacts } from './node-facts.ts';
import type { Endpoint } from './wanted-endpoints.ts';

/** How much more than its share of the traffic an endpoint may get. */
const OVERLOAD_THRESHOLD = 0.2;

export interface ZoneHints {
  /** One endpoint each, in the order of what was given; all without hints if `disabled` says why. */
  readonly endpoints: readonly Endpoint[];
  readonly disabled: string | undefined;
}

/**
 * @param endpoints all of a Service in one family; the hints that they have are kept where they still do
 * @param nodes of the whole cluster
 */
export function zoneHints(
  endpoints: readonly Endpoint[],
  nodes: Iterable<NodeFacts>,
  family: IpFamily,
): ZoneHints {
  const ready = endpoints.filter(isReady);
  const allotment = allotZones(ready.length, nodes);
  const hasUnknownZone = ready.some(({ zone = '' }) => zone === '');
  if (typeof allotment === 'string' || hasUnknownZone) {
    const why =
      typeof allotment === 'string' ? allotment : 'One or more endpoints do not have a zone specified';
    return { endpoints: endpoints.map(withoutHints), disabled: `${why}, addressType: ${family}` };
  }
  const zones = endpoints.map((endpoint) => (isReady(endpoint) ? zoneFor(endpoint, allotment) : undefined));
  balance(zones, allotment);
  const hinted = endpoints.map((endpoint, index) => {
    const name = zones[index];
    return name === undefined ? withoutHints(endpoint) : { ...endpoint, hints: { forZones: [{ name }] } };
  });
  return { endpoints: hinted, disabled: undefined };
}

/** Endpoints that each zone should have by its CPUs, or why that can't be done. */
function allotZones(count: number, nodes: Iterable<NodeFacts>): ReadonlyMap<string, number> | string {
  const cpus = cpusByZone(nodes);
  if (cpus === undefined)
    return 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes';
  if (cpus.size < 2) return 'Nodes only ready in one zone';
  const counts = `(${count} endpoints, ${cpus.size} zones)`;
  if (cpus.size > count) return `Insufficient number of endpoints ${counts}`;
  const total = [...cpus.values()].reduce((sum, each) => sum + each, 0);
  let spare = count;
  const allotment = new Map<string, number>();
  for (const [zone, cpu] of cpus) {
    const desired = (cpu / total) * count;
    const least = Math.ceil(desired / (1 + OVERLOAD_THRESHOLD));
    spare -= least;
    allotment.set(zone, Math.max(desired, least));
  }
  if (spare >= 0) return allotment;
  return `Unable to allocate minimum required endpoints to each zone without exceeding overload threshold ${counts}`;
}

/** Undefined: not all nodes tell enough. */
function cpusByZone(nodes: Iterable<NodeFacts>): ReadonlyMap<string, number> | undefined {
  const cpus = new Map<string, number>();
  for (const { countsForHints, zone, milliCpus } of nodes) {
    if (!countsForHints) continue;
    if (zone === '' || milliCpus === 0) return undefined;
    cpus.set(zone, (cpus.get(zone) ?? 0) + milliCpus);
  }
  return cpus.size === 0 ? undefined : new Map(Array.from(cpus).sort());
}

/** The one that it was allotted before, if that is still one; else its own. */
function zoneFor({ zone = '', hints }: Endpoint, allotment: ReadonlyMap<string, number>): string {
  const former = hints?.forZones?.length === 1 ? hints.forZones[0]?.name : undefined;
  return former !== undefined && allotment.has(former) ? former : zone;
}

/** Moves endpoints, as few as will do, from the zones that have most too many to those that have most too few. */
function balance(zones: (string | undefined)[], allotment: ReadonlyMap<string, number>): void {
  const surplus = new Map(Array.from(allotment, ([zone, desired]) => [zone, -desired]));
  for (const zone of zones) if (zone !== undefined) surplus.set(zone, (surplus.get(zone) ?? 0) + 1);
  for (;;) {
    const [giving, surplusOfGiving] = most(surplus, 1);
    const [receiving, surplusOfReceiving] = most(surplus, -1);
    const [toGive, toReceive] = [surplusOfGiving, -surplusOfReceiving];
    if (toGive < 0.5 || toReceive < 0.5 || (toGive < 1 && toReceive < 1)) return;
    zones[zones.indexOf(giving)] = receiving;
    surplus.set(giving, toGive - 1);
    surplus.set(receiving, 1 - toReceive);
  }
}

function most(surplus: ReadonlyMap<string, number>, sign: 1 | -1): readonly [zone: string, surplus: number] {
  return Array.from(surplus).reduce((best, each) => (each[1] * sign > best[1] * sign ? each : best));
}

function isReady({ conditions }: Endpoint): boolean {
  return conditions?.ready === true;
}

function withoutHints({ hints: _, ...endpoint }: Endpoint): Endpoint {
  return endpoint;
}
