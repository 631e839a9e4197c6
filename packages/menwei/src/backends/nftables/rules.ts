/** The pure half of the nftables mode: needs no kernel and no privilege. */

import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { Transaction } from '@menwei/netlink/nftables';
import { atOnce, type Steps } from '../../scheduling/steps.ts';
import type { NodeView } from '../../services/node-view.ts';
import type { ServicePort } from '../../state/service-port.ts';
import type { Rules } from '../backend.ts';
import { compile } from './compile.ts';
import { diff } from './diff.ts';
import { frameTable } from './frame-sets.ts';
import type { NftablesOptions } from './options.ts';
import { NftablesPlan } from './plan.ts';
import { formatScript } from './script.ts';
import type { NftablesState } from './state.ts';
import type { NftablesUnit } from './unit.ts';

export class NftablesRules implements Rules<NftablesUnit, NftablesState, Transaction> {
  readonly mode = 'nftables';
  readonly family: IpFamily;
  readonly #ruleOptions: NftablesOptions;

  constructor(options: NftablesOptions) {
    this.family = options.family;
    this.#ruleOptions = options;
  }

  compile(port: ServicePort, node: NodeView, previous?: NftablesUnit): NftablesUnit {
    return compile(port, node, previous);
  }

  plan(): NftablesPlan {
    return new NftablesPlan(this.#ruleOptions);
  }

  nothing(): NftablesState {
    return undefined;
  }

  diff(from: NftablesState, to: NftablesState): Transaction {
    return atOnce(this.diffInSteps(from, to));
  }

  diffInSteps(from: NftablesState, to: NftablesState): Steps<Transaction> {
    return diff(from, to);
  }

  isEmpty(changes: Transaction): boolean {
    return changes.length === 0;
  }

  /** Input for `nft -f`. */
  format(changes: Transaction): string {
    return formatScript(frameTable(this.family), changes);
  }
}
