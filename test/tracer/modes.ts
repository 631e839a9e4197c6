/** The modes whose rules can be traced, and what they make of service ports. */
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { iptablesHooks } from '@menwei/netfilter/trace/iptables/hooks.ts';
import { nftablesHooks } from '@menwei/netfilter/trace/nftables/hooks.ts';
import type { Memory } from '@menwei/netfilter/trace/packet.ts';
import type { Hooks } from '@menwei/netfilter/trace/trace.ts';
import type { Rules } from 'menwei/backends/backend.ts';
import type { IptablesOptions } from 'menwei/backends/iptables/options.ts';
import { IptablesRules } from 'menwei/backends/iptables/rules.ts';
import type { NftablesOptions } from 'menwei/backends/nftables/options.ts';
import { NftablesRules } from 'menwei/backends/nftables/rules.ts';
import type { NodeView } from 'menwei/services/node-view.ts';
import type { ServicePort } from 'menwei/state/service-port.ts';
import { forget } from './nftables/forget.ts';

export const MODES = ['iptables', 'nftables'] as const;
export type Mode = (typeof MODES)[number];

export const MODES_AND_FAMILIES = MODES.flatMap((mode) =>
  IP_FAMILIES.map((family) => [mode, family] as const),
);

/** Every mode takes those it knows. */
export type ModeOptions = IptablesOptions & NftablesOptions;

/** What a node programs. */
export interface Program {
  readonly node: NodeView;
  readonly ports: readonly ServicePort[];
  readonly options: ModeOptions;
}

/** The hooks of a machine that runs the program in this mode. */
export function hooksOf(mode: Mode, program: Program): Hooks {
  switch (mode) {
    case 'iptables':
      return iptablesHooks(stateOf(new IptablesRules(program.options), program));
    case 'nftables': {
      const table = stateOf(new NftablesRules(program.options), program);
      if (table === undefined) throw new Error('BUG: a plan without a table');
      return nftablesHooks(table);
    }
  }
}

/** What is still remembered of clients when the machine has turned from one program to the other. */
export function memoryAfter(mode: Mode, before: Program, after: Program, memory: Memory): Memory {
  // The lists of xt_recent are asked for by the endpoints that are there.
  if (mode === 'iptables') return memory;
  const rules = new NftablesRules(after.options);
  return forget(memory, stateOf(rules, before), stateOf(rules, after));
}

/** All that a kernel must hold for the program. */
export function stateOf<Unit, State>(
  rules: Rules<Unit, State, unknown>,
  { node, ports }: Omit<Program, 'options'>,
): State {
  const plan = rules.plan();
  plan.update(node, new Map(ports.map((port) => [port.key, rules.compile(port, node)])));
  return plan.complete();
}

/** kube-proxy's defaults. */
export function optionsOf(family: IpFamily, fields: Partial<ModeOptions> = {}): ModeOptions {
  return {
    family,
    masqueradeMark: 1 << 14,
    masqueradeAll: false,
    answeredVIPs: 'pools',
    localhostNodePorts: family === 'IPv4',
    conntrackLiberal: false,
    accounting: [],
    ...fields,
  };
}
