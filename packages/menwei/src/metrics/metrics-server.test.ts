import { aSyncRow } from '@menwei/testing/services/testing.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HttpListener } from '../http/http-listener.ts';
import { silentLogger } from '../log/logger.ts';
import { BUILD } from '../setup/version.ts';
import { State } from '../state/state.ts';
import { startMetricsServer } from './metrics-server.ts';
import { ProxyMetrics } from './proxy-metrics.ts';

describe('metrics server', () => {
  const metrics = new ProxyMetrics({ mode: 'nftables', build: BUILD });
  let server: HttpListener;
  let port = 0;

  beforeAll(async () => {
    const { IPv4: tables } = new State('').families;
    metrics.syncs.follow(tables);
    tables.syncs.put('IPv4', aSyncRow({ seconds: 0.003 }));
    tables.syncs.put('IPv4', aSyncRow({ seconds: 20, endedAtMs: 3_500, triggerTimesMs: [2_000] }));
    metrics.observeConntrackCleaning('IPv4', 'lasting', { seconds: 0.04, entries: 7 });
    metrics.observeConntrackCleaning('IPv4', 'unreplied', { seconds: 0.03, entries: 0 });
    server = startMetricsServer({
      address: { host: '127.0.0.1', port: 0 },
      metrics,
      mode: () => 'nftables',
      status: {
        rows: () => [{ servicePort: 'a' }, { servicePort: 'b' }],
        watch: async () => ({ take: () => [], changed: () => Promise.resolve(), close: () => undefined }),
      },
      logger: silentLogger,
    });
    port = (await server.listening).port;
  });
  afterAll(() => server.close());

  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  const text = async (path: string) => (await get(path)).text();

  it.each([
    ['/healthz', 200, 'ok', 'text/plain; charset=utf-8'],
    ['/healthz/ping', 200, 'ok', 'text/plain; charset=utf-8'],
    ['/healthz?verbose', 200, '[+]ping ok\nhealthz check passed\n', 'text/plain; charset=utf-8'],
    ['/proxyMode', 200, 'nftables', 'text/plain; charset=utf-8'],
    ['/status', 200, '[\n{"servicePort":"a"},\n{"servicePort":"b"}\n]\n', 'application/json'],
    ['/debug/pprof', 404, '404 page not found\n', 'text/plain; charset=utf-8'],
  ])('%s', async (path, status, body, contentType) => {
    const response = await get(path);
    expect(response.status).toBe(status);
    expect(await response.text()).toBe(body);
    expect(response.headers.get('content-type')).toBe(contentType);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('knows the name, help and kind of each metric', async () => {
    const lines = (await text('/metrics')).split('\n');
    expect(lines).toContain('# TYPE kubeproxy_sync_proxy_rules_duration_seconds histogram');
    expect(lines).toContain(
      '# HELP kubeproxy_conntrack_reconciler_deleted_entries_total [ALPHA] Stale conntrack entries that were deleted.',
    );
    expect(lines).toContain('kubeproxy_sync_proxy_rules_duration_seconds_count{ip_family="IPv4"} 2');
    expect(lines).toContain('kubeproxy_network_programming_duration_seconds_sum{ip_family="IPv4"} 1.5');
    expect(lines).toContain('# TYPE kubeproxy_conntrack_reconciler_sync_duration_seconds histogram');
    expect(lines).toContain('kubeproxy_conntrack_reconciler_sync_duration_seconds_count{ip_family="IPv4"} 2');
    expect(lines).toContain('# TYPE kubeproxy_conntrack_reconciler_deleted_entries_total counter');
    expect(lines).toContain('kubeproxy_conntrack_reconciler_deleted_entries_total{ip_family="IPv4"} 7');
  });

  it('counts in the buckets of kube-proxy', async () => {
    const exposition = await text('/metrics');
    const buckets = (name: string) =>
      [
        ...exposition.matchAll(
          new RegExp(`^${name}_bucket\\{ip_family="[^"]+",le="([^"]+)"\\} (\\d+)$`, 'gm'),
        ),
      ].map(([, bound, count]) => `${bound}: ${count}`);
    expect(buckets('kubeproxy_sync_proxy_rules_duration_seconds')).toEqual([
      ...['0.001: 0', '0.002: 0', '0.004: 1', '0.008: 1', '0.016: 1', '0.032: 1', '0.064: 1', '0.128: 1'],
      ...['0.256: 1', '0.512: 1', '1.024: 1', '2.048: 1', '4.096: 1', '8.192: 1', '16.384: 1', '+Inf: 2'],
    ]);
    const bounds = buckets('kubeproxy_network_programming_duration_seconds').map(
      (line) => line.split(':', 1)[0],
    );
    expect(bounds).toHaveLength(81);
    expect(bounds.slice(0, 5)).toEqual(['0.25', '0.5', '1', '2', '3']);
    expect(bounds.slice(59)).toEqual([
      ...['58', '59', '60', '65', '70', '75', '80', '85', '90', '95', '100', '105', '110', '115'],
      ...['120', '150', '180', '210', '240', '270', '300', '+Inf'],
    ]);
  });

  it('lets a hundred clients watch, and another one when one of them has left', async () => {
    // Whose answer nobody holds is given up with it.
    const answers: Response[] = [];
    const watch = async () => {
      const answer = await get('/status?watch');
      answers.push(answer);
      return answer.status;
    };
    const statuses = await Promise.all(Array.from({ length: 100 }, watch));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await watch()).toBe(429);
    await answers[0]?.body?.cancel();
    await expect.poll(watch).toBe(200);
    await Promise.all(answers.slice(1).map(({ body }) => body?.cancel()));
  });
});
