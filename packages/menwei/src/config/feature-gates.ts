/** Kubernetes' feature gates: which there are, which can be changed, and which of them mean something here (spec § 10.9). */

import type { Refuse } from './document.ts';
import { FEATURE_GATES, type FeatureGate } from './feature-gate-table.ts';
import type { FeatureGates } from './settings.ts';

/** Pairs as they were given. */
type GivenGates = Readonly<Record<string, boolean>>;

/** Each turns all gates of its stage on or off, but for those that are given by name. */
const GROUPS: ReadonlyMap<string, FeatureGate['stage']> = new Map([
  ['AllAlpha', 'alpha'],
  ['AllBeta', 'beta'],
]);

/** What the gates mean that mean something here. */
export const HONOURED_GATES: Readonly<Record<string, string>> = {
  AllAlpha: 'all alpha gates, but for those that are given by name',
  AllBeta: 'all beta gates, but for those that are given by name',
  AllowServiceExternalIPs: "off: a Service's external IPs are not served",
  ComponentFlagz: 'the metrics server answers /flagz',
  ComponentStatusz: 'the metrics server answers /statusz',
  LoggingAlphaOptions: 'logging.options may be set',
};

/** Refuses names that Kubernetes does not have, and values of locked gates that are not theirs. */
export function checkGates(
  given: GivenGates,
  refuse: Refuse,
): FeatureGates & { readonly loggingOptions: boolean } {
  for (const [name, value] of Object.entries(given)) {
    const gate = FEATURE_GATES.get(name);
    const field = `featureGates.${name}`;
    if (gate === undefined && !GROUPS.has(name)) {
      refuse({ field, value, allowed: `${name} is not a feature gate of Kubernetes 1.36` });
    } else if (gate?.locked === true && value !== gate.default) {
      refuse({ field, value, allowed: `${name} is locked to ${gate.default}` });
    }
  }
  return {
    allowServiceExternalIPs: isEnabled('AllowServiceExternalIPs', given),
    componentFlagz: isEnabled('ComponentFlagz', given),
    componentStatusz: isEnabled('ComponentStatusz', given),
    loggingOptions: isEnabled('LoggingAlphaOptions', given),
  };
}

/** A gate as it is in force. */
interface GateState {
  readonly name: string;
  readonly enabled: boolean;
  /** `ALPHA`, `BETA`, `DEPRECATED`; empty: generally available. */
  readonly stage: string;
}

/** All gates that there are, as they are in force. */
export function observeGates(given: GivenGates): readonly GateState[] {
  return [...FEATURE_GATES].map(([name, { stage }]) => ({
    name,
    enabled: isEnabled(name, given),
    stage: stage === 'GA' ? '' : stage.toUpperCase(),
  }));
}

/** Whether to give it changes nothing here: what is so by default changes nothing anywhere. */
export function isGateWithoutEffect(name: string, value: boolean): boolean {
  return !Object.hasOwn(HONOURED_GATES, name) && FEATURE_GATES.get(name)?.default !== value;
}

function isEnabled(name: string, given: GivenGates): boolean {
  const gate = FEATURE_GATES.get(name);
  if (gate === undefined) throw new Error(`BUG: ${name} is not in the table of feature gates`);
  const group = [...GROUPS].find(([, stage]) => stage === gate.stage)?.[0];
  return given[name] ?? (group === undefined ? undefined : given[group]) ?? gate.default;
}
