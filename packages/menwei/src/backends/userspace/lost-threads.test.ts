/** What becomes of a service port whose relay thread fails: an error of its own, until a thread listens for it. */
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { openBackend } from '@menwei/testing/backends/userspace/laws.ts';
import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import { UNREACHED_LIMITS } from '@menwei/testing/relay/testing.ts';
import { aNodeView, aService, aSlice } from '@menwei/testing/services/testing.ts';
import { expect, it, vi } from 'vitest';
import { silentLogger } from '../../log/logger.ts';
import { FamilyProxy } from '../../proxy/family-proxy.ts';
import { RelayPool } from '../../relay/pool.ts';
import { startWorker } from '../../relay/relay-thread.ts';
import { State } from '../../state/state.ts';

const signal = new AbortController().signal;
const NODE = aNodeView({ ip: '127.0.0.1' });

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('close', () => socket.destroy());
    setTimeout(() => socket.destroy(), 2_000).unref();
  });
}

it('a service port is not programmed before a thread listens for it', async () => {
  const failing = `
    const { parentPort } = require('node:worker_threads');
    parentPort.on('message', ({ id }) => parentPort.postMessage({ id, thrown: 'BUG: x' }));`;
  let threads = 0;
  const relays = new RelayPool({
    threads: 1,
    descriptors: 100,
    limits: UNREACHED_LIMITS,
    logger: silentLogger,
    startWorker: (data) => {
      threads += 1;
      return threads === 1 ? new Worker(failing, { eval: true, execArgv: [] }) : startWorker(data);
    },
  });
  const backend = openBackend({ tools: new FakeIptables(), relays }, 'IPv4', { listenIP: '127.0.0.1' });
  const state = new State(NODE.name);
  const proxy = new FamilyProxy({
    backend,
    state,
    startedAtMs: 0,
    nodeView: () => NODE,
    logger: silentLogger,
  });
  state.objects.put(aService());
  state.objects.put(aSlice({ endpoints: ['10.0.0.1'] }));

  expect(await proxy.sync(signal)).toMatchObject({ ok: true, refused: [{ servicePort: 'ns/web/TCP' }] });
  expect([...proxy.state.families.IPv4.status.rows.values()]).toMatchObject([
    { state: 'error', error: expect.stringContaining('the relay thread ended') },
  ]);
  await vi.waitFor(async () => {
    expect(await proxy.sync(signal)).toMatchObject({ ok: true });
    expect([...proxy.state.families.IPv4.status.rows.values()]).toMatchObject([{ state: 'programmed' }]);
  });
  const [relay] = relays.observe().values();
  expect(await listens(relay?.listeners[0]?.port ?? 0)).toBe(true);
  await relays.close(0);
});
