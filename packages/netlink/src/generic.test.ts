import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { NetlinkConnection } from './connection.ts';
import { observeGenericFamily } from './generic.ts';
import { KernelError } from './kernel-error.ts';
import { decodeMessages, type NetlinkMessage } from './message.ts';
import { hex } from './testing/bytes.ts';
import { acknowledgement, datagrams, NetlinkPeer, type Reply } from './testing/netlink-peer.ts';

const { EINVAL, ENOENT } = constants.errno;

function answers(...payloads: readonly string[]): Reply {
  return ([request]) => {
    if (request === undefined) throw new Error('BUG: nothing was sent');
    const parts = payloads.map((payload): NetlinkMessage => ({ ...request, payload: hex(payload) }));
    return datagrams([...parts, acknowledgement(request)]);
  };
}

function refuses(errno: number): Reply {
  return (sent) => datagrams(sent.map((request) => acknowledgement(request, errno)));
}

function find(reply: Reply) {
  const peer = new NetlinkPeer(reply);
  return { peer, find: () => observeGenericFamily(new NetlinkConnection(peer), 'IPVS') };
}

describe('a family of generic netlink', () => {
  it('is asked for by its name', () => {
    const { peer, find: run } = find(answers('01 02 0000  0900 0200 4950565300 000000  0600 0100 2100 0000'));
    expect(run()).toBe(0x21);
    const [request] = peer.sent.flatMap((bytes) => decodeMessages(bytes));
    expect(request?.type).toBe(0x10);
    expect(request?.payload).toEqual(hex('03 01 0000  0900 0200 4950565300 000000'));
  });

  it('may not be there', () => {
    expect(find(refuses(ENOENT)).find).toThrow(
      expect.objectContaining({
        message: 'find generic netlink family IPVS: this kernel has no such family (ENOENT)',
        errno: ENOENT,
      }),
    );
  });

  it('may be refused for another reason', () => {
    expect(find(refuses(EINVAL)).find).toThrow('find generic netlink family IPVS: invalid argument (EINVAL)');
  });

  it.each<[string, readonly string[]]>([
    ['nothing', []],
    ['an answer without a number', ['01 02 0000']],
    ['an answer with too long a number', ['01 02 0000 0800 0100 21000000']],
    ['half an answer', ['01 02 0000 0800']],
  ])('is not to be found in %s', (_, payloads) => {
    expect(find(answers(...payloads)).find).toThrow(KernelError);
  });
});
