/** Who sends a packet, as conditions of rules. */
import { cidrContains, parseKnownCidr } from '@menwei/addresses/ip.ts';
import type { LocalDetector, NodeView } from '../../services/node-view.ts';
import { podSource, type Source } from '../xtables/pod-source.ts';

/** Ranges of addresses; undefined: all there are. */
export type Ranges = readonly string[] | undefined;

/** Everybody in the ranges. Conditions of which one has to be met. */
export function anybody(ranges: Ranges): readonly Source[] {
  return ranges === undefined ? [{}] : ranges.map((source) => ({ source }));
}

/** The pods of this node in the ranges; nobody if pods can't be recognised. */
export function podsHere(detector: LocalDetector, ranges: Ranges): readonly Source[] {
  if (detector.by === 'cidr' && ranges !== undefined) {
    return anybody(ranges.flatMap((range) => intersection(range, detector.cidr) ?? []));
  }
  const fromPod = podSource(detector);
  return fromPod === undefined ? [] : anybody(ranges).map((source) => ({ ...source, ...fromPod }));
}

/**
 * Where pods are recognised by the range of the whole cluster, those of other nodes come to NodePorts, too. The range that the
 * Node gives to its pods tells them apart; a network that gives out other addresses has its pods taken for those of others there.
 */
export function narrowToNode({ detectLocal, podCIDR }: NodeView): LocalDetector {
  if (detectLocal.by !== 'cidr' || podCIDR === undefined || podCIDR === detectLocal.cidr) return detectLocal;
  return intersection(podCIDR, detectLocal.cidr) === podCIDR ? { by: 'cidr', cidr: podCIDR } : detectLocal;
}

/** Networks are nested or disjoint. */
function intersection(one: string, other: string): string | undefined {
  const [wider, narrower] = [parseKnownCidr(one), parseKnownCidr(other)].sort(
    (a, b) => a.prefixLength - b.prefixLength,
  );
  if (wider === undefined || narrower === undefined) return undefined;
  return cidrContains(wider, narrower.address) ? narrower.text : undefined;
}
