import { aNodeView, aService, aServicePort } from '@menwei/testing/services/testing.ts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { State } from '../state/state.ts';
import { ProxyStatus } from './proxy-status.ts';

beforeEach(
  () => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] }),
);
afterEach(() => void vi.useRealTimers());

/** Of a node that proxies IPv4 alone. */
function aStatus(state: State, warning: () => string | undefined = () => undefined): ProxyStatus {
  return new ProxyStatus({
    ...{ state, warning, nodeName: 'node-a', logger: silentLogger },
    node: { view: () => aNodeView(), nodePortObstacle: () => undefined },
    served: ['IPv4'],
    mode: 'iptables',
    modeReason: 'the default',
    answeredVIPs: 'pools',
  });
}

it('tells who watches when the proxy of a family is down, and when it is back', async () => {
  const state = new State('node-a');
  const row = { servicePort: 'ns/web/TCP', family: 'IPv4', state: 'programmed', sinceMs: 1 } as const;
  state.families.IPv4.status.put(row.servicePort, row);
  let obstacle: string | undefined;
  const status = aStatus(state, () => obstacle);
  const cursor = await status.watch();
  const programmed = expect.not.objectContaining({ warning: expect.anything() });
  expect(cursor.take()).toEqual([programmed]);
  obstacle = 'proxy-ipv4 failed';
  await vi.advanceTimersByTimeAsync(3_000);
  expect(cursor.take()).toEqual([expect.objectContaining({ ...row, warning: obstacle })]);
  obstacle = undefined;
  await vi.advanceTimersByTimeAsync(3_000);
  expect(cursor.take()).toEqual([programmed]);
  cursor.close();
});

it('says the same of a family that is not proxied to who asks and to who watches', async () => {
  const state = new State('node-a');
  const tables = state.families.IPv6;
  const port = aServicePort();
  const put = (error: string) =>
    tables.status.put(port.key, {
      ...{ servicePort: port.key, family: 'IPv6', state: 'error', sinceMs: 1 },
      error,
    });
  tables.servicePorts.put(port.key, port);
  put('no ip6tables');
  state.objects.putStale({ kind: 'Service', namespace: port.namespace, name: port.name }, 'no ports', 1);
  const status = aStatus(state);
  const cursor = await status.watch();
  expect(cursor.take()).toEqual([...status.rows()]);
  put('no IPv6');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(cursor.take()).toEqual([...status.rows()].filter(({ family }) => family === 'IPv6'));
  cursor.close();
});

it('has no row of a Service as a whole beside those of its service ports', async () => {
  const state = new State('node-a');
  const status = aStatus(state);
  const port = aServicePort();
  state.objects.put(aService());
  state.objects.putStale({ kind: 'Service', namespace: port.namespace, name: port.name }, 'no ports', 1);
  const cursor = await status.watch();
  const watched = new Map(cursor.take().map((row) => [row.servicePort, row]));
  state.families.IPv4.servicePorts.put(port.key, port);
  const pending = { servicePort: port.key, family: 'IPv4', state: 'pending', sinceMs: 1 } as const;
  state.families.IPv4.status.put(port.key, pending);
  await vi.advanceTimersByTimeAsync(1_000);
  for (const row of cursor.take()) watched.set(row.servicePort, row);
  expect([...watched.values()]).toEqual([...status.rows()]);
  cursor.close();
});
