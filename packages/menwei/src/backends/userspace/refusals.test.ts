/** What a service port costs whose listener can't be opened: itself alone. */

import { FakeRelays } from '@menwei/testing/backends/userspace/fake-relays.ts';
import { openBackend } from '@menwei/testing/backends/userspace/laws.ts';
import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import { aNodeView, aService, aSlice } from '@menwei/testing/services/testing.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../log/logger.ts';
import { FamilyProxy } from '../../proxy/family-proxy.ts';
import { State } from '../../state/state.ts';
import type { UserspaceBackendOptions } from './backend.ts';

const signal = new AbortController().signal;
const NODE = aNodeView({ ip: '192.168.0.2' });

function open(options: Partial<UserspaceBackendOptions> = {}) {
  const tools = new FakeIptables();
  const relays = new FakeRelays();
  const backend = openBackend({ tools, relays }, 'IPv4', options);
  const state = new State(NODE.name);
  const proxy = new FamilyProxy({
    backend,
    state,
    startedAtMs: 0,
    nodeView: () => NODE,
    logger: silentLogger,
  });
  return {
    relays,
    put(name: string, number: number, ...pods: readonly string[]) {
      state.objects.put(aService({ name, clusterIPs: { IPv4: `172.30.0.${number}` } }));
      state.objects.put(aSlice({ name: `${name}-1`, serviceName: name, endpoints: pods }));
    },
    sync: () => proxy.sync(signal),
    takeVerbs: () => tools.operations.splice(0).map(({ verb }) => verb),
    states: () =>
      Object.fromEntries(
        [...proxy.state.families.IPv4.status.rows.values()].map(({ servicePort, state }) => [
          servicePort,
          state,
        ]),
      ),
    listening: () => [...relays.observe().keys()],
    /** Of the relays, call by call. */
    takeCalls: () => relays.calls.splice(0).map((changes) => [...changes.keys()]),
  };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a service port whose listener is refused', () => {
  const DB = 'IPv4 ns/db/TCP';

  async function openRefusing() {
    const opened = open();
    opened.put('web', 1, '10.0.0.1');
    await opened.sync();
    opened.relays.refused.add(DB);
    opened.put('db', 2, '10.0.0.2');
    expect(await opened.sync()).toMatchObject({ ok: true, refused: [{ servicePort: 'ns/db/TCP' }] });
    opened.takeVerbs();
    opened.takeCalls();
    return opened;
  }

  it('costs other changes nothing', async () => {
    const { put, sync, takeVerbs, takeCalls, states } = await openRefusing();
    for (const pod of ['10.0.0.3', '10.0.0.4']) {
      put('web', 1, pod);
      expect(await sync()).toMatchObject({ ok: true, complete: false, refused: [] });
      expect(takeVerbs()).toEqual([]);
      expect(takeCalls()).toEqual([['IPv4 ns/web/TCP']]);
    }
    expect(states()).toEqual({ 'ns/web/TCP': 'programmed', 'ns/db/TCP': 'error' });
  });

  it('is tried again by itself, and listens when it can', async () => {
    const { relays, sync, takeVerbs, takeCalls, states, listening } = await openRefusing();
    vi.advanceTimersByTime(1_000);
    expect(await sync()).toMatchObject({ ok: true, complete: false, retryInMs: 2_000 });
    expect(takeCalls().flat()).toContain(DB);
    relays.refused.clear();
    vi.advanceTimersByTime(2_000);
    expect(await sync()).toMatchObject({ ok: true, complete: false, retryInMs: undefined });
    expect(takeVerbs()).toEqual([]);
    expect(states()).toEqual({ 'ns/web/TCP': 'programmed', 'ns/db/TCP': 'programmed' });
    expect(listening()).toEqual(['IPv4 ns/web/TCP', DB]);
  });
});

describe('a service port that no port is left for', () => {
  it('is in error until there is one, and costs nobody else anything', async () => {
    const { put, sync, takeVerbs, states } = open({ portRange: { first: 40_000, last: 40_000 } });
    put('web', 1, '10.0.0.1');
    await sync();
    put('db', 2, '10.0.0.2');
    expect(await sync()).toMatchObject({ ok: true, refused: [{ servicePort: 'ns/db/TCP' }] });
    takeVerbs();
    vi.advanceTimersByTime(1_000);
    expect(await sync()).toMatchObject({
      ok: true,
      complete: false,
      refused: [{ servicePort: 'ns/db/TCP' }],
    });
    expect(takeVerbs()).toEqual([]);
    expect(states()).toEqual({ 'ns/web/TCP': 'programmed', 'ns/db/TCP': 'error' });
    put('web', 1);
    await sync();
    vi.advanceTimersByTime(2_000);
    expect(await sync()).toMatchObject({ ok: true, complete: false, refused: [] });
    expect(states()).toEqual({ 'ns/web/TCP': 'programmed', 'ns/db/TCP': 'programmed' });
  });
});
