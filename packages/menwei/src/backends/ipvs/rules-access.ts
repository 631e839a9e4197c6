/** The iptables rules of the mode, as the backend deals with them. */

import type { RestoreScript } from '@menwei/netfilter/iptables/restore-script.ts';
import type { Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import type { InTurn } from '../backend.ts';
import type { LeftRules } from '../xtables/watch.ts';

export interface RulesAccess {
  observe(signal: AbortSignal): Promise<Ruleset>;
  restore(script: RestoreScript, signal: AbortSignal): Promise<void>;
  watch(left: LeftRules, drifted: (what: string) => void, inTurn: InTurn, signal: AbortSignal): Promise<void>;
  cleanup(signal: AbortSignal): Promise<void>;
}
