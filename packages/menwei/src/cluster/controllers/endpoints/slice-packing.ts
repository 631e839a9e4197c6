/** Which endpoint stands in which slice: as few slices written as can be, none of them too large, and no rebalancing. */
import type { Messages } from '../../schema/messages.ts';
import { type EndpointPort, portsKey } from './endpoint-ports.ts';
import type { Endpoint, EndpointGroup } from './wanted-endpoints.ts';

/** As the API has it. */
export type EndpointSlice = Messages['discovery.v1.EndpointSlice'];

/** A slice as it should be. */
export interface PackedSlice {
  /** What it is now; undefined for a new one. */
  readonly existing: EndpointSlice | undefined;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

interface Packing {
  readonly slices: readonly PackedSlice[];
  /** Nothing is left for these. */
  readonly emptied: readonly EndpointSlice[];
}

/**
 * @param groups by the key of their ports
 * @param existing the Service's slices of one family
 * @param capacity endpoints that a slice may have
 */
export function packEndpoints(
  groups: ReadonlyMap<string, EndpointGroup>,
  existing: readonly EndpointSlice[],
  capacity: number,
): Packing {
  const byPorts = Map.groupBy(existing, ({ ports }) => portsKey(ports ?? []));
  const packings = Array.from(groups, ([key, group]) => packGroup(group, byPorts.get(key) ?? [], capacity));
  const unwanted = Array.from(byPorts).flatMap(([key, slices]) => (groups.has(key) ? [] : slices));
  return {
    slices: packings.flatMap(({ slices }) => slices),
    emptied: [...packings.flatMap(({ emptied }) => emptied), ...unwanted],
  };
}

/**
 * Equal for endpoints between which no reader sees a difference.
 *
 * @param hints those of the endpoint unless given
 */
export function endpointText(endpoint: Endpoint, hints: Endpoint['hints'] | null = endpoint.hints): string {
  const { addresses, conditions = {}, hostname, targetRef = {}, nodeName, zone } = endpoint;
  return JSON.stringify([
    addresses,
    [conditions.ready, conditions.serving, conditions.terminating],
    [hostname, nodeName, zone],
    [targetRef.kind, targetRef.namespace, targetRef.name, targetRef.uid],
    [hints?.forZones?.map(({ name }) => name), hints?.forNodes?.map(({ name }) => name)],
    endpoint.deprecatedTopology,
  ]);
}

/** A slice while it is packed. */
interface Bin {
  readonly existing: EndpointSlice | undefined;
  readonly endpoints: Map<string, Endpoint>;
  /** It will be written. */
  isChanged: boolean;
}

function packGroup(group: EndpointGroup, existing: readonly EndpointSlice[], capacity: number): Packing {
  const left = new Map(group.endpoints);
  const all = existing.map((slice) => keepWanted(slice, left));
  const bins = all.filter(({ endpoints }) => endpoints.size > 0);
  const changed = bins.filter(({ isChanged }) => isChanged).sort(byFullness);
  for (const bin of changed) fill(bin, left, capacity);
  while (left.size > 0) {
    const bin = roomFor(left.size, bins, capacity) ?? newBin(bins);
    fill(bin, left, capacity);
  }
  return {
    slices: bins.map((bin) => ({
      existing: bin.existing,
      ports: group.ports,
      endpoints: inOrder(bin, group),
    })),
    emptied: all.flatMap((bin) => (bin.existing !== undefined && !bins.includes(bin) ? [bin.existing] : [])),
  };
}

/** Takes out of `left` what the slice has and should have, refreshed. */
function keepWanted(existing: EndpointSlice, left: Map<string, Endpoint>): Bin {
  const bin: Bin = { existing, endpoints: new Map(), isChanged: false };
  for (const present of existing.endpoints ?? []) {
    const uid = present.targetRef?.uid ?? '';
    const wanted = left.get(uid);
    if (wanted === undefined) {
      bin.isChanged = true;
      continue;
    }
    left.delete(uid);
    bin.endpoints.set(uid, wanted);
    if (endpointText(wanted, null) !== endpointText(present, null)) bin.isChanged = true;
  }
  return bin;
}

function byFullness(one: Bin, other: Bin): number {
  return other.endpoints.size - one.endpoints.size;
}

/** The unchanged slice that becomes the fullest with all that is left. */
function roomFor(count: number, bins: readonly Bin[], capacity: number): Bin | undefined {
  if (count >= capacity) return undefined;
  const fitting = bins.filter((bin) => !bin.isChanged && bin.endpoints.size + count <= capacity);
  return fitting.sort(byFullness)[0];
}

function newBin(bins: Bin[]): Bin {
  const bin: Bin = { existing: undefined, endpoints: new Map(), isChanged: true };
  bins.push(bin);
  return bin;
}

function fill(bin: Bin, left: Map<string, Endpoint>, capacity: number): void {
  for (const [uid, endpoint] of left) {
    if (bin.endpoints.size >= capacity) return;
    left.delete(uid);
    bin.endpoints.set(uid, endpoint);
    bin.isChanged = true;
  }
}

/** What nobody has to write keeps its order. */
function inOrder(bin: Bin, group: EndpointGroup): readonly Endpoint[] {
  if (!bin.isChanged) return [...bin.endpoints.values()];
  return Array.from(group.endpoints).flatMap(([uid, endpoint]) => (bin.endpoints.has(uid) ? [endpoint] : []));
}
