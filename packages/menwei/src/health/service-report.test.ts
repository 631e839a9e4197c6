/** What /healthz/service/<namespace>/<name> says in every state, asked over HTTP. */
import { aNodeView, aService, aSlice } from '@menwei/testing/services/testing.ts';
import { afterEach, describe, expect, it } from 'vitest';
import type { HttpListener } from '../http/http-listener.ts';
import type { WatchedObject } from '../kubernetes/objects.ts';
import { silentLogger } from '../log/logger.ts';
import { ServiceTracker } from '../services/service-tracker.ts';
import { State } from '../state/state.ts';
import { startHealthServer } from './health-server.ts';
import { ProxyHealth } from './proxy-health.ts';
import { ServiceReporter } from './service-report.ts';

class Situation {
  readonly state = new State('node-a');
  readonly health = new ProxyHealth(60_000);
  nowMs = 1000;
  readonly #tables = this.state.families.IPv4;
  readonly #tracker = new ServiceTracker({
    objects: this.state.objects,
    tables: this.#tables,
    startedAtMs: 0,
  });

  constructor() {
    this.health.started('IPv4', 0);
    this.health.updated('IPv4', 0);
  }

  put(...objects: readonly WatchedObject[]): this {
    for (const object of objects) this.state.objects.put(object);
    return this;
  }

  /** All that exists is known. */
  listed(): this {
    this.state.objects.syncedSources.put('test', { sinceMs: 0 });
    this.#tracker.update();
    return this;
  }

  /** The kernel takes everything, but for the service ports named here. */
  sync(refused: Readonly<Record<string, string>> = {}): this {
    this.listed();
    const { servicePorts, applied, status, unmet } = this.#tables;
    for (const [servicePort, port] of servicePorts.rows) {
      const error = refused[servicePort] ?? unmet.get(servicePort);
      const row = { servicePort, family: 'IPv4', sinceMs: 0 } as const;
      if (error === undefined) status.put(servicePort, { ...row, state: 'programmed' });
      else status.put(servicePort, { ...row, state: 'error', error });
      applied.put(servicePort, port);
    }
    return this;
  }
}

const web = aService({ name: 'web', ports: [{ name: 'a' }, { name: 'b', port: 81 }] });
const pods = (...endpoints: NonNullable<NonNullable<Parameters<typeof aSlice>[0]>['endpoints']>) =>
  aSlice({ ports: [{ name: 'a' }, { name: 'b', port: 81 }], endpoints });
const synced = () => new Situation().put(web).put(pods('10.0.0.1')).sync();
const other = aService({
  name: 'old',
  createdAtMs: 1,
  clusterIPs: { IPv4: '172.30.0.2' },
  externalIPs: ['203.0.113.9'],
});

interface Case {
  readonly name: string;
  readonly situation: () => Situation;
  readonly status: 200 | 404 | 503;
  readonly reasons?: readonly string[];
}

// biome-ignore format: one case a line
const CASES: readonly Case[] = [
  { name: 'programmed, with endpoints', situation: synced, status: 200 },
  { name: 'not known yet', situation: () => new Situation(), status: 503, reasons: ['NotSynced'] },
  { name: 'unknown', situation: () => new Situation().listed(), status: 404, reasons: ['NotFound'] },
  { name: 'headless', situation: () => new Situation().put(aService({ clusterIPs: {} })).sync(), status: 404, reasons: ['NotProxied'] },
  { name: 'an ExternalName', situation: () => new Situation().put(aService({ type: 'ExternalName' })).sync(), status: 404, reasons: ['NotProxied'] },
  { name: 'of another proxy', situation: () => new Situation().put(aService({ foreignProxy: true })).sync(), status: 404, reasons: ['NotProxied'] },
  { name: 'of a family that is not proxied', situation: () => new Situation().put(aService({ clusterIPs: { IPv6: 'fd00::1' } })).sync(), status: 503, reasons: ['FamilyNotProxied'] },
  { name: 'new', situation: () => new Situation().put(web).put(pods('10.0.0.1')).listed(), status: 503, reasons: ['Pending IPv4 ns/web:a/TCP', 'Pending IPv4 ns/web:b/TCP'] },
  { name: 'changed, and the change waits', situation: () => synced().put(pods('10.0.0.1', '10.0.0.2')).listed(), status: 200 },
  { name: 'changed, and the change waits for too long', situation: () => lagging(synced()), status: 503, reasons: ['ProxyLagging IPv4'] },
  { name: 'without endpoints', situation: () => new Situation().put(web).sync(), status: 503, reasons: ['NoEndpoints IPv4 ns/web:a/TCP', 'NoEndpoints IPv4 ns/web:b/TCP'] },
  { name: 'with endpoints that are not ready', situation: () => new Situation().put(web).put(pods({ ip: '10.0.0.1', ready: false, serving: false })).sync(), status: 503, reasons: ['NoEndpoints IPv4 ns/web:a/TCP', 'NoEndpoints IPv4 ns/web:b/TCP'] },
  { name: 'with a port without endpoints', situation: () => new Situation().put(web).put(aSlice({ ports: [{ name: 'a' }], endpoints: ['10.0.0.1'] })).sync(), status: 503, reasons: ['NoEndpoints IPv4 ns/web:b/TCP'] },
  { name: 'for local endpoints only, of which there are none', situation: () => new Situation().put(aService({ internalTrafficPolicy: 'Local' })).put(aSlice({ endpoints: [{ ip: '10.0.0.1', nodeName: 'b' }] })).sync(), status: 503, reasons: ['NoEndpoints IPv4 ns/web/TCP'] },
  { name: 'refused by the kernel', situation: () => synced().sync({ 'ns/web:b/TCP': 'no buffer space' }), status: 503, reasons: ['NotProgrammed IPv4 ns/web:b/TCP'] },
  { name: 'in conflict', situation: () => new Situation().put(other).put(aService({ createdAtMs: 2, externalIPs: ['203.0.113.9'] })).put(aSlice({ endpoints: ['10.0.0.1'] })).sync(), status: 503, reasons: ['AddressConflict IPv4 ns/web/TCP'] },
  { name: 'with a version that can’t be used', situation: () => invalid(synced()), status: 503, reasons: ['InvalidObject'] },
  { name: 'with a first version that can’t be used', situation: () => invalid(new Situation().listed()), status: 503, reasons: ['InvalidObject'] },
];

function lagging(situation: Situation): Situation {
  situation.health.syncing('IPv4');
  situation.health.queued('IPv4', 2000);
  situation.nowMs = 62_000;
  return situation;
}

function invalid(situation: Situation): Situation {
  situation.state.objects.putStale(web, 'secret details', 0);
  return situation;
}

describe('/healthz/service', () => {
  let server: HttpListener | undefined;
  afterEach(() => server?.close());

  async function start({ state, health, nowMs }: Situation) {
    server = startHealthServer({
      address: { host: '127.0.0.1', port: 0 },
      health,
      nodeEligible: () => true,
      services: new ServiceReporter({
        state,
        served: ['IPv4'],
        nodeView: (family) => aNodeView({ family, name: 'node-a' }),
        health,
      }),
      logger: silentLogger,
      now: () => nowMs,
    });
    const { port } = await server.listening;
    return (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  }

  it.each(CASES)('$name: $status', async ({ situation, status, reasons = [] }) => {
    const get = await start(situation());
    const response = await get('/healthz/service/ns/web');
    const body = (await response.json()) as { readonly reasons: readonly Record<string, string>[] };
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(Object.keys(body)).toEqual(['service', 'healthy', 'currentTime', 'reasons']);
    expect(body).toMatchObject({ service: { namespace: 'ns', name: 'web' }, healthy: status === 200 });
    const told = body.reasons.map(({ reason, family, servicePort }) =>
      [reason, family, servicePort].filter((text) => text !== undefined).join(' '),
    );
    expect([response.status, told]).toEqual([status, reasons]);
    // What is in objects and what the kernel says is not for everybody who reaches the port.
    expect(JSON.stringify(body)).not.toMatch(/secret|buffer|203\.0\.113/);
  });

  it.each([
    '/healthz/service',
    '/healthz/service/',
    '/healthz/service/ns',
    '/healthz/service/ns/',
    '/healthz/service/ns/web/x',
  ])('%s is no Service', async (path) => {
    const get = await start(synced());
    expect((await get(path)).status).toBe(404);
  });

  it('looks at that Service alone', async () => {
    const situation = synced();
    for (let index = 0; index < 2000; index++) {
      const clusterIP = `172.31.${index >> 8}.${index & 255}`;
      situation.put(aService({ name: `s${index}`, clusterIPs: { IPv4: clusterIP } }));
    }
    situation.sync();
    let looks = 0;
    const { servicePorts } = situation.state.families.IPv4;
    const get = servicePorts.get.bind(servicePorts);
    servicePorts.get = (key) => {
      looks++;
      return get(key);
    };
    const ask = await start(situation);
    expect((await ask('/healthz/service/ns/web')).status).toBe(200);
    expect(looks).toBe(2);
  });
});
