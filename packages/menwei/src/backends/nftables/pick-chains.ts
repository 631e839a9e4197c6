/**
 * The chains that choose an endpoint: one for each number of endpoints, not for each Service. `pick-3/7` takes a random
 * slot of three and looks up in part 7 who sits there; all Services of that part with three endpoints share it. Frontends
 * lead to them by numbers.
 */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { address, type Fields, PORT, PROTOCOL, randomSlot } from '@menwei/netfilter/nft/field.ts';
import { dnatTo, FORGET_NUMBER, goTo, rule, setMark, verdictOf } from '@menwei/netfilter/nft/statement.ts';
import type { Bytes, Chain, Element, Rule } from '@menwei/netlink/nftables';
import { endpointMap, type FrontendKind, SETS } from './names.ts';
import type { NftablesOptions } from './options.ts';
import { numberValue } from './values.ts';

/** Endpoints of this node alone sit in slots from here on, so that they can be chosen by themselves. */
export const FIRST_LOCAL_SLOT = 1_000_000;

/** One of `count` endpoints, each with the same chance, that sit in a part of the endpoints' maps. */
interface Chance {
  readonly part: number;
  readonly count: number;
}

export interface Pick {
  readonly kind: FrontendKind;
  /** Among all endpoints, or those on this node. */
  readonly among: 'all' | 'local';
  /** By chance, or first by what the chain of the service port remembers of the client. */
  readonly by: Chance | 'memory';
  /** The client's address is hidden behind the node's. */
  readonly masqueraded: boolean;
}

/** What a frontend is told by, in packets. */
export function frontendFields(family: IpFamily, kind: FrontendKind): Fields {
  return kind === 'ip' ? [address(family, 'daddr'), PROTOCOL, PORT] : [PROTOCOL, PORT];
}

export function pickChainName({ kind, among, by, masqueraded }: Pick): string {
  const where = `${kind === 'nodeport' ? 'nodeport-' : ''}${masqueraded ? 'external-' : ''}`;
  if (by === 'memory') return `${where}${among === 'all' ? 'sticky' : 'local-sticky'}`;
  return `${where}${among === 'all' ? 'pick' : 'local'}-${by.count}/${by.part}`;
}

/** The other way round; undefined: it is another chain. */
export function parsePickChainName(name: string): Pick | undefined {
  const [whole, nodeport, external, memory, local, count = '', part = ''] =
    /^(nodeport-)?(external-)?(?:((?:local-)?sticky)|(?:pick|(local))-(\d+)\/(\d+))$/.exec(name) ?? [];
  if (whole === undefined) return undefined;
  return {
    kind: nodeport === undefined ? 'ip' : 'nodeport',
    among: local === undefined && memory !== 'local-sticky' ? 'all' : 'local',
    by: memory === undefined ? { part: Number(part), count: Number(count) } : 'memory',
    masqueraded: external !== undefined,
  };
}

const COUNT_BITS = 20;
const PART_BITS = 4;
const MASQUERADED = 1;
const LOCAL = 2;
const MEMORY = 4;

/** What leads to the chain: nft writes `270:3` for three endpoints of this node, in part 7. */
export function pickNumber({ among, by, masqueraded }: Pick): Bytes {
  const flags =
    (masqueraded ? MASQUERADED : 0) | (among === 'local' ? LOCAL : 0) | (by === 'memory' ? MEMORY : 0);
  const { part, count } = by === 'memory' ? { part: 0, count: 0 } : by;
  return numberValue((((flags << PART_BITS) | part) << COUNT_BITS) | count);
}

/** What a pick needs in the table, once for all that use it. */
export interface PickChain {
  readonly chain: Chain;
  /** Of the map of picks. */
  readonly map: string;
  readonly element: Element;
}

/** The chain and those it leads to; each stands after the ones it leads to. */
export function pickChains(pick: Pick, options: NftablesOptions): readonly PickChain[] {
  const name = pickChainName(pick);
  const next = { ...pick, masqueraded: false };
  const made = {
    chain: chain(name, pick.masqueraded ? markRules(next, options) : pickRules(pick, options)),
    map: SETS[pick.kind].picks,
    element: { key: pickNumber(pick), data: `goto ${name}`, comment: '' },
  };
  return pick.masqueraded ? [...pickChains(next, options), made] : [made];
}

function markRules(next: Pick, { masqueradeMark }: NftablesOptions): readonly Rule[] {
  return [rule([setMark(masqueradeMark)]), rule([goTo(pickChainName(next))])];
}

function pickRules({ kind, among, by }: Pick, { family }: NftablesOptions): readonly Rule[] {
  const frontend = frontendFields(family, kind);
  if (by === 'memory') return [rule([FORGET_NUMBER, verdictOf(frontend, SETS[kind].sticky[among])])];
  const slot = randomSlot(by.count, among === 'all' ? 0 : FIRST_LOCAL_SLOT);
  return [rule([FORGET_NUMBER, dnatTo(family, [...frontend, slot], endpointMap(kind, by.part))])];
}

export function chain(name: string, rules: readonly Rule[]): Chain {
  return { name, hook: undefined, comment: '', rules };
}
