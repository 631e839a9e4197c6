/** The pure half of the nftables mode: needs no kernel and no privilege. */

import type { IpFamily } from '@menwei/addresses/ip.ts';
import { formatScript } from '@menwei/netfilter/nft/format.ts';
import { atOnce, type Steps } from '../../scheduling/steps.ts';
import type { NodeView } from '../../services/node-view.ts';
import type { ServicePort } from '../../state/service-port.ts';
import type { Rules } from '../backend.ts';
import { frameTable } from './base-sets.ts';
import { compile } from './compile.ts';
import { diff } from './diff.ts';
import { partingOf } from './forgotten.ts';
import type { NftablesOptions } from './options.ts';
import { NftablesPlan } from './plan.ts';
import type { NftablesChanges, NftablesState } from './state.ts';
import type { NftablesUnit } from './unit.ts';

export class NftablesRules implements Rules<NftablesUnit, NftablesState, NftablesChanges> {
  readonly mode = 'nftables';
  readonly family: IpFamily;
  readonly #ruleOptions: NftablesOptions;

  constructor(options: NftablesOptions) {
    this.family = options.family;
    this.#ruleOptions = options;
  }

  compile(port: ServicePort, node: NodeView, previous?: NftablesUnit): NftablesUnit {
    return compile(port, node, this.#ruleOptions, previous);
  }

  plan(): NftablesPlan {
    return new NftablesPlan(this.#ruleOptions);
  }

  nothing(): NftablesState {
    return undefined;
  }

  diff(from: NftablesState, to: NftablesState): NftablesChanges {
    return atOnce(this.diffInSteps(from, to));
  }

  *diffInSteps(from: NftablesState, to: NftablesState): Steps<NftablesChanges> {
    const transaction = yield* diff(from, to);
    return { transaction, generation: from?.generation, parting: partingOf(from, to) };
  }

  isEmpty({ transaction }: NftablesChanges): boolean {
    return transaction.length === 0;
  }

  /** Input for `nft -f`. */
  format({ transaction }: NftablesChanges): string {
    return formatScript(frameTable(this.family), transaction);
  }
}
