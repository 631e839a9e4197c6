import { aNodeView } from '@menwei/testing/services/testing.ts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { State } from '../state/state.ts';
import { ProxyStatus } from './proxy-status.ts';

beforeEach(
  () => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] }),
);
afterEach(() => void vi.useRealTimers());

it('tells who watches when the proxy of a family is down, and when it is back', async () => {
  const state = new State('node-a');
  const row = { servicePort: 'ns/web/TCP', family: 'IPv4', state: 'programmed', sinceMs: 1 } as const;
  state.families.IPv4.status.put(row.servicePort, row);
  let obstacle: string | undefined;
  const status = new ProxyStatus({
    state,
    node: { view: () => aNodeView(), nodePortObstacle: () => undefined },
    served: ['IPv4'],
    mode: 'iptables',
    proxyObstacle: () => obstacle,
    logger: silentLogger,
  });
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
