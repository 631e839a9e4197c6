/** The pure half of the ipvs mode: needs no kernel and no privilege. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { EMPTY_RULESET } from '@menwei/netfilter/iptables/ruleset.ts';
import type { NodeView } from '../../services/node-view.ts';
import type { ServicePort } from '../../state/service-port.ts';
import type { Rules } from '../backend.ts';
import type { IpvsChanges } from './changes.ts';
import { compile } from './compile.ts';
import { diff, isEmpty } from './diff.ts';
import { formatChanges } from './format.ts';
import type { IpvsOptions } from './options.ts';
import { IpvsPlan } from './plan.ts';
import type { IpvsState } from './state.ts';
import type { IpvsUnit } from './unit.ts';

export class IpvsRules implements Rules<IpvsUnit, IpvsState, IpvsChanges> {
  readonly mode = 'ipvs';
  readonly family: IpFamily;
  readonly #ruleOptions: IpvsOptions;

  constructor(options: IpvsOptions) {
    this.family = options.family;
    this.#ruleOptions = options;
  }

  compile(port: ServicePort, node: NodeView): IpvsUnit {
    return compile(port, node, this.#ruleOptions);
  }

  plan(): IpvsPlan {
    return new IpvsPlan(this.#ruleOptions);
  }

  nothing(): IpvsState {
    return {
      device: false,
      addresses: new Set(),
      servers: new Map(),
      sets: new Map(),
      rules: EMPTY_RULESET,
      ruleOrder: new Map(),
    };
  }

  diff(from: IpvsState, to: IpvsState): IpvsChanges {
    return diff(from, to);
  }

  isEmpty(changes: IpvsChanges): boolean {
    return isEmpty(changes);
  }

  /** Input for the tools that restore each part: see the comments in it. */
  format(changes: IpvsChanges): string {
    return formatChanges(changes);
  }
}
