/** Units for tests, and short texts of what they say. Only tests import this file. */
import { formatHostPort } from '@menwei/addresses/ip.ts';
import { compile } from 'menwei/backends/ipvs/compile.ts';
import type { IpvsOptions } from 'menwei/backends/ipvs/options.ts';
import type { ServerContent } from 'menwei/backends/ipvs/state.ts';
import type { IpvsUnit } from 'menwei/backends/ipvs/unit.ts';
import type { NodeView } from 'menwei/services/node-view.ts';
import { aNodeView, anEndpoint, aServicePort, type ServicePortFields } from '../../services/testing.ts';

export const OPTIONS: IpvsOptions = {
  family: 'IPv4',
  masqueradeMark: 1 << 14,
  masqueradeAll: false,
  answeredVIPs: 'pools',
  scheduler: 'rr',
};

export const NODE = aNodeView({ ip: '192.0.2.1', localAddresses: ['10.180.0.254', '192.0.2.1'] });

/** Conditions of endpoints, which are ready unless told otherwise. */
export const HERE = { isLocal: true } as const;
export const LEAVING = { ready: false, terminating: true } as const;
export const GONE = { ready: false, serving: false, terminating: true } as const;
export const UNREADY = { ready: false, serving: false } as const;
export const IDLE = { weight: 0 } as const;

type Conditions = Parameters<typeof anEndpoint>[0];

/** Endpoints 10.0.0.1:80, 10.0.0.2:80 … in these conditions. */
export function endpoints(...conditions: readonly Conditions[]) {
  return conditions.map((each, index) => anEndpoint({ ip: `10.0.0.${index + 1}`, port: 80, ...each }));
}

export function unitOf(
  fields: ServicePortFields,
  node: NodeView = NODE,
  options: Partial<IpvsOptions> = {},
): IpvsUnit {
  return compile(aServicePort(fields), node, { ...OPTIONS, ...options });
}

/** `172.30.0.1:80 → 1 2 ~ 3`: the last numbers of the endpoints, and of those that linger. */
function reachOf({ server: { frontend }, destinations, lingering }: ServerContent): string {
  if ('mark' in frontend) throw new Error('BUG: a virtual server without an address');
  const last = (texts: Iterable<string>) =>
    Array.from(texts, (text) => /(\d+)\]?:\d+$/.exec(text)?.[1]).join(' ');
  const lingers = lingering.size === 0 ? '' : ` ~ ${last(lingering)}`;
  return `${formatHostPort(frontend.ip, frontend.port)} → ${last(destinations.keys())}${lingers}`.trimEnd();
}

export function reachesOf(unit: IpvsUnit): readonly string[] {
  return unit.servers.map(reachOf);
}

export function membersOf({ members }: IpvsUnit, set: string): readonly string[] {
  return members.filter((member) => member.set === set).map(({ entry }) => entry);
}

/** Sets with their members, but for those that every virtual server and every address is in. */
export function joinedBy({ members }: IpvsUnit): readonly string[] {
  return members
    .filter(({ set }) => !/VIRTUAL-SERVERS|IPVS-IPS|LOOP-BACK/.test(set))
    .map(({ set, entry }) => `${set.replace('KUBE-', '')} ${entry}`);
}
