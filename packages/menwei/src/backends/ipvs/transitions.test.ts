/** Destinations that drain while syncs come in between, on a proxy with its watch running. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { KernelError } from '@menwei/netlink';
import type { Frontend, IpvsEdit } from '@menwei/netlink/ipvs';
import { openBackend } from '@menwei/testing/backends/ipvs/laws.ts';
import { FakeIpSets } from '@menwei/testing/kernel/ip-set.ts';
import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import { FakeIpvs } from '@menwei/testing/kernel/ipvs.ts';
import { FakeLinks } from '@menwei/testing/kernel/links.ts';
import { aNodeView, aService, aSlice } from '@menwei/testing/services/testing.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../log/logger.ts';
import { FamilyProxy } from '../../proxy/family-proxy.ts';
import { State } from '../../state/state.ts';

const signal = new AbortController().signal;
const WEB: Frontend = { family: 'IPv4', protocol: 'TCP', ip: '172.30.0.1', port: 80 };

/** Changes that wait until they are let go, or fail. */
class GatedIpvs extends FakeIpvs {
  readonly #gates: { matches: (edit: IpvsEdit) => boolean; reach: () => void; open: Promise<void> }[] = [];
  readonly #failures: ((edit: IpvsEdit) => boolean)[] = [];

  /** The first change of the kind waits. */
  hold(matches: (edit: IpvsEdit) => boolean) {
    const reached = Promise.withResolvers<void>();
    const open = Promise.withResolvers<void>();
    this.#gates.push({ matches, reach: reached.resolve, open: open.promise });
    return { reached: reached.promise, release: open.resolve };
  }

  /** The first batch with such a change is not made. */
  fail(matches: (edit: IpvsEdit) => boolean): void {
    this.#failures.push(matches);
  }

  override async apply(edits: readonly IpvsEdit[], signal: AbortSignal) {
    const gate = this.#gates.findIndex(({ matches }) => edits.some(matches));
    const [held] = gate < 0 ? [] : this.#gates.splice(gate, 1);
    held?.reach();
    await held?.open;
    const failure = this.#failures.findIndex((matches) => edits.some(matches));
    if (failure < 0) return super.apply(edits, signal);
    this.#failures.splice(failure, 1);
    throw new KernelError({ operation: 'change', object: 'IPVS', detail: 'no memory' });
  }
}

async function open() {
  const ipvs = new GatedIpvs();
  const tools = new FakeIptables({ family: 'IPv4', hasSet: () => true });
  const kernel = { tools, sets: new FakeIpSets(), ipvs, links: new FakeLinks() };
  const backend = openBackend(kernel, 'IPv4', { watchPeriodMs: 60_000 });
  const state = new State('node-a');
  const proxy = new FamilyProxy({
    backend,
    state,
    startedAtMs: 0,
    nodeView: () => aNodeView(),
    logger: silentLogger,
  });
  const stop = new AbortController();
  state.objects.put(aService());
  const put = (...endpoints: readonly string[]) => state.objects.put(aSlice({ endpoints }));
  put('10.0.0.1', '10.0.0.2');
  await proxy.sync(signal);
  const ended = proxy.watch(() => undefined, stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await ended;
  });
  return {
    ipvs,
    put,
    sync: () => proxy.sync(signal),
    setConnections: (ip: string, activeConnections: number) =>
      ipvs.setConnections(WEB, { ip, port: 8080 }, { activeConnections }),
    weights: () =>
      Object.fromEntries(
        [...(ipvs.dump().get('TCP 172.30.0.1:80')?.destinations.values() ?? [])].map(({ ip, weight }) => [
          ip,
          weight,
        ]),
      ),
  };
}

const isRemoval = ({ change }: IpvsEdit) => change === 'remove-destination';

/** Enough for a sync that nothing holds up. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await nextTurn();
}

describe('an endpoint that drains', () => {
  it('is not lost if it comes back while its drain is being ended', async () => {
    const { ipvs, put, sync, setConnections, weights } = await open();
    setConnections('10.0.0.1', 1);
    put('10.0.0.2');
    await sync();
    expect(weights()).toEqual({ '10.0.0.1': 0, '10.0.0.2': 1 });
    const ending = ipvs.hold(isRemoval);
    setConnections('10.0.0.1', 0);
    await ending.reached;
    put('10.0.0.1', '10.0.0.2');
    const synced = sync();
    await settle();
    ending.release();
    expect(await synced).toMatchObject({ ok: true, refused: [] });
    await settle();
    expect(weights()).toEqual({ '10.0.0.1': 1, '10.0.0.2': 1 });
  });

  it('ends later if its end failed', async () => {
    const { ipvs, put, sync, setConnections, weights } = await open();
    setConnections('10.0.0.1', 1);
    put('10.0.0.2');
    await sync();
    ipvs.fail(isRemoval);
    setConnections('10.0.0.1', 0);
    await expect.poll(weights, { timeout: 20_000 }).toEqual({ '10.0.0.2': 1 });
  }, 30_000);
});
