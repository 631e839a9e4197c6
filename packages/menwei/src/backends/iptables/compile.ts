/**
 * One service port → its iptables rules. Text and order inside a chain are upstream's (spec §§ 4.8, 4.9); the same
 * situations get the same verdicts (§ 3.1).
 */

import { answeredVIPs } from '../../services/answered-vips.ts';
import type { NodeView } from '../../services/node-view.ts';
import type { ServicePort } from '../../state/service-port.ts';
import { sharedRules } from './dispatch.ts';
import type { IptablesOptions } from './options.ts';
import { ownChains } from './service-chains.ts';
import { assess } from './situation.ts';
import type { IptablesUnit } from './unit.ts';

export function compile(port: ServicePort, node: NodeView, options: IptablesOptions): IptablesUnit {
  const situation = assess(port, node, options);
  return {
    ownChains: ownChains(situation),
    sharedRules: sharedRules(situation),
    answeredVIPs: answeredVIPs(port, options.answeredVIPs),
  };
}
