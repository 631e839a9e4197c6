/** How a rule tells packets of this node's pods from others. */
import type { Rule } from '@menwei/netfilter/iptables/rule.ts';
import type { LocalDetector } from '../../services/node-view.ts';

export type Source = Pick<Rule, 'source' | 'inInterface'>;

/** What comes from the pods of this node, or with `! ` from elsewhere; undefined where that can't be told. */
export function podSource(detector: LocalDetector, negation: '' | '! ' = ''): Source | undefined {
  switch (detector.by) {
    case 'cidr':
      return { source: negation + detector.cidr };
    case 'bridge':
      return { inInterface: negation + detector.interface };
    case 'prefix':
      return { inInterface: `${negation}${detector.prefix}+` };
    case 'none':
      return undefined;
  }
}
