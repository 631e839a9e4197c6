/** Flags about the node that are no field of the configuration. */
import { familyOf, isWildcard, parseIp } from '@menwei/addresses/ip.ts';
import type { Refuse } from './document.ts';
import { type NodeTaint, type PortRange, TAINT_EFFECTS } from './settings.ts';

/** `--node-ip`, as the kubelet's flag of this name: one address, or one of each family. */
export function readNodeIPs(text: string, refuse: Refuse): readonly string[] {
  if (text === '') return [];
  const ips = text.split(',').map((part) => parseIp(part.trim()));
  const known = ips.filter((ip) => ip !== undefined && !isWildcard(ip)).map(String);
  const families = new Set(known.map(familyOf));
  if (known.length < ips.length || families.size < ips.length) {
    const allowed = 'must be an IP address, or an IPv4 and an IPv6 address with a comma between';
    refuse({ field: '--node-ip', value: text, allowed });
  }
  return known;
}

/** `30000-32767`, as kube-apiserver's flag of the same name; undefined: it is no range of ports. */
export function parseNodePortRange(text: string): PortRange | undefined {
  const match = /^(\d{1,5})-(\d{1,5})$/.exec(text);
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  return match !== null && first >= 1 && last <= 65_535 && first <= last ? { first, last } : undefined;
}

/** `--service-node-port-range`; empty: as of a kube-apiserver that is told nothing. */
export function readNodePortRange(text: string, refuse: Refuse): PortRange {
  const range = text === '' ? DEFAULT_NODE_PORT_RANGE : parseNodePortRange(text);
  if (range !== undefined) return range;
  refuse({
    field: '--service-node-port-range',
    value: text,
    allowed: 'must be a range of ports like 30000-32767',
  });
  return DEFAULT_NODE_PORT_RANGE;
}

const DEFAULT_NODE_PORT_RANGE: PortRange = { first: 30_000, last: 32_767 };

/** Kubernetes' qualified names: `example.com/not-ready`, `not-ready`. */
const NAME = /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const PREFIX = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** `--taint-until-ready`: `key` or `key:effect`. Undefined: there is none. */
export function readTaint(text: string, refuse: Refuse): NodeTaint | undefined {
  if (text === '') return undefined;
  const [key = '', effectName, ...rest] = text.split(':');
  const effect = TAINT_EFFECTS.find((each) => each === effectName);
  const [name = '', prefix, ...more] = key.split('/').reverse();
  const isKey = NAME.test(name) && (prefix === undefined || PREFIX.test(prefix)) && more.length === 0;
  if (isKey && rest.length === 0 && (effectName === undefined || effect !== undefined))
    return { key, effect };
  const allowed = `must be the key of a taint, or key:effect with one of ${TAINT_EFFECTS.join(', ')}`;
  refuse({ field: '--taint-until-ready', value: text, allowed });
  return undefined;
}
