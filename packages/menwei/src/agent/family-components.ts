/** The components that serve one IP family, and what outlives each of them. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { AnyBackend } from '../backends/backend.ts';
import { ConntrackCleaning } from '../conntrack/conntrack-cleaning.ts';
import type { EntryKind } from '../conntrack/entry-kind.ts';
import type { EventRecorder } from '../events/event.ts';
import { serviceSubject } from '../events/service-events.ts';
import type { ProxyHealth } from '../health/proxy-health.ts';
import { ServiceHealthServers } from '../health/service-health-servers.ts';
import type { Logger } from '../log/logger.ts';
import type { ProxyMetrics } from '../metrics/proxy-metrics.ts';
import { dryRun } from '../proxy/dry-run.ts';
import { FamilyProxy } from '../proxy/family-proxy.ts';
import type { NodeState } from '../proxy/node-state.ts';
import type { ServiceProxy } from '../proxy/service-proxy.ts';
import { serviceRules } from '../proxy/service-rules.ts';
import type { Syncable } from '../proxy/syncable.ts';
import type { FamilyTables } from '../state/family-tables.ts';
import type { State } from '../state/state.ts';
import type { Component, ComponentStates } from './component.ts';
import type { ProxyEnvironment } from './environment.ts';
import { LeftoverRemoval } from './leftover-removal.ts';
import type { SettingsInForce } from './settings-in-force.ts';

/** As upstream writes all rules anew, for what no watch has noticed. */
const COMPARE_EVERY_MS = 3_600_000;

/** What both families have in common. */
interface FamilySurroundings {
  readonly settings: SettingsInForce;
  readonly environment: ProxyEnvironment;
  readonly state: State;
  readonly node: NodeState;
  readonly health: ProxyHealth;
  readonly metrics: ProxyMetrics;
  readonly events: EventRecorder;
  readonly logger: Logger;
}

export class FamilyParts {
  readonly family: IpFamily;
  readonly #surroundings: FamilySurroundings;
  readonly #tables: FamilyTables;
  readonly #startedAtMs = Date.now();
  /** The backend of the proxy that runs next; undefined: it has to start one. */
  #started: AnyBackend | undefined;
  #proxy: FamilyProxy<unknown, unknown, unknown>;
  #restart: () => void = () => undefined;

  constructor(backend: AnyBackend, surroundings: FamilySurroundings) {
    const { family } = backend;
    this.family = family;
    this.#surroundings = surroundings;
    this.#tables = surroundings.state.families[family];
    this.#started = backend;
    this.#proxy = this.#createProxy(backend);
    // Also while what the proxy needs is not there yet.
    surroundings.health.started(family, this.#startedAtMs);
  }

  /** Has the proxy begin anew, with the settings that are in force now. The rules stay in place. */
  restart(): void {
    this.#restart();
  }

  /** The one that runs, or ran last. */
  get proxy(): Syncable {
    return this.#proxy;
  }

  /** @param needs what the proxy can't do without */
  components(serviceProxy: ServiceProxy, needs: readonly string[]): readonly Component[] {
    const name = (what: string) => nameOf(what, this.family);
    const proxy = name('proxy');
    return [
      {
        name: proxy,
        needs,
        onFailure: 'restart',
        run: (signal, ready) => this.#runProxy(serviceProxy, signal, ready),
        onSupervised: (restart) => {
          this.#restart = restart;
        },
      },
      kernelWatch(this.family, serviceProxy, [proxy]),
      // A dry run leaves conntrack entries alone, too.
      ...(this.#surroundings.settings.current.dryRun ? [] : this.#conntrackCleaners()),
      {
        name: name('leftovers'),
        needs: [proxy],
        onFailure: 'restart',
        run: (signal, ready) => this.#createLeftoverRemoval().run(signal, ready),
      },
      {
        name: name('service-health'),
        onFailure: 'restart',
        run: (signal, ready) => this.#createHealthServers().run(this.#tables, signal, ready),
      },
    ];
  }

  async #runProxy(serviceProxy: ServiceProxy, signal: AbortSignal, ready: () => void): Promise<void> {
    const { family } = this;
    if (this.#started === undefined) {
      const { environment, health } = this.#surroundings;
      // A full sync is due, also if no backend can be had.
      health.queued(family, Date.now());
      const backend = await environment.startBackend(family, signal);
      this.#proxy.close();
      this.#proxy = this.#createProxy(backend);
      serviceProxy.replace(this.#proxy);
    }
    this.#started = undefined;
    await serviceProxy.sync(family, signal, ready);
  }

  #createProxy(backend: AnyBackend): FamilyProxy<unknown, unknown, unknown> {
    const { state, node, logger } = this.#surroundings;
    const settings = this.#surroundings.settings.current;
    return new FamilyProxy({
      backend: settings.dryRun ? dryRun(backend, print) : backend,
      state,
      startedAtMs: this.#startedAtMs,
      rules: serviceRules(settings),
      nodeView: () => node.view(this.family),
      logger,
      maxRetryMs: settings.syncPeriodMs,
      // What a dry run has printed is not there.
      compareEveryMs: settings.dryRun ? undefined : COMPARE_EVERY_MS,
    });
  }

  #createHealthServers(): ServiceHealthServers {
    const { state, health, node, events, logger } = this.#surroundings;
    const settings = this.#surroundings.settings.current;
    const { family } = this;
    return new ServiceHealthServers({
      family,
      addresses: () => node.nodePortAddresses(family),
      proxyHealthy: () => health.healthy(Date.now()),
      nodeName: settings.nodeName,
      logger,
      failedToListen: (service, note) =>
        events.record({
          subject: serviceSubject(state.objects, service),
          type: 'Warning',
          reason: 'FailedToStartServiceHealthcheck',
          action: 'Listen',
          note,
        }),
    });
  }

  #conntrackCleaners(): readonly Component[] {
    const { mode, unstick } = this.#surroundings.settings.current;
    // IPVS moves and resets connections by itself; without its entry it moves one before it has forgotten where that led.
    if (mode === 'ipvs') return [this.#conntrackCleaner('conntrack', 'lasting', { leavesSctp: true })];
    const stale = this.#conntrackCleaner('conntrack', 'lasting');
    const reset = this.#conntrackCleaner('connection-reset', 'reset');
    return unstick ? [stale, reset, this.#conntrackCleaner('unstick', 'unreplied')] : [stale, reset];
  }

  /** Deletes stale conntrack entries. */
  #conntrackCleaner(name: string, kind: EntryKind, { leavesSctp = false } = {}): Component {
    const { environment, metrics, node, logger } = this.#surroundings;
    const { family } = this;
    const cleaning = new ConntrackCleaning({
      family,
      kind,
      leavesSctp,
      tables: this.#tables,
      nodeView: () => node.view(family),
      table: environment.openConntrack(family),
      localAddresses: environment.addresses.all,
      logger,
      onCleaned: (result) => metrics.observeConntrackCleaning(family, kind, result),
    });
    return {
      name: nameOf(name, family),
      onFailure: 'restart',
      run: (signal, ready) => {
        ready();
        return cleaning.run(signal);
      },
    };
  }

  #createLeftoverRemoval(): LeftoverRemoval {
    const { environment, logger } = this.#surroundings;
    const settings = this.#surroundings.settings.current;
    const { family } = this;
    return new LeftoverRemoval({
      family,
      environment,
      retryMs: settings.syncPeriodMs,
      leave: settings.leaveOtherProxies,
      drainTimeoutMs: settings.ipvs.drainTimeoutMs,
      logger,
      print: settings.dryRun ? print : undefined,
      onRemoved: () => this.#tables.removals.put(family, { removedAtMs: Date.now() }),
      onLooked: (row) => this.#tables.otherProxies.put(family, row),
    });
  }
}

/** Why the proxy of a family programs nothing now, in words; undefined: it does, or has just been started. */
export function proxyTrouble(states: ComponentStates, family: IpFamily): string | undefined {
  const status = states.get(proxyName(family));
  if (status?.state === 'waiting')
    return `${status.name} waits for another component; changes are not programmed`;
  if (status?.state !== 'restarting') return undefined;
  return `${status.name} failed and restarts; changes are not programmed: ${status.error}`;
}

/** Tells the proxy of what others change in the kernel. */
export function kernelWatch(
  family: IpFamily,
  serviceProxy: ServiceProxy,
  needs: readonly string[],
): Component {
  return {
    name: nameOf('kernel-watch', family),
    needs,
    onFailure: 'restart',
    run: async (signal, ready) => {
      const watching = serviceProxy.watch(family, signal);
      ready();
      await watching;
    },
  };
}

/** Of the component that programs a family. */
export function proxyName(family: IpFamily): string {
  return nameOf('proxy', family);
}

function nameOf(what: string, family: IpFamily): string {
  return `${what}-${family.toLowerCase()}`;
}

function print(text: string): void {
  process.stdout.write(text);
}
