/** Where rules lead to that a proxy in another process has made. */
import { formatRule, isForeign } from '@menwei/netfilter/iptables/rule.ts';
import type { Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import type { PortalRule } from './unit.ts';

/** The ports of listeners, by the texts of rules (portalText) that lead there. */
export function heldPorts({ fixed }: Ruleset): ReadonlyMap<string, number> {
  const ports = new Map<string, number>();
  for (const [chain, content] of fixed) {
    if (content === 'any') continue;
    for (const rule of content) {
      if (isForeign(rule)) continue;
      const port = /^(?:REDIRECT --to-ports |DNAT --to-destination .*:)(\d+)$/.exec(rule.target ?? '')?.[1];
      if (port === undefined) continue;
      const text = portalText({ chain, rule });
      if (!ports.has(text)) ports.set(text, Number(port));
    }
  }
  return ports;
}

/** The rule without what it does. */
export function portalText({ chain, rule }: Pick<PortalRule, 'chain' | 'rule'>): string {
  return `${chain} ${formatRule({ ...rule, target: undefined })}`;
}
