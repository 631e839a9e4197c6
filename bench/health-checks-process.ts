/**
 * The checks of a node by themselves, for bench/health-checks.ts: checks these endpoints as soon as there is a line on standard
 * input, and prints each change of a state with its time.
 *
 *   node bench/health-checks-process.ts '{"endpoints": 10000, "perService": 50, "annotation": "tcp", "rate": 500}'
 */
import { once } from 'node:events';
import { aNodeView, anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import { HealthChecker } from 'menwei/checks/health-checker.ts';
import { parseHealthCheck } from 'menwei/kubernetes/decode-health-check.ts';
import { silentLogger } from 'menwei/log/logger.ts';
import { HealthCheckMetrics } from 'menwei/metrics/health-check-metrics.ts';
import { Registry } from 'menwei/metrics/registry.ts';
import { State } from 'menwei/state/state.ts';

interface Order {
  /** How many, at 127.1.0.1 and following, or just these. */
  readonly endpoints: number | readonly { readonly ip: string; readonly port: number }[];
  readonly perService: number;
  readonly annotation: string;
  readonly rate: number;
  readonly port: number;
}

const order: Order = JSON.parse(process.argv[2] ?? '{}');
const check = parseHealthCheck(order.annotation);
if (check === 'none' || 'mistake' in check) throw new Error(`${order.annotation} is no check`);

const { endpoints: wanted } = order;
const places =
  typeof wanted === 'number'
    ? Array.from({ length: wanted }, (_, index) => {
        const ip = `127.${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255 || 255}`;
        return { ip, port: order.port + (index & 255 ? 0 : 1) };
      })
    : wanted;
const state = new State('node-a');
const { servicePorts, health } = state.families.IPv4;
const ports = Array.from({ length: Math.ceil(places.length / order.perService) }, (_, service) => {
  const own = places.slice(service * order.perService, (service + 1) * order.perService);
  return aServicePort({ name: `s${service}`, endpoints: own.map((place) => anEndpoint(place)) });
});
for (const port of ports) servicePorts.put(port.key, port);

const rows = health.reader(() => {
  for (const { after } of rows.take()) {
    if (after === undefined || typeof wanted === 'number') continue;
    const { endpoint, state: to } = after;
    process.stdout.write(`${JSON.stringify({ endpoint, state: to, atMs: Date.now() })}\n`);
  }
});
rows.take();

process.stdout.write('ready\n');
await once(process.stdin, 'data');
for (const port of ports) servicePorts.put(port.key, { ...port, health: { check, down: [] } });
const checker = new HealthChecker({
  state,
  families: ['IPv4'],
  nodeName: 'node-a',
  nodeView: () => aNodeView(),
  ratePerSecond: order.rate,
  userAgent: 'menwei-health/bench',
  events: { record: () => undefined },
  metrics: new HealthCheckMetrics(new Registry()),
  logger: silentLogger,
});
await checker.run(new AbortController().signal, () => undefined);
