/** Kubernetes Events as a component, and what the process as a whole has to tell at its Node. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { Settings } from '../config/settings.ts';
import { type EventRecorder, nodeSubject } from '../events/event.ts';
import { EventSender } from '../events/event-sender.ts';
import { HealthEvents } from '../events/health-events.ts';
import { ServiceEvents } from '../events/service-events.ts';
import type { Logger } from '../log/logger.ts';
import { sideBySide } from '../scheduling/side-by-side.ts';
import type { NodeView } from '../services/node-view.ts';
import { VERSION } from '../setup/version.ts';
import type { State } from '../state/state.ts';
import type { Component } from './component.ts';
import type { ProxyEnvironment } from './environment.ts';

interface NodeEventsOptions {
  readonly settings: Settings;
  readonly openEventSink: ProxyEnvironment['openEventSink'];
  readonly state: State;
  /** The IP families that are proxied. */
  readonly served: readonly IpFamily[];
  readonly nodeView: (family: IpFamily) => NodeView;
  readonly logger: Logger;
}

/** Both of kube-proxy's events about a start have this action. */
const START = 'StartKubeProxy';

export class NodeEvents {
  readonly #options: NodeEventsOptions;
  readonly #sender: EventSender;

  constructor(options: NodeEventsOptions) {
    const { settings, openEventSink, logger } = options;
    this.#options = options;
    this.#sender = new EventSender({ nodeName: settings.nodeName, openSink: openEventSink, logger });
  }

  /** What is recorded before the component runs is not lost (KQ-36). */
  get recorder(): EventRecorder {
    return this.#sender;
  }

  started(): void {
    const { mode, modeReason } = this.#options.settings;
    this.#record('Normal', 'Starting', `Menwei ${VERSION} starts in ${mode} mode (${modeReason})`);
    if (mode !== 'ipvs') return;
    const note =
      "kube-proxy's ipvs mode is deprecated and may be removed; Menwei keeps it. New clusters: nftables mode";
    this.#record('Warning', 'IPVSDeprecation', note);
  }

  /** The process ends because an address can't be bound. */
  failedToListen(server: 'health-server' | 'metrics-server', why: string): void {
    const reason =
      server === 'health-server' ? 'FailedToStartProxierHealthcheck' : 'FailedToStartMetricServer';
    this.#record('Warning', reason, why);
  }

  component(): Component {
    const { settings, state, served, nodeView, logger } = this.#options;
    const tables = served.map((family) => state.families[family]);
    const told = {
      objects: state.objects,
      families: tables,
      nodeName: settings.nodeName,
      recorder: this.#sender,
    };
    return {
      name: 'events',
      onFailure: 'restart',
      run: async (signal, ready) => {
        const services = new ServiceEvents(told);
        const verdicts = new HealthEvents({ ...told, nodeView, logger });
        const send = (signal: AbortSignal) => this.#sender.run(signal, ready);
        await sideBySide([(signal) => services.run(signal), (signal) => verdicts.run(signal), send], signal);
      },
    };
  }

  #record(type: 'Normal' | 'Warning', reason: string, note: string): void {
    const subject = nodeSubject(this.#options.settings.nodeName);
    this.#sender.record({ subject, type, reason, action: START, note });
  }
}
