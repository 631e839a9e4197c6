/**
 * What the kernel and others can do to a proxy in nftables mode: it converges, and a connection through a Service that
 * nothing concerns goes on.
 */
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import { isFailure } from '@menwei/lab/outcome.ts';
import {
  KernelError,
  NETLINK_NETFILTER,
  NetlinkConnection,
  type NetlinkTransport,
  openNetlinkTransport,
} from '@menwei/netlink';
import {
  encodeFields,
  NfTables,
  type Operation,
  type SetDeclaration,
  type Transaction,
} from '@menwei/netlink/nftables';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FaultBench, syncUntilDone } from './nftables-bench.ts';
import { interrupted, NODE } from './nftables-objects.ts';

const { EBUSY, ENOBUFS, ENOENT, ERESTART } = { ...constants.errno, ERESTART: 85 };
const signal = new AbortController().signal;
const KILLED_PROXY = fileURLToPath(new URL('./nftables-killed-proxy.ts', import.meta.url));

describe.each(IP_FAMILIES)('%s', (family) => {
  let bench: FaultBench;
  beforeAll(async () => {
    bench = await FaultBench.open(family);
  });
  beforeEach(() => bench.reset());
  afterAll(() => bench[Symbol.asyncDispose]());

  /** A proxy that has synced, and a connection. */
  async function start() {
    const proxy = bench.openProxy();
    expect(await proxy.sync(signal)).toMatchObject({ ok: true });
    await bench.connect();
    return proxy;
  }

  /** What the kernel holds, as it sees it. */
  async function content() {
    const { content } = await bench.stranger.observe(bench.table);
    if (content === undefined) throw new Error('the table is gone');
    return content;
  }

  /** A chain of somebody else in our table, which leads to one of ours. */
  function foreignChain(name: string, to: string): Transaction {
    const verdict = { verdict: 'goto', chain: to } as const;
    return [
      { do: 'add chain', chain: { name, hook: undefined, comment: '', rules: [] } },
      { do: 'add rule', chain: name, rule: { expressions: [{ name: 'immediate', verdict }], comment: '' } },
    ];
  }

  it('EBUSY: somebody’s rule leads to a chain that has to go', async () => {
    const proxy = await start();
    const chains = new Set((await content()).chains.keys());
    bench.setBusy(['busy-1']);
    bench.publish(proxy);
    await proxy.sync(signal);
    const unused = [...chains].find((chain) => chain.startsWith('pick-3'));
    if (unused === undefined) throw new Error('there is no chain for three endpoints');

    // Each time after the proxy had its look, somebody holds on to the chain that a restart takes away.
    const { client, refusals } = interrupted(bench.openClient(), {
      afterObserve: async (time) => {
        if (time < 3) await bench.stranger.apply(bench.table, foreignChain(`theirs-${time}`, unused));
      },
    });
    const restarted = bench.openProxy(client);
    const failures = await syncUntilDone(restarted);
    expect(refusals).toContain(EBUSY);
    expect(failures.map(({ error }) => error)).toEqual([expect.objectContaining({ errno: EBUSY })]);
    await bench.expectWhole(restarted);
    const left = [...(await content()).chains.keys()];
    expect(left.filter((chain) => chain === unused || chain.startsWith('theirs'))).toEqual([]);
  });

  it('ERESTART: somebody is faster, again and again', async () => {
    await start();
    bench.setBusy(['busy-1', 'busy-2']);
    const other = { family: bench.table.family, name: 'other' } as const;
    const { client, refusals } = interrupted(bench.openClient(), {
      afterObserve: async () => {
        await bench.stranger.apply(other, [
          { do: 'add table', table: { ...other, comment: '' } },
          { do: 'add chain', chain: { name: 'chain', hook: undefined, comment: '', rules: [] } },
          { do: 'delete chain', chain: 'chain' },
        ]);
      },
    });
    const restarted = bench.openProxy(client);
    expect(await syncUntilDone(restarted)).toEqual([]);
    expect(refusals).toEqual([ERESTART, ERESTART]);
    await bench.expectWhole(restarted);
  });

  it('ERESTART: somebody takes the table away after the proxy had its look', async () => {
    await start();
    bench.setBusy(['busy-1', 'busy-2']);
    const { client, refusals } = interrupted(bench.openClient(), {
      afterObserve: async (time) => {
        if (time === 0) await bench.stranger.apply(bench.table, [{ do: 'delete table' }]);
      },
    });
    const restarted = bench.openProxy(client);
    expect(await syncUntilDone(restarted)).toEqual([]);
    expect(refusals).toEqual([ERESTART]);
    await bench.expectWhole(restarted);
  });

  it.each<readonly [string, () => Promise<Transaction>]>([
    ['the table', async () => [{ do: 'delete table' }]],
    [
      'an element that is to be replaced',
      async () => {
        const { sets, elements } = await content();
        return [...sets.values()]
          .filter((set) => set.name === 'frontends')
          .map((set): Operation => {
            const all = [...(elements.get(set.name)?.values() ?? [])];
            return { do: 'delete elements', set, elements: all };
          });
      },
    ],
  ])('ENOENT: somebody takes away %s in the middle of a sync', async (_what, deed) => {
    await start();
    const { client, refusals } = interrupted(bench.openClient(), {
      beforeApply: async (time) => {
        if (time === 0) await bench.stranger.apply(bench.table, await deed());
      },
    });
    const proxy = bench.openProxy(client);
    // There is nothing to do, so the next sync is the first that does something, and it does not look first.
    expect(await proxy.sync(signal)).toMatchObject({ ok: true });
    bench.setBusy(['busy-2', 'busy-3']);
    bench.publish(proxy);
    const failures = await syncUntilDone(proxy);
    expect(refusals).toEqual([ENOENT]);
    expect(failures).toHaveLength(1);
    await bench.expectWhole(proxy);
    expect(await bench.askBusy()).toMatchObject({ pod: expect.stringMatching(/^busy-[23]$/) });
  });

  it('ENOBUFS: the answer to a transaction is lost', async () => {
    await start();
    const losing = new LosingTransport(
      bench.lab.node(NODE).run(() => openNetlinkTransport(NETLINK_NETFILTER)),
    );
    using inner = new NfTables(new NetlinkConnection(losing));
    const { client, refusals, transactions } = interrupted(inner, {
      beforeApply: async () => losing.loseNext(),
    });
    bench.setBusy(['busy-1', 'busy-2']);
    const proxy = bench.openProxy(client);
    const failures = await syncUntilDone(proxy);
    expect(failures.map(({ error }) => error)).toEqual([expect.objectContaining({ errno: ENOBUFS })]);
    // It had been carried out, so the second sync found nothing to do.
    expect(refusals).toEqual([ENOBUFS]);
    expect(transactions).toHaveLength(1);
    await bench.expectWhole(proxy);
  });

  describe('SIGKILL', () => {
    /** Starts a proxy in a process of its own, which is killed as soon as so many transactions are through. */
    async function startAndKillAfter(transactions: number): Promise<void> {
      const input = JSON.stringify({ family, busy: bench.busy, transactions });
      const { status, stderr } = await bench.lab.node(NODE).exec(process.execPath, [KILLED_PROXY, input]);
      expect({ status, stderr }).toEqual({ status: null, stderr: '' });
    }

    it('after the first transaction of all', async () => {
      await startAndKillAfter(1);
      await bench.connect();
      const before = bench.stranger.observeGeneration();
      const restarted = bench.openProxy();
      expect(await syncUntilDone(restarted)).toEqual([]);
      expect(bench.stranger.observeGeneration()).toBe(before);
      await bench.expectWhole(restarted);
    });

    it('before the clients of an endpoint that is gone are forgotten', async () => {
      bench.setBusy(['busy-1', 'busy-2', 'busy-3'], { sessionAffinitySeconds: 10_800 });
      await start();
      const answer = await bench.askBusy();
      if (isFailure(answer)) throw new Error(answer.detail);
      expect(await bench.askBusy()).toMatchObject({ pod: answer.pod });
      const others = bench.busy.pods.filter((pod) => pod !== answer.pod);
      bench.setBusy(others, bench.busy.fields);
      await startAndKillAfter(1);
      const restarted = bench.openProxy();
      expect(await syncUntilDone(restarted)).toEqual([]);
      expect(await bench.askBusy()).toMatchObject({ pod: expect.stringMatching(others.join('|')) });
      await bench.expectWhole(restarted);
    });
  });
});

describe('the watch', () => {
  it('ENOBUFS: more is told at once than its socket has room for', async () => {
    await using bench = await FaultBench.open('IPv4');
    await bench.reset();
    const proxy = bench.openProxy();
    expect(await proxy.sync(signal)).toMatchObject({ ok: true });
    await bench.connect();
    const heard: (string | undefined)[] = [];
    const end = new AbortController();
    const node = bench.lab.node(NODE);
    // The socket is opened at once, and stays in the namespace.
    const [watching] = node.run(() => [proxy.watch((what) => heard.push(what), end.signal)]);
    using noisy = new NfTables(
      new NetlinkConnection(blocking(node.run(() => openNetlinkTransport(NETLINK_NETFILTER)))),
    );
    const numbers = { name: 'numbers', key: ['slot'], data: undefined, interval: false } as const;
    const set: SetDeclaration = { ...numbers, dynamic: false, size: 300_000, comment: '' };
    const elements = Array.from({ length: 300_000 }, (_, number) => ({
      key: encodeFields(['slot'], [number]),
      data: undefined,
      comment: '',
    }));
    await noisy.apply(bench.table, [
      { do: 'add set', set },
      { do: 'add elements', set, elements },
    ]);
    await expect
      .poll(() => heard, { timeout: 20_000 })
      .toContainEqual(expect.stringContaining('notifications were lost'));
    end.abort();
    await watching;
    proxy.forgetKernel();
    expect(await syncUntilDone(proxy)).toEqual([]);
    await bench.expectWhole(proxy);
  });
});

/** Gives the event loop no turn while the kernel works. */
function blocking(transport: NetlinkTransport): NetlinkTransport {
  return {
    portId: transport.portId,
    send: (datagram) => transport.send(datagram),
    sendAside: async (datagram) => transport.send(datagram),
    receive: () => transport.receive(),
    [Symbol.dispose]: () => transport[Symbol.dispose](),
  };
}

/** Loses what comes next, as a socket whose queue is full. */
class LosingTransport implements NetlinkTransport {
  readonly #transport: NetlinkTransport;
  #isLosing = false;

  constructor(transport: NetlinkTransport) {
    this.#transport = transport;
  }

  get portId(): number {
    return this.#transport.portId;
  }

  loseNext(): void {
    this.#isLosing = true;
  }

  send(datagram: Uint8Array): void {
    this.#transport.send(datagram);
  }

  sendAside(datagram: Uint8Array): Promise<void> {
    return this.#transport.sendAside(datagram);
  }

  receive(): Uint8Array | undefined {
    const datagram = this.#transport.receive();
    if (!this.#isLosing || datagram === undefined) return datagram;
    this.#isLosing = false;
    throw new KernelError({ operation: 'receive', object: '', detail: 'no room', errno: ENOBUFS });
  }

  [Symbol.dispose](): void {
    this.#transport[Symbol.dispose]();
  }
}
