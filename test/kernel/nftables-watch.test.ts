/** What the watch of the nftables mode hears, from a real kernel and from who plays one. */
import { closeSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IpFamily } from '../../src/addresses/ip.ts';
import { NftablesBackend } from '../../src/backends/nftables/backend.ts';
import { AF_NETLINK, connect, SOCK_RAW, send, socket } from '../../src/kernel/ffi.ts';
import { KernelError } from '../../src/kernel/kernel-error.ts';
import { NetlinkConnection } from '../../src/kernel/netlink/connection.ts';
import { encodeMessage } from '../../src/kernel/netlink/message.ts';
import { NfTables } from '../../src/kernel/netlink/nf-tables/client.ts';
import { NFT_MSG } from '../../src/kernel/netlink/nf-tables/constants.ts';
import type { NfTablesClient } from '../../src/kernel/netlink/nf-tables/contract.ts';
import { NETLINK_NETFILTER, openNetlinkTransport } from '../../src/kernel/netlink/transport.ts';
import { nft } from './nftables-listing.ts';
import { nodeView } from './nftables-objects.ts';

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

function openClient(): NfTables {
  return new NfTables(new NetlinkConnection(openNetlinkTransport(NETLINK_NETFILTER)));
}

function openBackend(family: IpFamily, client: NfTablesClient = openClient()): NftablesBackend {
  return new NftablesBackend({ family, client, masqueradeMark: 1 << 14, masqueradeAll: false });
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
    (each) => what.push(each),
    (work) => work(),
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
    ['bytes that are no message', new Uint8Array(20).fill(3), /could not tell all/],
    [
      'a change that can’t be decoded',
      encodeMessage({
        type: NFT_MSG.DELRULE,
        flags: 0,
        sequence: 0,
        port: 0,
        payload: new Uint8Array([2, 0, 0, 0]),
      }),
      /can't be understood/,
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
    const client = openClient();
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
