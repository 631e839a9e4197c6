/**
 * The chains that choose an endpoint: one for each number of endpoints, not for each Service. `pick-3/7` takes a random
 * slot of three and looks up in part 7 who sits there; all Services of that part with three endpoints share it.
 */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { Chain, Rule } from '@menwei/netlink/nftables';
import { type Entrance, endpointMap } from './names.ts';
import type { NftablesOptions } from './options.ts';
import {
  address,
  dnatTo,
  type Fields,
  goTo,
  PORT,
  PROTOCOL,
  randomSlot,
  rule,
  setMark,
} from './statement.ts';

/** Endpoints of this node alone sit in slots from here on, so that they can be chosen by themselves. */
export const FIRST_LOCAL_SLOT = 1_000_000;

export interface Pick {
  readonly entrance: Entrance;
  /** Of the endpoints' maps. */
  readonly part: number;
  /** Among all endpoints, or those on this node. */
  readonly among: 'all' | 'local';
  /** Of so many, each with the same chance. */
  readonly count: number;
  /** The client's address is hidden behind the node's. */
  readonly masqueraded: boolean;
}

/** What a frontend is told by, in packets. */
export function frontendFields(family: IpFamily, entrance: Entrance): Fields {
  return entrance === 'ip' ? [address(family, 'daddr'), PROTOCOL, PORT] : [PROTOCOL, PORT];
}

export function pickChainName({ entrance, part, among, count, masqueraded }: Pick): string {
  const words = [
    entrance === 'nodeport' ? 'nodeport-' : '',
    masqueraded ? 'external-' : '',
    among === 'all' ? 'pick-' : 'local-',
  ];
  return `${words.join('')}${count}/${part}`;
}

/** The chain and those it leads to; each stands after the ones it leads to. */
export function pickChains(pick: Pick, options: NftablesOptions): readonly Chain[] {
  if (pick.masqueraded) {
    const next = { ...pick, masqueraded: false };
    const rules = [rule([setMark(options.masqueradeMark)]), rule([goTo(pickChainName(next))])];
    return [...pickChains(next, options), chain(pickChainName(pick), rules)];
  }
  const { family } = options;
  const frontend = frontendFields(family, pick.entrance);
  const slot = randomSlot(pick.count, pick.among === 'all' ? 0 : FIRST_LOCAL_SLOT);
  return [
    chain(pickChainName(pick), [
      rule([dnatTo(family, [...frontend, slot], endpointMap(pick.entrance, pick.part))]),
    ]),
  ];
}

export function chain(name: string, rules: readonly Rule[]): Chain {
  return { name, hook: undefined, comment: '', rules };
}
