/** The components of the proxy over fakes of the kernel: each fails in its turn, the others go on, and it comes back. */
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { ComponentFaults } from '@menwei/testing/agent/faults.ts';
import { openBackend } from '@menwei/testing/backends/iptables/laws.ts';
import { resolve } from '@menwei/testing/config/testing.ts';
import { FakeConntrackTable } from '@menwei/testing/conntrack/testing.ts';
import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import { freePorts } from '@menwei/testing/relay/free-ports.ts';
import { UNREACHED_LIMITS } from '@menwei/testing/relay/testing.ts';
import { aService, aSlice } from '@menwei/testing/services/testing.ts';
import { afterEach, describe, expect, it } from 'vitest';
import type { Settings } from '../config/settings.ts';
import type { ApiClient } from '../kubernetes/api-client.ts';
import type { ObjectRef, WatchedObject } from '../kubernetes/objects.ts';
import { silentLogger } from '../log/logger.ts';
import { ProxyMetrics } from '../metrics/proxy-metrics.ts';
import { RelayPool } from '../relay/pool.ts';
import { untilAborted } from '../scheduling/pause.ts';
import { ConfigurationChanges } from '../setup/configuration-changes.ts';
import { BUILD } from '../setup/version.ts';
import type { ObjectTables } from '../state/object-tables.ts';
import { type Component, ComponentStates } from './component.ts';
import { configFileComponent } from './config-file.ts';
import { CurrentRelays } from './current-relays.ts';
import type { ProxyEnvironment } from './environment.ts';
import { proxyComponents } from './proxy-components.ts';
import { SettingsInForce } from './settings-in-force.ts';
import { supervise } from './supervisor.ts';

const RETRY_MS = 10;

interface Running {
  readonly components: readonly Component[];
  readonly faults: ComponentFaults;
  readonly states: ComponentStates;
  /** Puts objects into what the source lists and, as long as it runs, watches. */
  readonly put: (...objects: readonly WatchedObject[]) => void;
  /** Takes a Service away. */
  readonly remove: (name: string) => void;
  readonly rules: (family: IpFamily) => string;
  readonly get: (server: 'health' | 'metrics' | 'service', path: string) => Promise<string>;
  readonly ended: Promise<unknown>;
  /** As long as there is an error, no new backend can be had. */
  readonly refuseBackends: (error: Error | undefined) => void;
}

const stops: AbortController[] = [];

class FakeSource {
  readonly #objects: WatchedObject[] = [];
  readonly #tables = new Set<ObjectTables>();
  readonly #isListed: boolean;

  /** @param isListed otherwise it never has everything that exists */
  constructor(isListed: boolean) {
    this.#isListed = isListed;
  }

  put(...objects: readonly WatchedObject[]): void {
    this.#objects.push(...objects);
    for (const tables of this.#tables) for (const object of objects) tables.put(object);
  }

  remove(ref: ObjectRef): void {
    const index = this.#objects.findIndex(({ kind, name }) => kind === ref.kind && name === ref.name);
    this.#objects.splice(index, 1);
    for (const tables of this.#tables) tables.delete(ref);
  }

  async run(tables: ObjectTables, signal: AbortSignal): Promise<void> {
    for (const object of this.#objects) tables.put(object);
    this.#tables.add(tables);
    if (this.#isListed) tables.syncedSources.put('fake', { sinceMs: Date.now() });
    await untilAborted(signal);
    this.#tables.delete(tables);
  }
}

/** The node that it knows has no taint. */
class ClientWithoutTaints implements ApiClient {
  readonly server = 'https://192.0.2.1';

  async get(): Promise<AsyncIterable<Buffer>> {
    return Readable.from([Buffer.from('{"spec":{}}')]);
  }

  write(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function start(args: readonly string[] = [], { isListed = true } = {}): Promise<Running> {
  const stop = new AbortController();
  stops.push(stop);
  const [health = 0, metrics = 0, service = 0] = await freePorts(3);
  const ports = { health, metrics, service };
  const input = resolve([
    ...['--manifests', '/nowhere', '--iptables-min-sync-period', '1ms'],
    ...['--healthz-bind-address', `127.0.0.1:${ports.health}`],
    ...['--metrics-bind-address', `127.0.0.1:${ports.metrics}`],
    ...args,
  ]);
  if ('errors' in input) throw new Error(input.errors.join('; '));
  const settings: Settings = { ...input.settings, taintUntilReady: { key: 'not-ready', effect: undefined } };
  const source = new FakeSource(isListed);
  source.put(
    aService({
      name: 'web',
      clusterIPs: { IPv4: '172.30.0.1', IPv6: 'fd00:30::1' },
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      healthCheckNodePort: ports.service,
    }),
    aSlice({ name: 'web-1', serviceName: 'web', endpoints: ['10.0.0.1'] }),
  );
  const kernels = new Map(IP_FAMILIES.map((family) => [family, new FakeIptables({ family })]));
  const kernel = (family: IpFamily): FakeIptables => {
    const found = kernels.get(family);
    if (found === undefined) throw new Error('BUG: there are two families');
    return found;
  };
  const open = () =>
    new RelayPool({ threads: 1, descriptors: 100, limits: UNREACHED_LIMITS, logger: silentLogger });
  const backend = (family: IpFamily) => openBackend(kernel(family), family);
  let refusal: Error | undefined;
  const environment: ProxyEnvironment = {
    source,
    lbConfig: undefined,
    addresses: {
      all: () => [],
      local: () => [],
      found: () => undefined,
      own: undefined,
      follow: (_changed, signal) => untilAborted(signal),
    },
    relays: new CurrentRelays(open, 0),
    startBackend: async (family) => {
      if (refusal !== undefined) throw refusal;
      return backend(family);
    },
    openConntrack: () => new FakeConntrackTable(),
    openEventSink: undefined,
    openClient: async () => new ClientWithoutTaints(),
    searchLeftovers: async () => ({ failures: [], draining: undefined }),
    observeOtherProxies: async () => [],
  };
  const states = new ComponentStates();
  const inForce = new SettingsInForce(settings);
  const faults = new ComponentFaults();
  const started = { backends: IP_FAMILIES.map(backend), unserved: new Map() };
  const file = { path: '/nowhere/config.yaml', text: '' };
  const changes = new ConfigurationChanges({}, file.path, input.configuration, settings.mode);
  const configFile = configFileComponent({ changes, file, settings: inForce, logger: silentLogger });
  const components = proxyComponents({
    settings: inForce,
    configFile,
    environment,
    started,
    states,
    logger: silentLogger,
    metrics: new ProxyMetrics({ mode: settings.mode, build: BUILD, components: () => states.all() }),
  });
  const options = { states, logger: silentLogger, retry: { firstMs: RETRY_MS, maxMs: RETRY_MS } };
  const ended = supervise(faults.among(components), options, stop.signal).then(
    () => undefined,
    (error: unknown) => error,
  );
  return {
    components,
    faults,
    states,
    put: (...objects) => source.put(...objects),
    remove: (name) => source.remove({ kind: 'Service', namespace: 'ns', name }),
    rules: (family) => kernel(family).dump(),
    get: async (server, path) => {
      const response = await fetch(`http://127.0.0.1:${ports[server]}${path}`);
      return `${response.status} ${await response.text()}`;
    },
    ended,
    refuseBackends: (error) => {
      refusal = error;
    },
  };
}

afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});

const SET = [
  'config-file',
  'events',
  'node-support',
  'health-server',
  'metrics-server',
  'relays',
  'proxy-ipv4',
  'kernel-watch-ipv4',
  'conntrack-ipv4',
  'connection-reset-ipv4',
  'unstick-ipv4',
  'leftovers-ipv4',
  'service-health-ipv4',
  'proxy-ipv6',
  'kernel-watch-ipv6',
  'conntrack-ipv6',
  'connection-reset-ipv6',
  'unstick-ipv6',
  'leftovers-ipv6',
  'service-health-ipv6',
  'health-checker',
  'health-state-file',
  'source',
  'node-taint',
  'node-addresses',
];

const eventually = (what: () => unknown) => expect.poll(what, { interval: 5 });

/** The component and all that need it. */
function affected(components: readonly Component[], name: string): readonly string[] {
  const names = [name];
  for (const each of components) if (each.needs?.some((need) => names.includes(need))) names.push(each.name);
  return names;
}

async function startAll(args?: readonly string[]): Promise<Running> {
  const proxy = await start(args);
  await eventually(() => notRunning(proxy)).toEqual([]);
  return proxy;
}

function notRunning({ states }: Running): readonly string[] {
  return states.all().flatMap(({ name, state }) => (state === 'running' ? [] : [name]));
}

/** A new Service that both families have. */
const aNewService = (name: string, number: number) =>
  aService({ name, clusterIPs: { IPv4: `172.30.1.${number}`, IPv6: `fd00:30::1:${number}` } });

/** `name|needs|policy` of each row of the table in docs/architecture.md. */
function documentedRows(): readonly string[] {
  const text = readFileSync(new URL('../../../../docs/architecture.md', import.meta.url), 'utf8');
  const [, table = ''] = /\n\| component \|[^\n]*\n[^\n]*\n((?:\|[^\n]*\n)+)/.exec(text) ?? [];
  return table
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, name = '', , needs = '', failure = ''] = line.split('|');
      const named = (cell: string) => Array.from(cell.matchAll(/`([^`]+)`/g), ([, text]) => text).join(' ');
      return [named(name), named(needs), failure.replace('(\\*)', '').trim()].join('|');
    });
}

describe('a component of the proxy', () => {
  it('stands in the table of the documents, with what it needs and what its failure means', async () => {
    const { components } = await start();
    expect(components.map(({ name }) => name)).toEqual(SET);
    const ofAnyFamily = (name: string) => name.replace(/-ipv[46]$/, '-<family>');
    const rows = components.map(({ name, needs = [], onFailure }) =>
      [ofAnyFamily(name), [...new Set(needs.map(ofAnyFamily))].join(' '), onFailure].join('|'),
    );
    expect([...new Set(rows)]).toEqual(documentedRows());
  });

  it.each(SET.filter((name) => name !== 'node-support' && name !== 'config-file'))(
    '%s: fails alone, is reported, and comes back',
    async (name) => {
      const proxy = await startAll();
      const down = affected(proxy.components, name);
      const release = proxy.faults.kill(name);

      // What does not need it goes on, and tells of it.
      await eventually(() => [...notRunning(proxy)].sort()).toEqual([...down].sort());
      expect(proxy.states.get(name)).toMatchObject({ state: 'restarting', error: 'injected fault' });
      proxy.put(aNewService('meanwhile', 1));
      const sees = (family: IpFamily) => proxy.rules(family).includes('ns/meanwhile');
      const isSyncing = (family: IpFamily) => !down.some((each) => each === `proxy-${family.toLowerCase()}`);
      for (const family of IP_FAMILIES.filter(isSyncing)) {
        if (name !== 'source') await eventually(() => sees(family)).toBe(true);
      }
      if (name !== 'health-server') expect(await proxy.get('health', '/healthz')).toMatch(/^200 /);
      if (name !== 'metrics-server') {
        expect(await proxy.get('metrics', '/metrics')).toContain(
          `menwei_component_up{component="${name}"} 0`,
        );
        expect(await proxy.get('metrics', '/components')).toContain('injected fault');
        const warnings = (await proxy.get('metrics', '/status')).includes('changes are not programmed');
        expect(warnings).toBe(down.some((each) => each.startsWith('proxy-')));
      }
      if (name !== 'service-health-ipv4') expect(await proxy.get('service', '/')).toMatch(/^503 /);

      release();
      await eventually(() => notRunning(proxy)).toEqual([]);
      expect(proxy.states.get(name)).toMatchObject({ restarts: 1 });
      expect(proxy.states.all().filter(({ restarts }) => restarts > 0)).toHaveLength(1);
      proxy.put(aNewService('after', 2));
      for (const family of IP_FAMILIES) {
        await eventually(() => sees(family)).toBe(true);
        await eventually(() => proxy.rules(family).includes('ns/after')).toBe(true);
      }
      expect(await proxy.get('health', '/healthz')).toMatch(/^200 /);
      expect(await proxy.get('service', '/')).toMatch(/^503 /);
      expect(await proxy.get('metrics', '/status')).not.toContain('changes are not programmed');
      const metrics = await proxy.get('metrics', '/metrics');
      expect(metrics).toContain(`menwei_component_up{component="${name}"} 1`);
      expect(metrics).toContain(`menwei_component_restarts_total{component="${name}"} 1`);
    },
  );

  it.each([
    ['node-support', []],
    ['health-server', ['--bind-address-hard-fail']],
    ['metrics-server', ['--bind-address-hard-fail']],
  ])('%s: ends the process with %j', async (name, args) => {
    const proxy = await startAll(args);
    proxy.faults.kill(name);
    expect(await proxy.ended).toEqual(new Error('injected fault'));
    expect(proxy.states.all().filter(({ state }) => state !== 'stopped')).toEqual([]);
  });
});

describe('a proxy that does not come back', () => {
  it('makes the node unhealthy after twice the sync period, until it does', async () => {
    const proxy = await startAll(['--iptables-sync-period', '50ms']);
    proxy.refuseBackends(new Error('no backend'));
    proxy.faults.kill('proxy-ipv4')();
    await eventually(() => proxy.get('health', '/healthz')).toMatch(/^503 .*"IPv4":\{[^}]*"healthy":false/);
    expect(await proxy.get('health', '/healthz')).toMatch(/"IPv6":\{[^}]*"healthy":true/);
    expect(await proxy.get('metrics', '/components')).toContain('no backend');
    proxy.refuseBackends(undefined);
    await eventually(() => proxy.get('health', '/healthz')).toMatch(/^200 /);
  });
});

describe('a proxy without a first sync', () => {
  it('makes the node unhealthy after twice the sync period', async () => {
    const proxy = await start(['--iptables-sync-period', '50ms'], { isListed: false });
    await eventually(() => proxy.get('health', '/livez')).toMatch(/^503 /);
    expect(await proxy.get('health', '/healthz/service/ns/web')).toMatch(/^503 .*"NotSynced"/);
  });
});

describe('a proxy that is started anew', () => {
  it('finds what changed meanwhile, and takes away what went', async () => {
    const proxy = await startAll();
    proxy.put(aNewService('gone', 3));
    await eventually(() => proxy.rules('IPv4').includes('ns/gone')).toBe(true);
    const release = proxy.faults.kill('proxy-ipv4');
    await eventually(() => proxy.states.get('proxy-ipv4')?.state).toBe('restarting');
    proxy.remove('gone');
    await eventually(() => proxy.rules('IPv6').includes('ns/gone')).toBe(false);
    expect(proxy.rules('IPv4')).toContain('ns/gone');
    release();
    await eventually(() => proxy.rules('IPv4').includes('ns/gone')).toBe(false);
    expect(proxy.rules('IPv4')).toContain('ns/web');
  });
});
