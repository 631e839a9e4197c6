/**
 * Session affinity: a Service that has it owns a map of clients and the endpoints they were sent to, and small chains
 * that read and fill it. All its frontends share them, so a client meets one endpoint whichever way it comes in.
 *
 * Clients of Local policies have a map of their own: who was sent to another node by the ClusterIP must stay on this
 * one by a load-balancer address.
 */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import {
  address,
  connectionAddress,
  connectionPort,
  type Fields,
  PROTOCOL,
} from '@menwei/netfilter/nft/field.ts';
import { dnatTo, goTo, isProtocol, rule, update } from '@menwei/netfilter/nft/statement.ts';
import type { Chain, SetDeclaration } from '@menwei/netlink/nftables';
import type { ServicePort } from '../../state/service-port.ts';
import { type FrontendKind, fitComment } from './names.ts';
import { chain, type Pick, pickChainName } from './pick-chains.ts';
import { addressType, endpointTypes } from './values.ts';

/** Remembered clients of a Service, at most. The kernel takes memory only for those there are. */
const MAX_CLIENTS = 1_000_000;

/** The endpoints a client may be remembered for: any, or those of this node. */
export type Among = Pick['among'];

/** Which maps clients of an endpoint go into, by the policies it is for. */
export type RememberedIn = Among | 'both';

const MAPS: Readonly<Record<RememberedIn, readonly Among[]>> = {
  all: ['all'],
  local: ['local'],
  both: ['local', 'all'],
};

/** What the chains and maps of a service port are named after: `ns/web/tcp/http`. */
export function affinityId({ namespace, name, protocol, portName }: ServicePort): string {
  return `${namespace}/${name}/${protocol.toLowerCase()}/${portName}`;
}

function prefixed(where: RememberedIn, name: string): string {
  return where === 'all' ? name : `${where}-${name}`;
}

function clientMapName(id: string, among: Among): string {
  return prefixed(among, `affinity-${id}`);
}

/** The map of a service port's clients. */
export function clientMap(port: ServicePort, among: Among): SetDeclaration {
  const comment = fitComment(`session affinity of ${port.displayName}`);
  return { ...clientMapNamed(clientMapName(affinityId(port), among), port.family), comment };
}

/** client → endpoint; filled by rules. */
export function clientMapNamed(name: string, family: IpFamily): SetDeclaration {
  const key = [addressType(family)];
  return {
    name,
    key,
    data: endpointTypes(family),
    interval: false,
    dynamic: true,
    size: MAX_CLIENTS,
    comment: '',
  };
}

/** Where the client went before, or else what `pick` gives. */
export function stickyChain(port: ServicePort, pick: Pick): Chain {
  const id = affinityId(port);
  const name = `${pick.kind === 'nodeport' ? 'nodeport-' : ''}${prefixed(pick.among, `sticky-${id}`)}`;
  const client = [address(port.family, 'saddr')];
  const remembered = dnatTo(port.family, client, clientMapName(id, pick.among));
  return chain(name, [
    // nft translates ports only where it sees that there are some.
    rule([isProtocol(port.protocol), remembered]),
    rule([goTo(pickChainName(pick))]),
  ]);
}

function rememberChainName(id: string, where: RememberedIn): string {
  return prefixed(where, `remember-${id}`);
}

/**
 * The chain that remembers which endpoint a client was sent to. It comes after the translation and takes the endpoint
 * from the connection; a client that is remembered already only gets new time.
 */
export function rememberChain(port: ServicePort, where: RememberedIn): Chain {
  const { family, sessionAffinitySeconds } = port;
  const id = affinityId(port);
  const client = [address(family, 'saddr')];
  const remembers = MAPS[where].map((among) =>
    rule([
      isProtocol(port.protocol),
      update(clientMapName(id, among), client, chosenEndpoint(family), sessionAffinitySeconds),
    ]),
  );
  return chain(rememberChainName(id, where), remembers);
}

/** The maps that the chain of such a verdict (`goto remember-…`) fills. */
export function affinityMapsOf(verdict: string): readonly string[] {
  const chainName = verdict.slice('goto '.length);
  const where = (['both', 'local'] as const).find((each) =>
    chainName.startsWith(rememberChainName('', each)),
  );
  const id = chainName.slice(rememberChainName('', where ?? 'all').length);
  return MAPS[where ?? 'all'].map((among) => clientMapName(id, among));
}

/** What a frontend is told by once the connection has been translated. */
export function originalFrontend(family: IpFamily, kind: FrontendKind): Fields {
  const port = [PROTOCOL, connectionPort('original', 'dst')];
  return kind === 'ip' ? [connectionAddress(family, 'original', 'daddr'), ...port] : port;
}

export function chosenEndpoint(family: IpFamily): Fields {
  return [connectionAddress(family, 'reply', 'saddr'), connectionPort('reply', 'src')];
}
