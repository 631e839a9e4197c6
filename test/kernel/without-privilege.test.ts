/** What the kernel's refusals say in a process that lacks a capability: what is missing, and not just how it shows. */
import { spawnSync } from 'node:child_process';
import { NETLINK_NETFILTER, NETLINK_ROUTE } from '@menwei/netlink';
import { describe, expect, it } from 'vitest';

const SOURCE = new URL('../../packages/netlink/src/', import.meta.url);

/** Runs a script in a process without some capabilities; returns the message of the error it ends with. */
function messageOf(script: string, ...missing: readonly string[]): string {
  const names = missing.map((name) => `-${name}`).join(',');
  const program = `
    const { openNetlinkTransport } = await import('${SOURCE}transport.ts');
    const { NetlinkConnection } = await import('${SOURCE}connection.ts');
    const { NfTables } = await import('${SOURCE}families/nftables/client.ts');
    const ffi = await import('${SOURCE}ffi.ts');
    try {
      ${script}
      console.log('all went well');
    } catch (error) {
      console.log(error.message);
    }`;
  const args = [`--bounding-set=${names}`, `--inh-caps=${names}`, process.execPath];
  const { status, stdout, stderr } = spawnSync('setpriv', [...args, '--input-type=module', '-e', program], {
    encoding: 'utf8',
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.trim();
}

/** More than net.core.wmem_max lets a socket have, on any machine. */
const SEND_MUCH = (protocol: number) => `openNetlinkTransport(${protocol}).send(new Uint8Array(2 ** 28));`;

describe('without CAP_NET_ADMIN', () => {
  it('a batch that is too large says what it would take', () => {
    expect(messageOf(SEND_MUCH(NETLINK_NETFILTER), 'net_admin')).toMatch(
      /^send 268435456 bytes: message too long \(EMSGSIZE\): a datagram of more than \d+ bytes takes CAP_NET_ADMIN or a larger net\.core\.wmem_max$/,
    );
  });

  it('a batch that is too large to be sent aside says so, too', () => {
    const script = `await openNetlinkTransport(${NETLINK_NETFILTER}).sendAside(new Uint8Array(2 ** 28));`;
    expect(messageOf(script, 'net_admin')).toContain('takes CAP_NET_ADMIN or a larger net.core.wmem_max');
  });

  it('answers that are lost say what it would take', () => {
    // RTM_GETLINK of interface 1, again and again, and the answers are not read.
    const script = `
      const socket = openNetlinkTransport(${NETLINK_ROUTE}, 2 ** 30);
      const request = new Uint8Array(32);
      const view = new DataView(request.buffer);
      view.setUint32(0, 32, true);
      view.setUint16(4, 18, true);
      view.setUint16(6, 1, true);
      view.setInt32(20, 1, true);
      for (let time = 0; time < 50_000; time++) socket.send(request);
      while (socket.receive() !== undefined);`;
    expect(messageOf(script, 'net_admin')).toMatch(
      /ENOBUFS\); \d+ bytes of them may wait: for the 1073741824 that are needed it takes CAP_NET_ADMIN or a larger net\.core\.rmem_max$/,
    );
  });

  it('a request that is refused says so', () => {
    const script = `new NfTables(new NetlinkConnection(openNetlinkTransport(${NETLINK_NETFILTER}))).observeGeneration();`;
    expect(messageOf(script, 'net_admin')).toBe(
      'observe ruleset generation: operation not permitted (EPERM) (run as root or with CAP_NET_ADMIN)',
    );
  });
});

describe('without CAP_SYS_ADMIN', () => {
  it.each([
    ['unshare', 'ffi.unshare(ffi.CLONE_NEWNET);'],
    ['setns', "ffi.setns((await import('node:fs')).openSync('/proc/self/ns/net', 'r'), ffi.CLONE_NEWNET);"],
  ])('%s says what is missing', (_call, script) => {
    expect(messageOf(script, 'sys_admin')).toMatch(
      /operation not permitted \(EPERM\) \(run as root or with CAP_SYS_ADMIN\)$/,
    );
  });
});

describe('with all capabilities', () => {
  it('nothing is said about any', () => {
    const script = `
      const many = new Uint8Array(2 ** 25);
      openNetlinkTransport(${NETLINK_NETFILTER}).send(many);`;
    expect(messageOf(script, 'sys_time')).toBe('all went well');
  });
});
