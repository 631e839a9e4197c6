import { KernelError } from '@menwei/netlink';
import { describe, expect, it } from 'vitest';
import { chooseMode } from './auto-mode.ts';

const refusal = (operation: string) =>
  new KernelError({ operation, object: 'x', detail: 'operation not permitted', errno: 1 });
const can = async () => undefined;
const cannot = (operation: string) => async () => refusal(operation);

describe('chooseMode', () => {
  it('takes nftables where the kernel takes all of it', async () => {
    expect(await chooseMode({ nftables: can, iptables: cannot('list') })).toEqual({
      mode: 'nftables',
      reason: expect.stringMatching(/^auto: kernel \S+ takes all that nftables mode programs$/),
    });
  });

  it('takes iptables elsewhere, and says why', async () => {
    expect(await chooseMode({ nftables: cannot('add rule'), iptables: can })).toEqual({
      mode: 'iptables',
      reason: "auto: nftables mode can't be had: add rule x: operation not permitted",
    });
  });

  it('says why there is none', async () => {
    await expect(chooseMode({ nftables: cannot('a'), iptables: cannot('b') })).rejects.toThrow(
      'proxy mode auto: no mode can be had: nftables: a x: operation not permitted; iptables: b x: operation not permitted',
    );
  });
});
