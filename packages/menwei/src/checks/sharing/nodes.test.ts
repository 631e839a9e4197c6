/** Twenty nodes, one API server, and endpoints that live or die as the test says. */

import { startTestApi, type TestApi } from '@menwei/testing/cluster/api-server.ts';
import { aNodeView, anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { resourceOf } from '../../cluster/kinds/resources.ts';
import { createApiClient } from '../../kubernetes/api-client.ts';
import { plainConnection } from '../../kubernetes/connection.ts';
import { parseHealthCheck } from '../../kubernetes/decode-health-check.ts';
import { silentLogger } from '../../log/logger.ts';
import { HealthCheckMetrics } from '../../metrics/health-check-metrics.ts';
import { Registry } from '../../metrics/registry.ts';
import { isEjected } from '../../state/endpoint-health.ts';
import { State } from '../../state/state.ts';
import { CheckLoop } from '../check-loop.ts';
import type { StartThread } from '../checker-thread.ts';
import { HealthChecker } from '../health-checker.ts';

const NODES = 20;
const ENDPOINTS = 200;
const INTERVAL_MS = 500;
const TIMING = { renewMs: 400, leastMs: 50, freshMs: 2_500 };
const ANNOTATION = `tcp interval=${INTERVAL_MS}ms fast=100ms timeout=200ms fall=3 rise=2 panic=0`;

const ips = Array.from({ length: ENDPOINTS }, (_, index) => `10.0.${index >> 7}.${index & 127}`);
const dead = new Set<string>();
let checks = new Map<string, number>();

class SimulatedNode {
  readonly name: string;
  readonly state: State;
  /** Nothing it sends arrives anywhere, but for the API server. */
  isCut = false;
  /** What it has against endpoints is not so. */
  readonly lies = new Set<string>();
  readonly #controller = new AbortController();
  readonly #run: Promise<void>;

  constructor(name: string, zone: string, url: string) {
    this.name = name;
    this.state = new State(name);
    const check = parseHealthCheck(ANNOTATION);
    if (check === 'none' || 'mistake' in check) throw new Error('BUG: no check');
    for (let service = 0; service < ENDPOINTS / 10; service++) {
      const endpoints = ips.slice(service * 10, service * 10 + 10).map((ip) => anEndpoint({ ip }));
      const port = aServicePort({ name: `s${service}`, endpoints, health: { check, down: [] } });
      this.state.families.IPv4.servicePorts.put(port.key, port);
    }
    const checker = new HealthChecker({
      state: this.state,
      families: ['IPv4'],
      nodeName: name,
      nodeView: () => aNodeView({ name, zone }),
      ratePerSecond: 10_000,
      userAgent: 'menwei-health/test',
      events: { record: () => undefined },
      metrics: new HealthCheckMetrics(new Registry()),
      logger: silentLogger,
      startThread: this.#startThread,
      sharing: {
        openClient: async () =>
          createApiClient(plainConnection(url), { userAgent: 'menwei/test', qps: -1, burst: 1 }),
        timing: TIMING,
      },
    });
    this.#run = checker.run(this.#controller.signal, () => undefined);
  }

  readonly #startThread: StartThread = (data, { told }) => {
    const ordered = new Set<number>();
    const loop = new CheckLoop({
      ...data,
      tell: (message) => setImmediate(() => told(message)),
      startProbe: (_probe, { ip }, _agent, answer) => {
        checks.set(ip, (checks.get(ip) ?? 0) + 1);
        if (this.isCut) return () => undefined;
        const isOk = !dead.has(ip) && !this.lies.has(ip);
        setImmediate(() => answer(isOk ? 'ok' : 'refused', ''));
        return () => undefined;
      },
    });
    return {
      send: (request) => {
        if ('add' in request) {
          for (const { id } of request.remove) ordered.delete(id);
          for (const { id } of request.add) ordered.add(id);
        }
        loop.take(request);
      },
      end: async () => loop.take({ remove: [...ordered].map((id) => ({ id, isKept: false })), add: [] }),
    };
  };

  ejected(): readonly string[] {
    const rows = [...this.state.families.IPv4.health.rows.values()];
    return rows.filter(({ state }) => isEjected(state)).map(({ endpoint }) => endpoint);
  }

  async stop(): Promise<void> {
    this.#controller.abort();
    await this.#run;
  }
}

describe('twenty nodes', () => {
  let api: TestApi;
  let nodes: SimulatedNode[] = [];
  const ejectedAnywhere = () => [...new Set(nodes.flatMap((node) => node.ejected()))];
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  beforeAll(async () => {
    api = await startTestApi();
    const metadata = { name: 'kube-system' };
    await api.registry.create(resourceOf('', 'namespaces'), '', {
      kind: 'Namespace',
      apiVersion: 'v1',
      metadata,
    });
    nodes = Array.from(
      { length: NODES },
      (_, index) => new SimulatedNode(`n${index}`, `z${index % 3}`, api.url),
    );
  });
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    await api.close().catch(() => undefined);
  });

  it('check each endpoint three times in an interval, all together', async () => {
    const rate = async () => {
      checks = new Map();
      await pause(3 * INTERVAL_MS);
      return [...checks.values()].reduce((sum, count) => sum + count, 0) / ENDPOINTS / 3;
    };
    await vi.waitFor(async () => expect(await rate()).toBeLessThanOrEqual(3.3), 20_000);
    checks = new Map();
    const intervals = 6;
    await pause(intervals * INTERVAL_MS);
    expect(checks.size).toBe(ENDPOINTS);
    // One more of each of the three at the border of the time.
    expect(Math.max(...checks.values())).toBeLessThanOrEqual(3.3 * intervals + 3);
    expect(ejectedAnywhere()).toEqual([]);
  }, 40_000);

  it('know of an endpoint that is down, and of its return, on every node', async () => {
    const [ip = ''] = ips;
    dead.add(ip);
    await vi.waitFor(() => {
      for (const node of nodes) expect(node.ejected()).toEqual([`${ip}:8080`]);
    }, 10_000);
    const [row] = [...(nodes[0]?.state.families.IPv4.health.rows.values() ?? [])].filter(({ state }) =>
      isEjected(state),
    );
    expect(row?.checkers.length).toBeGreaterThanOrEqual(2);
    dead.delete(ip);
    await vi.waitFor(() => expect(ejectedAnywhere()).toEqual([]), 10_000);
  }, 30_000);

  it('eject nothing for one that lies, nor for five whose network is cut', async () => {
    const [liar] = nodes;
    for (const ip of ips.slice(0, 60)) liar?.lies.add(ip);
    for (const node of nodes.slice(1, 6)) node.isCut = true;
    for (let look = 0; look < 15; look++) {
      await pause(200);
      expect(ejectedAnywhere()).toEqual([]);
    }
    liar?.lies.clear();
    for (const node of nodes) node.isCut = false;
    await pause(1_000);
    expect(ejectedAnywhere()).toEqual([]);
  }, 30_000);

  it('know nothing any more when the API server has been away for a while, and check no more than before', async () => {
    const [ip = ''] = ips;
    dead.add(ip);
    await vi.waitFor(() => {
      for (const node of nodes) expect(node.ejected()).toEqual([`${ip}:8080`]);
    }, 10_000);
    await api.close();
    await vi.waitFor(() => expect(ejectedAnywhere()).toEqual([]), 10_000);
    checks = new Map();
    await pause(4 * INTERVAL_MS);
    expect(Math.max(...checks.values())).toBeLessThanOrEqual(3.3 * 4 + 3 + 12);
    expect([...checks.values()].reduce((sum, count) => sum + count, 0) / ENDPOINTS / 4).toBeLessThanOrEqual(
      3.3,
    );
  }, 30_000);
});
