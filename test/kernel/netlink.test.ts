/** The netlink connection and a real kernel. */
import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { createNamespace, withNamespace } from '@menwei/kernel/netns.ts';
import {
  type DumpReader,
  MessageWriter,
  NETLINK_ROUTE,
  NetlinkConnection,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_REQUEST,
  openNetlinkTransport,
} from '@menwei/netlink';
import { AF_INET, AF_NETLINK, connect as connectSocket } from '@menwei/netlink/native';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  ADDRESSES,
  addAddress,
  addressReader,
  anAddress,
  deleteAddress,
  RTM_DELADDR,
  RTM_NEWADDR,
  writeAddress,
} from './netlink-addresses.ts';

const { EADDRNOTAVAIL, EEXIST, EINVAL, ENOBUFS } = constants.errno;
/** A protocol without a kernel at its other end: sockets talk to each other. */
const NETLINK_USERSOCK = 2;
const RTM_NEWROUTE = 24;
const RTA_DST = 1;
const MANY = 5_000;

function connect(): NetlinkConnection {
  return new NetlinkConnection(openNetlinkTransport(NETLINK_ROUTE));
}

/** As another program sees them. */
function addresses(): readonly string[] {
  const { stdout } = spawnSync('ip', ['-j', '-4', 'address'], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const links: readonly { readonly addr_info: readonly { readonly local: string }[] }[] = JSON.parse(stdout);
  return links.flatMap(({ addr_info }) => addr_info.map(({ local }) => local));
}

/** A datagram of many messages, each about one address and numbered in a row. */
function datagram(connection: NetlinkConnection, type: number, all: readonly string[]): Uint8Array {
  const writer = new MessageWriter();
  let sequence = connection.takeSequences(all.length);
  for (const address of all) {
    const message = writer.beginMessage(type, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE, sequence++);
    writeAddress(writer, address);
    writer.endMessage(message);
  }
  return writer.bytes();
}

const many = Array.from({ length: MANY }, (_, index) => anAddress(index));

beforeEach(() => void spawnSync('ip', ['address', 'flush', 'dev', 'lo']));

describe('a request', () => {
  it('is done before it returns', () => {
    using connection = connect();
    connection.request(addAddress('10.180.0.1'));
    expect(addresses()).toEqual(['10.180.0.1']);
    connection.request(deleteAddress('10.180.0.1'));
    expect(addresses()).toEqual([]);
  });

  it('is refused with what the kernel says', () => {
    using connection = connect();
    connection.request(addAddress('10.180.0.1'));
    expect(() => connection.request(addAddress('10.180.0.1'))).toThrow(
      expect.objectContaining({ name: 'KernelError', operation: 'add', errno: EEXIST }),
    );
    // struct rtmsg: a route to 10.0.0.1/8.
    const badRoute = () =>
      connection.request({
        operation: 'add',
        object: 'route',
        type: RTM_NEWROUTE,
        flags: NLM_F_CREATE,
        write(writer) {
          writer.raw(new Uint8Array([AF_INET, 8, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0]));
          writer.value(RTA_DST, new Uint8Array([10, 0, 0, 1]));
        },
      });
    expect(badRoute).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(
          /^add route: invalid argument \(EINVAL\).*: Invalid prefix for given prefix length$/,
        ),
        errno: EINVAL,
      }),
    );
  });

  it('goes to the namespace where the connection was opened', () => {
    using other = createNamespace();
    using connection = withNamespace(other, connect);
    connection.request(addAddress('10.180.0.1'));
    expect(addresses()).toEqual([]);
    expect(withNamespace(other, addresses)).toEqual(['10.180.0.1']);
  });
});

describe('a dump', () => {
  it('gives nothing where there is nothing', async () => {
    using connection = connect();
    expect(await connection.dump(ADDRESSES, addressReader)).toEqual([]);
  });

  it('gives what others see, also if that is a lot', async () => {
    using connection = connect();
    await connection.exchange(datagram(connection, RTM_NEWADDR, many));
    const dumped = await connection.dump(ADDRESSES, addressReader);
    expect(dumped).toEqual(many);
    expect(addresses()).toEqual(many);
  });

  it('is begun again when something changes meanwhile', async () => {
    using connection = connect();
    using other = connect();
    await connection.exchange(datagram(connection, RTM_NEWADDR, many));
    let attempts = 0;
    const start = (): DumpReader<readonly string[]> => {
      const reader = addressReader();
      if (attempts++ === 0) return { ...reader, read: changeOnce(reader.read) };
      return reader;
    };
    const changeOnce = (read: DumpReader<unknown>['read']): typeof read => {
      let isChanged = false;
      return (message) => {
        if (!isChanged) other.request(addAddress(anAddress(MANY)));
        isChanged = true;
        read(message);
      };
    };
    expect(await connection.dump(ADDRESSES, start)).toEqual([...many, anAddress(MANY)]);
    expect(attempts).toBe(2);
  });

  it('can be asked for again after one that was given up, and goes on beside requests', async () => {
    using connection = connect();
    await connection.exchange(datagram(connection, RTM_NEWADDR, many));
    const controller = new AbortController();
    const aborting = { read: () => controller.abort(), result: () => '' };
    await expect(connection.dump(ADDRESSES, () => aborting, controller.signal)).rejects.toThrow('aborted');
    const dump = connection.dump(ADDRESSES, addressReader);
    for (let turn = 0; turn < 10; turn++) {
      await setImmediate();
      expect(() => connection.request(deleteAddress('10.181.0.1'))).toThrow(
        expect.objectContaining({ errno: EADDRNOTAVAIL }),
      );
    }
    expect(await dump).toEqual(many);
  });

  it('works without privilege', () => {
    const source = new URL('../../packages/netlink/src/', import.meta.url);
    const script = `
      const { NetlinkConnection } = await import('${source}connection.ts');
      const { openNetlinkTransport } = await import('${source}transport.ts');
      const { ADDRESSES, addressReader } = await import('${new URL('netlink-addresses.ts', import.meta.url)}');
      const connection = new NetlinkConnection(openNetlinkTransport(${NETLINK_ROUTE}));
      console.log(await connection.dump(ADDRESSES, addressReader));
      connection[Symbol.dispose]();`;
    using connection = connect();
    connection.request(addAddress('10.180.0.1'));
    const { stdout, stderr } = spawnSync(
      'setpriv',
      [
        '--bounding-set=-net_admin',
        '--inh-caps=-net_admin',
        process.execPath,
        '--input-type=module',
        '-e',
        script,
      ],
      { encoding: 'utf8' },
    );
    expect([stdout, stderr]).toEqual(["[ '10.180.0.1' ]\n", '']);
  });
});

describe('an exchange', () => {
  it('tells of every message what became of it', async () => {
    using connection = connect();
    const first = connection.takeSequences(1) + 1;
    const doubtful = datagram(connection, RTM_DELADDR, ['10.180.0.1', '10.180.0.2']);
    connection.request(addAddress('10.180.0.2'));
    expect(await connection.exchange(doubtful)).toEqual([
      { sequence: first, errno: EADDRNOTAVAIL, detail: expect.stringMatching(/\(EADDRNOTAVAIL\)/) },
      { sequence: first + 1, errno: 0, detail: '' },
    ]);
  });

  it('takes datagrams larger than any usual buffer, and all that comes back', async () => {
    using connection = connect();
    const all = Array.from({ length: 20_000 }, (_, index) => anAddress(index % MANY));
    const large = datagram(connection, RTM_NEWADDR, all);
    expect(large.length).toBeGreaterThan(512 * 1024);
    const answers = await connection.exchange(large);
    expect(answers).toHaveLength(all.length);
    const refusals = answers.filter(({ errno }) => errno !== 0);
    expect(refusals).toHaveLength(all.length - MANY);
    expect(new Set(refusals.map(({ errno }) => errno))).toEqual(new Set([EEXIST]));
    expect(await connection.dump(ADDRESSES, addressReader)).toEqual(many);
  });
});

describe('a transport', () => {
  it('tells of a datagram that did not fit, and has room for the next one', () => {
    using sender = openNetlinkTransport(NETLINK_USERSOCK);
    using receiver = openNetlinkTransport(NETLINK_USERSOCK);
    const address = new Uint8Array(new Uint32Array([AF_NETLINK, receiver.portId, 0]).buffer);
    connectSocket(sender.fd, address);
    for (const _ of ['lost', 'received']) sender.send(new Uint8Array(100_000));
    expect(() => receiver.receive()).toThrow(
      expect.objectContaining({
        errno: ENOBUFS,
        detail: expect.stringMatching(/^a datagram of 100000 bytes/),
      }),
    );
    expect(receiver.receive()).toHaveLength(100_000);
    expect(receiver.receive()).toBeUndefined();
  });

  it('says why it cannot be opened', () => {
    expect(() => openNetlinkTransport(31)).toThrow(expect.objectContaining({ name: 'KernelError' }));
  });
});
