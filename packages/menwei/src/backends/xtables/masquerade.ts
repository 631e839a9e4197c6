/** The packet mark that says "masquerade me", from where it is put on a packet to where it does so (spec § 4.7). */
import { formatMark, type Rule } from '@menwei/netfilter/iptables/rule.ts';

/** Puts it on. */
export function markRule(mark: number): Rule {
  return { target: `MARK --or-mark ${formatMark(mark)}` };
}

/** Marked packets, and those of connections that are there, may be forwarded. */
export function forwardRules(mark: number): readonly Rule[] {
  const bits = formatMark(mark);
  return [
    { comment: 'kubernetes forwarding rules', mark: `${bits}/${bits}`, target: 'ACCEPT' },
    {
      comment: 'kubernetes forwarding conntrack rule',
      connectionState: 'RELATED,ESTABLISHED',
      target: 'ACCEPT',
    },
  ];
}

export function masqueradeRules(mark: number): readonly Rule[] {
  const bits = formatMark(mark);
  return [
    { mark: `! ${bits}/${bits}`, target: 'RETURN' },
    // The mark is taken off, so that the packet is not masqueraded again when it passes here a second time.
    { target: `MARK --xor-mark ${bits}` },
    { comment: 'kubernetes service traffic requiring SNAT', target: 'MASQUERADE --random-fully' },
  ];
}
