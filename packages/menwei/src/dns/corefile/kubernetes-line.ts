/** `kubernetes [ZONES…] { … }`. */

import { isWithin } from '../wire/name.ts';
import { POD_MODES, type PodMode } from '../zone/zone-options.ts';
import type { Directive } from './block.ts';
import { type Findings, fallthroughZones } from './findings.ts';
import type { KubernetesLines } from './options.ts';

/** What CoreDNS takes unless told otherwise, and the most that it takes. */
const TTL_SECONDS = 5;
const MAX_TTL_SECONDS = 3600;
const REVERSE = ['in-addr.arpa', 'ip6.arpa'];

export function readKubernetes(
  found: Findings,
  directive: Directive,
  blockZones: readonly string[],
): KubernetesLines {
  const named = directive.args.length === 0 ? blockZones : found.domains(directive, directive.args);
  const isReverse = (zone: string) => REVERSE.some((reverse) => isWithin(zone, reverse));
  let lines: KubernetesLines = {
    zones: named.filter((zone) => !isReverse(zone)),
    reverseZones: named.filter(isReverse),
    pods: 'disabled',
    ttlSeconds: TTL_SECONDS,
    endpointPodNames: false,
    fallthrough: [],
  };
  if (lines.zones.length === 0) found.complain(directive, 'no zone is named, such as cluster.local');
  if (lines.zones.includes('')) found.complain(directive, 'the zone can not be all names');
  for (const option of directive.body) lines = { ...lines, ...readOption(found, directive, option) };
  return lines;
}

function readOption(found: Findings, directive: Directive, option: Directive): Partial<KubernetesLines> {
  switch (option.name) {
    case 'pods':
      return { pods: readPodMode(found, option) };
    case 'ttl':
      return { ttlSeconds: found.number(option, found.args(option, 1)[0], MAX_TTL_SECONDS, TTL_SECONDS) };
    case 'endpoint_pod_names':
      found.args(option, 0);
      return { endpointPodNames: true };
    case 'fallthrough':
      return { fallthrough: fallthroughZones(found, option) };
    default:
      found.refuse(directive, option);
      return {};
  }
}

function readPodMode(found: Findings, option: Directive): PodMode {
  const [text] = found.args(option, 1);
  const mode = POD_MODES.find((each) => each === text);
  if (mode === undefined)
    found.complain(option, `${JSON.stringify(text ?? '')} is none of ${POD_MODES.join(', ')}`);
  return mode ?? 'disabled';
}
