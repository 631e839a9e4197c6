/** Netlink multicast groups and a real kernel. */

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { Worker } from 'node:worker_threads';
import {
  encodePortFilter,
  listen,
  MessageWriter,
  NETLINK_ROUTE,
  NetlinkConnection,
  type NetlinkListener,
  NLM_F_CREATE,
  NLM_F_REQUEST,
  openNetlinkTransport,
} from '@menwei/netlink';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  addAddress,
  anAddress,
  decodeAddress,
  deleteAddress,
  RTM_DELADDR,
  RTM_NEWADDR,
  RTNLGRP_IPV4_IFADDR,
  writeAddress,
} from './netlink-addresses.ts';

const { EINVAL } = constants.errno;
const NO_GROUP = 200;

function ip(...args: readonly string[]): void {
  expect(spawnSync('ip', args).status).toBe(0);
}

function connect(): NetlinkConnection {
  return new NetlinkConnection(openNetlinkTransport(NETLINK_ROUTE));
}

let end: AbortController;
beforeEach(() => {
  end = new AbortController();
  ip('address', 'flush', 'dev', 'lo');
});
afterEach(() => end.abort());

/** Starts to listen; `news` grows. */
function hear(listener: Partial<NetlinkListener> = {}): {
  readonly news: readonly string[];
  readonly ended: Promise<void>;
} {
  const news: string[] = [];
  const ended = listen(
    NETLINK_ROUTE,
    [RTNLGRP_IPV4_IFADDR],
    {
      onDatagram(messages) {
        for (const message of messages) {
          news.push(`${message.type === RTM_NEWADDR ? 'new' : 'gone'} ${decodeAddress(message)}`);
        }
      },
      onLost: () => void news.push('lost'),
      ...listener,
    },
    end.signal,
  );
  return { news, ended };
}

/** Adds and deletes an address so often that no queue can hold the news of it, without giving the event loop a turn. */
async function flood(connection: NetlinkConnection): Promise<void> {
  const times = 2_500;
  for (let round = 0; round < 8; round++) {
    const writer = new MessageWriter();
    let sequence = connection.takeSequences(2 * times);
    for (let time = 0; time < times; time++) {
      for (const type of [RTM_NEWADDR, RTM_DELADDR]) {
        const message = writer.beginMessage(type, NLM_F_REQUEST | NLM_F_CREATE, sequence++);
        writeAddress(writer, '10.180.0.1');
        writer.endMessage(message);
      }
    }
    await connection.exchange(writer.bytes());
  }
}

describe('a listener', () => {
  it('hears what others do from the moment it is ready', async () => {
    let isReady = false;
    const { news } = hear({ ready: () => (isReady = true) });
    expect(isReady).toBe(true);
    ip('address', 'add', '10.180.0.1/32', 'dev', 'lo');
    ip('address', 'delete', '10.180.0.1/32', 'dev', 'lo');
    await vi.waitFor(() => expect(news).toEqual(['new 10.180.0.1', 'gone 10.180.0.1']));
  });

  it('hears what its own process does, but not what its own connections do if they are to be ignored', async () => {
    using own = connect();
    using other = connect();
    const { news } = hear({ filters: [encodePortFilter([own.portId, 1])] });
    const all = hear();
    own.request(addAddress('10.180.0.1'));
    other.request(addAddress('10.180.0.2'));
    own.request(deleteAddress('10.180.0.2'));
    other.request(addAddress('10.180.0.3'));
    await vi.waitFor(() => expect(news).toEqual(['new 10.180.0.2', 'new 10.180.0.3']));
    expect(all.news).toEqual(['new 10.180.0.1', 'new 10.180.0.2', 'gone 10.180.0.2', 'new 10.180.0.3']);
  });

  it('is told when news was lost, and hears again what comes then', async () => {
    using connection = connect();
    const onLost = vi.fn();
    const { news } = hear({ onLost });
    await flood(connection);
    await vi.waitFor(() => expect(onLost).toHaveBeenCalled());
    connection.request(addAddress('10.180.0.2'));
    await vi.waitFor(() => expect(news.at(-1)).toBe('new 10.180.0.2'));
  });

  it('is not told of the loss of what it ignores', async () => {
    using connection = connect();
    const { news } = hear({ filters: [encodePortFilter([connection.portId])] });
    await flood(connection);
    ip('address', 'add', '10.180.0.2/32', 'dev', 'lo');
    await vi.waitFor(() => expect(news).toEqual(['new 10.180.0.2']));
  });

  it('ends with its signal, with its socket closed', async () => {
    const files = () => readdirSync('/proc/self/fd').length;
    const before = files();
    const { ended } = hear();
    expect(files()).toBe(before + 1);
    end.abort();
    await ended;
    expect(files()).toBe(before);
  });

  it('does not begin when its signal has fired', async () => {
    end.abort();
    const ready = vi.fn();
    await hear({ ready }).ended;
    expect(ready).not.toHaveBeenCalled();
  });

  it('hears nothing any more once its signal has fired, even of what waits already', async () => {
    const onDatagram = vi.fn(() => end.abort());
    const { ended } = hear({ onDatagram });
    using connection = connect();
    for (let index = 0; index < 10; index++) connection.request(addAddress(anAddress(index)));
    await ended;
    expect(onDatagram).toHaveBeenCalledTimes(1);
  });

  it('ends with what its owner throws', async () => {
    const onDatagram = (): void => {
      throw new Error('unheard of');
    };
    const { ended } = hear({ onDatagram });
    ip('address', 'add', '10.180.0.1/32', 'dev', 'lo');
    await expect(ended).rejects.toThrow('unheard of');
  });

  it('refuses groups that there are not', async () => {
    const listener = { onDatagram: () => undefined, onLost: () => undefined };
    await expect(listen(NETLINK_ROUTE, [NO_GROUP], listener, end.signal)).rejects.toMatchObject({
      name: 'KernelError',
      errno: EINVAL,
    });
  });
});

describe('a thread', () => {
  it('cannot listen: its end would be the end of the process', async () => {
    const source = new URL('../../packages/netlink/src/listener.ts', import.meta.url);
    const script = `
      import('${source}').then(({ listen }) => listen(${NETLINK_ROUTE}, [], {}, new AbortController().signal));`;
    const [error] = await once(new Worker(script, { eval: true, trackUnmanagedFds: false }), 'error');
    expect(error).toMatchObject({ message: expect.stringMatching(/^BUG: only the main thread/) });
  });
});

describe('a process with an open listener', () => {
  const source = new URL('../../packages/netlink/src/', import.meta.url);
  const script = (ready: string): string => `
    const { listen } = await import('${source}listener.ts');
    const end = new AbortController();
    const ready = () => { ${ready} };
    const listener = { onDatagram() {}, onLost() {}, ready };
    await listen(${NETLINK_ROUTE}, [${RTNLGRP_IPV4_IFADDR}], listener, end.signal);
    console.log('ended');`;

  it.each([
    ['exits', 'setTimeout(() => process.exit(3), 10)', 3, ''],
    ['is terminated', 'setTimeout(() => process.kill(process.pid), 10)', null, ''],
    ['fails', 'setTimeout(() => { throw new Error("failed"); }, 10)', 1, ''],
    ['has nothing more to do', 'setTimeout(() => end.abort(), 10)', 0, 'ended\n'],
  ])('ends when it %s', (_, ready, status, stdout) => {
    const result = spawnSync(process.execPath, ['--input-type=module', '-e', script(ready)], {
      encoding: 'utf8',
      timeout: 20_000,
      killSignal: 'SIGKILL',
    });
    expect([result.status, result.stdout]).toEqual([status, stdout]);
  });
});
