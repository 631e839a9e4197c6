/** The pure half of the iptables mode: needs no tools and no privilege. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { formatScript, type RestoreScript } from '@menwei/netfilter/iptables/restore-script.ts';
import { EMPTY_RULESET, type Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import type { Steps } from '../../scheduling/steps.ts';
import type { NodeView } from '../../services/node-view.ts';
import type { ServicePort } from '../../state/service-port.ts';
import type { Rules } from '../backend.ts';
import { diffTables, diffTablesInSteps } from '../xtables/diff.ts';
import { countWritten, type RuleCounts } from '../xtables/rule-counts.ts';
import { compile } from './compile.ts';
import type { IptablesOptions } from './options.ts';
import { IptablesPlan } from './plan.ts';
import type { IptablesUnit } from './unit.ts';

export class IptablesRules implements Rules<IptablesUnit, Ruleset, RestoreScript> {
  readonly mode = 'iptables';
  readonly family: IpFamily;
  readonly #ruleOptions: IptablesOptions;

  constructor(options: IptablesOptions) {
    this.family = options.family;
    this.#ruleOptions = options;
  }

  passedOver({ balancing, endpoints }: ServicePort): string | undefined {
    const weights = new Set(endpoints.map(({ weight }) => weight).filter((weight) => weight > 0));
    const wishes = [
      ...(weights.size > 1 ? ['weights'] : []),
      ...(balancing.slowStartMs > 0 ? ['slow start'] : []),
    ];
    if (wishes.length === 0) return undefined;
    return `no ${wishes.join(' and no ')} in iptables mode: connections are spread evenly`;
  }

  compile(port: ServicePort, node: NodeView): IptablesUnit {
    return compile(port, node, this.#ruleOptions);
  }

  plan(): IptablesPlan {
    return new IptablesPlan(this.#ruleOptions);
  }

  nothing(): Ruleset {
    return EMPTY_RULESET;
  }

  diff(from: Ruleset, to: Ruleset): RestoreScript {
    return diffTables(from, to);
  }

  diffInSteps(from: Ruleset, to: Ruleset): Steps<RestoreScript> {
    return diffTablesInSteps(from, to);
  }

  isEmpty(changes: RestoreScript): boolean {
    return changes.length === 0;
  }

  countWritten(changes: RestoreScript): RuleCounts {
    return countWritten(changes);
  }

  /** Input for `iptables-restore --noflush`. */
  format(changes: RestoreScript): string {
    return formatScript(changes);
  }
}
