/** Tells when the zone hints that a Service asks for begin and end, and why they are not there. */
import type { EventRecorder } from '../event-recorder.ts';
import { regardingService } from './service-events.ts';
import type { ServiceFacts } from './service-facts.ts';
import type { SlicePlan } from './slice-plan.ts';

export class HintEvents {
  readonly #events: EventRecorder;
  readonly #component: string;
  /** What was told last, by family, of each Service that asks for hints. */
  readonly #told = new Map<string, ReadonlyMap<string, string>>();

  constructor(events: EventRecorder, component: string) {
    this.#events = events;
    this.#component = component;
  }

  tell(service: ServiceFacts, plans: readonly SlicePlan[]): void {
    const former = this.#told.get(service.key) ?? new Map();
    if (!service.isTopologyAware) {
      for (const [family, told] of former) {
        if (told === enabled(family))
          this.#record(service, `Topology Aware Hints has been disabled, addressType: ${family}`);
      }
      this.#told.delete(service.key);
      return;
    }
    const texts = new Map(
      plans.map(({ family, hintsDisabled }) => [family, hintsDisabled ?? enabled(family)]),
    );
    this.#told.set(service.key, texts);
    for (const { family, hadHints } of plans) {
      const text = texts.get(family);
      const known = former.get(family) ?? (hadHints ? enabled(family) : undefined);
      if (text !== undefined && text !== known) this.#record(service, text);
    }
  }

  forget(serviceKey: string): void {
    this.#told.delete(serviceKey);
  }

  #record(service: ServiceFacts, message: string): void {
    const isEnabled = message.startsWith(ENABLED);
    this.#events.record({
      regarding: regardingService(service),
      type: isEnabled ? 'Normal' : 'Warning',
      reason: isEnabled ? 'TopologyAwareHintsEnabled' : 'TopologyAwareHintsDisabled',
      message,
      component: this.#component,
      isStanding: true,
    });
  }
}

const ENABLED = 'Topology Aware Hints has been enabled';

function enabled(family: string): string {
  return `${ENABLED}, addressType: ${family}`;
}
