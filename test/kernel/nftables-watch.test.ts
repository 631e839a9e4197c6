/** What the watch of the nftables mode hears, from a real kernel and from who plays one. */
import { closeSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { readSysctl, writeSysctl } from '@menwei/kernel/sysctl.ts';
import {
  encodeMessage,
  KernelError,
  MessageWriter,
  NETLINK_NETFILTER,
  NetlinkConnection,
  openNetlinkTransport,
} from '@menwei/netlink';
import { AF_NETLINK, connect, SOCK_RAW, send, socket } from '@menwei/netlink/native';
import {
  encodeFields,
  NFT_MSG,
  NfTables,
  type NfTablesClient,
  openNfTables,
  type SetDeclaration,
  type TableName,
} from '@menwei/netlink/nftables';
import { NftablesBackend } from 'menwei/backends/nftables/backend.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nft } from './nftables-listing.ts';
import { nodeView } from './nftables-objects.ts';

const OPTION_MEMORY = 'net/core/optmem_max';
const PATIENCE = { timeout: 20_000 };
const signal = new AbortController().signal;

let end: AbortController;
const watches: Promise<void>[] = [];
beforeEach(() => {
  end = new AbortController();
});
afterEach(async () => {
  end.abort();
  await Promise.all(watches.splice(0));
  nft(['flush', 'ruleset']);
});

function openBackend(
  family: IpFamily,
  client: NfTablesClient = openNfTables(),
  ownPorts: readonly number[] = [client.portId],
): NftablesBackend {
  return new NftablesBackend({
    family,
    client,
    ownPorts,
    masqueradeMark: 1 << 14,
    masqueradeAll: false,
    answeredVIPs: 'pools',
  });
}

async function program(backend: NftablesBackend): Promise<void> {
  const plan = backend.plan();
  plan.update(nodeView(backend.family), new Map());
  const changes = backend.diff(await backend.observe(signal), plan.complete());
  expect(await backend.apply(changes, signal)).toBe('applied');
}

interface Heard {
  readonly what: readonly (string | undefined)[];
  /** Of its socket. */
  readonly port: number;
  /** How it ended, if it did. */
  readonly ended: readonly unknown[];
}

/** Starts to watch. */
function watch(backend: NftablesBackend): Heard {
  const before = netlinkPorts();
  const what: (string | undefined)[] = [];
  const ended: unknown[] = [];
  const watching = backend.watch(
    {
      drifted: (each) => what.push(each),
      inTurn: (work) => work(),
      left: () => undefined,
    },
    end.signal,
  );
  watches.push(
    watching.then(
      () => void (end.signal.aborted || ended.push('ended')),
      (error) => void ended.push(error),
    ),
  );
  const [port] = netlinkPorts().filter((each) => !before.includes(each));
  if (port === undefined) throw new Error('the watch has no socket');
  return { what, port, ended };
}

/** Of the sockets of this process that hear of nf_tables. */
function netlinkPorts(): readonly number[] {
  const lines = readFileSync('/proc/thread-self/net/netlink', 'utf8').split('\n').slice(1, -1);
  const fields = lines.map((line) => line.split(/\s+/));
  return fields
    .filter(([, protocol]) => Number(protocol) === NETLINK_NETFILTER)
    .map(([, , port]) => Number(port));
}

/** As if the kernel had said it. */
function say(port: number, bytes: Uint8Array): void {
  const fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
  try {
    const address = new DataView(new ArrayBuffer(12));
    address.setUint16(0, AF_NETLINK, true);
    address.setUint32(4, port, true);
    connect(fd, new Uint8Array(address.buffer));
    send(fd, bytes);
  } finally {
    closeSync(fd);
  }
}

async function expectStillHeard({ what, ended }: Heard): Promise<void> {
  nft(['flush', 'chain', 'ip', 'menwei', 'services']);
  await expect.poll(() => what, PATIENCE).toContainEqual(expect.stringMatching(/^nft .*of services/));
  expect(ended).toEqual([]);
}

describe('the watch asks for a look at the kernel, and goes on', () => {
  it.each([
    ['bytes that are no message', new Uint8Array(20).fill(3), /notifications were lost/],
    [
      'a change that can’t be decoded',
      encodeMessage({
        type: NFT_MSG.DELRULE,
        flags: 0,
        sequence: 0,
        port: 0,
        payload: new Uint8Array([2, 0, 0, 0]),
      }),
      /can't be decoded/,
    ],
  ])('after %s', async (_what, bytes, told) => {
    const backend = openBackend('IPv4');
    await program(backend);
    const heard = watch(backend);
    say(heard.port, bytes);
    await expect.poll(() => heard.what, PATIENCE).toEqual([expect.stringMatching(told)]);
    await expectStillHeard(heard);
  });

  it('when it can’t be read whether somebody was there before it began', async () => {
    const client = openNfTables();
    const backend = openBackend('IPv4', client);
    await program(backend);
    const failure = { operation: 'receive', object: '', detail: 'no room', errno: constants.errno.ENOBUFS };
    client.observeGeneration = () => {
      throw new KernelError(failure);
    };
    const heard = watch(backend);
    await expect.poll(() => heard.what, PATIENCE).toEqual([undefined]);
    await expectStillHeard(heard);
  });
});

/** Of 300,000 elements, in one go, without a turn for the event loop. */
async function fill(client: NfTables, table: TableName): Promise<void> {
  const numbers = { name: 'numbers', key: ['slot'], data: undefined, interval: false } as const;
  const set: SetDeclaration = { ...numbers, dynamic: false, size: 300_000, comment: '' };
  const elements = Array.from({ length: 300_000 }, (_, number) => ({
    key: encodeFields(['slot'], [number]),
    data: undefined,
    comment: '',
  }));
  await client.apply(table, [
    { do: 'add table', table: { ...table, comment: '' } },
    { do: 'add set', set },
    { do: 'add elements', set, elements },
  ]);
}

function openBlockingClient(): NfTables {
  const transport = openNetlinkTransport(NETLINK_NETFILTER);
  return new NfTables(
    new NetlinkConnection({
      portId: transport.portId,
      send: (datagram) => transport.send(datagram),
      sendAside: async (datagram) => transport.send(datagram),
      receive: () => transport.receive(),
      [Symbol.dispose]: () => transport[Symbol.dispose](),
    }),
  );
}

describe('the watch of a table', () => {
  it.each([
    ['another', { family: 'ip', name: 'other' }],
    ['the other family’s', { family: 'ip', name: 'menwei' }],
    ['one that is called alike', { family: 'ip6', name: 'menwe' }],
  ] as const)('loses nothing while somebody fills %s', async (_which, table) => {
    const backend = openBackend('IPv6');
    await program(backend);
    const heard = watch(backend);
    using stranger = openBlockingClient();
    const filling = fill(stranger, table);
    nft(['add', 'chain', 'ip6', 'menwei', 'meanwhile']);
    await filling;
    nft(['add', 'chain', 'ip6', 'menwei', 'after']);
    await expect.poll(() => heard.what, PATIENCE).toHaveLength(2);
    expect(heard.what).toEqual([
      expect.stringMatching(/^nft .* added chain meanwhile$/),
      expect.stringMatching(/^nft .* added chain after$/),
    ]);
    expect(heard.ended).toEqual([]);
  });

  it('hears nothing of what this process does, and hears others during it and after', async () => {
    using own = openBlockingClient();
    const client = openNfTables();
    const backend = openBackend('IPv6', client, [client.portId, own.portId]);
    await program(backend);
    const heard = watch(backend);
    const filling = fill(own, { family: 'ip6', name: 'menwei' });
    nft(['add', 'chain', 'ip6', 'menwei', 'meanwhile']);
    await filling;
    nft(['add', 'chain', 'ip6', 'menwei', 'after']);
    await expect.poll(() => heard.what.at(-1), PATIENCE).toMatch(/^nft .* added chain after$/);
    expect(heard.what).toEqual([expect.stringMatching(/^nft .* added chain meanwhile$/), heard.what.at(-1)]);
  });

  it('hears of a change in the midst of a transaction that is about other tables', async () => {
    const backend = openBackend('IPv4');
    await program(backend);
    const heard = watch(backend);
    const others = (from: number) =>
      Array.from({ length: 40 }, (_, index) => `add chain ip other chain-${from + index}`).join('\n');
    nft(['-f', '-'], `add table ip other\n${others(0)}\nadd chain ip menwei theirs\n${others(40)}`);
    await expect
      .poll(() => heard.what, PATIENCE)
      .toEqual([expect.stringMatching(/^nft .* added chain theirs$/)]);
  });

  it('looks at every message of what the kernel says at once, however many there are', async () => {
    const backend = openBackend('IPv4');
    await program(backend);
    const heard = watch(backend);
    for (const others of [0, 1, 7, 19, 20, 21, 67, 68, 69, 100]) {
      const before = heard.what.length;
      say(
        heard.port,
        Buffer.concat([
          ...Array.from({ length: others }, (_, index) => newChain(2, 'other'.slice(0, (index % 5) + 1))),
          newChain(2, 'menwei'),
        ]),
      );
      nft(['add', 'table', 'ip', `end-${others}`]);
      await expect.poll(() => heard.what.length, PATIENCE).toBe(before + 1);
    }
  });

  it.each([20_480, 4_096, 512])('hears with %i bytes of memory for its filter', async (bytes) => {
    const before = readSysctl(OPTION_MEMORY);
    const isOfNamespace = writeSysctl(OPTION_MEMORY, bytes);
    const backend = openBackend('IPv4');
    await program(backend);
    const heard = watch(backend);
    if (isOfNamespace && before !== undefined) writeSysctl(OPTION_MEMORY, Number(before));
    // Nothing of our own.
    await backend.cleanup();
    await program(backend);
    await expectStillHeard(heard);
    expect(heard.what).toHaveLength(1);
  });

  it('hears nothing of what is said at once about others', async () => {
    const backend = openBackend('IPv4');
    await program(backend);
    const heard = watch(backend);
    say(heard.port, Buffer.concat([newChain(10, 'menwei'), newChain(2, 'menweix'), newChain(2, 'menwe')]));
    // The end of a transaction: of none of ours.
    nft(['add', 'table', 'ip', 'end']);
    nft(['add', 'chain', 'ip', 'menwei', 'theirs']);
    await expect.poll(() => heard.what, PATIENCE).toEqual([expect.stringMatching(/added chain theirs$/)]);
  });
});

function newChain(family: number, table: string): Uint8Array {
  const writer = new MessageWriter();
  const message = writer.beginMessage(NFT_MSG.NEWCHAIN, 0, 0);
  writer.raw(new Uint8Array([family, 0, 0, 0]));
  writer.text(1, table);
  writer.text(3, 'chain');
  writer.endMessage(message);
  return writer.bytes().slice();
}
