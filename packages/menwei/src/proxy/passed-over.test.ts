/** What a Service asks for that the mode has not: said once, and shown as long as it is so. */
import { openBackend } from '@menwei/testing/backends/iptables/laws.ts';
import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import { keepMessages } from '@menwei/testing/proxy/kept-messages.ts';
import { aNodeView, aService, aSlice } from '@menwei/testing/services/testing.ts';
import { expect, it } from 'vitest';
import { DEFAULT_BALANCING, type Service } from '../kubernetes/objects.ts';
import { State } from '../state/state.ts';
import { FamilyProxy } from './family-proxy.ts';

const signal = new AbortController().signal;

it('a Service with weights in iptables mode', async () => {
  const log: string[] = [];
  const state = new State('node-a');
  const backend = openBackend(new FakeIptables({ family: 'IPv4' }), 'IPv4');
  const logger = keepMessages(log);
  const proxy = new FamilyProxy({ backend, state, startedAtMs: 0, nodeView: () => aNodeView(), logger });
  const warningAfter = async (service: Partial<Service>, endpoints: readonly string[]) => {
    state.objects.put(aService(service));
    state.objects.put(aSlice({ endpoints }));
    await proxy.sync(signal);
    return [...state.families.IPv4.status.rows.values()].map(({ state: stands, warning }) => [
      stands,
      warning,
    ]);
  };
  const weights = { named: new Map([['10.0.0.1', 3]]), others: 1 };
  const warning = 'no weights in iptables mode: connections are spread evenly';
  expect(await warningAfter({}, ['10.0.0.1', '10.0.0.2'])).toEqual([['programmed', undefined]]);
  expect(await warningAfter({ weights }, ['10.0.0.1', '10.0.0.2'])).toEqual([['programmed', warning]]);
  expect(await warningAfter({ weights }, ['10.0.0.1', '10.0.0.3'])).toEqual([['programmed', warning]]);
  expect(log.filter((line) => line.includes('weights'))).toEqual([`Service ns/web: port 80/TCP: ${warning}`]);
  // Alone it has all connections, whatever its weight.
  expect(await warningAfter({ weights }, ['10.0.0.1'])).toEqual([['programmed', undefined]]);
  const balancing = { ...DEFAULT_BALANCING, slowStartMs: 1_000 };
  const [both] = await warningAfter({ weights, balancing }, ['10.0.0.1', '10.0.0.2']);
  expect(both?.[1]).toBe('no weights and no slow start in iptables mode: connections are spread evenly');
});
