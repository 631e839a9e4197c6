/** The pure half of the userspace mode: needs no tools and no privilege. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { NodeView } from '../../services/node-view.ts';
import type { ServicePort } from '../../state/service-port.ts';
import type { Rules } from '../backend.ts';
import type { UserspaceChanges } from './changes.ts';
import { compile } from './compile.ts';
import { diff, isEmpty } from './diff.ts';
import { formatChanges } from './format.ts';
import type { UserspaceOptions } from './options.ts';
import { UserspacePlan } from './plan.ts';
import { NOTHING, type UserspaceState } from './state.ts';
import type { UserspaceUnit } from './unit.ts';

const NO_SCTP = 'SCTP is not supported in userspace mode';

export class UserspaceRules implements Rules<UserspaceUnit, UserspaceState, UserspaceChanges> {
  readonly mode = 'userspace';
  readonly family: IpFamily;
  readonly #ruleOptions: UserspaceOptions;

  constructor(options: UserspaceOptions) {
    this.family = options.family;
    this.#ruleOptions = options;
  }

  unsupported({ protocol }: ServicePort): string | undefined {
    return protocol === 'SCTP' ? NO_SCTP : undefined;
  }

  compile(port: ServicePort, node: NodeView): UserspaceUnit {
    return compile(port, node, this.#ruleOptions);
  }

  plan(): UserspacePlan {
    return new UserspacePlan(this.#ruleOptions);
  }

  nothing(): UserspaceState {
    return NOTHING;
  }

  diff(from: UserspaceState, to: UserspaceState): UserspaceChanges {
    return diff(from, to);
  }

  isEmpty(changes: UserspaceChanges): boolean {
    return isEmpty(changes);
  }

  format(changes: UserspaceChanges): string {
    return formatChanges(changes);
  }
}
