/**
 * What the proxy relies on in interfaces and their addresses, checked on the real kernel and on the fake alike: so tests on
 * the fake say something about the kernel.
 */
import { constants } from 'node:os';
import { familyOf, IP_FAMILIES } from '@menwei/addresses/ip.ts';
import type { AddressEdit, AddressOnInterface, LinkClient } from '@menwei/netlink/route';
import { beforeEach, describe, expect, it } from 'vitest';

const { EADDRNOTAVAIL, EEXIST, ENODEV, ERANGE } = constants.errno;
const signal = new AbortController().signal;
const NAME = 'kube-ipvs0';

function onDummy(ip: string): AddressOnInterface {
  return { interface: NAME, ip, prefixLength: familyOf(ip) === 'IPv4' ? 32 : 128, scope: 'global' };
}

/** @param openKernel one with a loopback interface that is up, and no dummy of ours */
export function describeLinks(title: string, openKernel: () => LinkClient): void {
  describe(`interfaces of ${title}`, () => {
    let client: LinkClient;
    beforeEach(() => {
      client = openKernel();
    });

    async function change(
      kind: AddressEdit['change'],
      ...ips: readonly string[]
    ): Promise<readonly (readonly [ip: string, errno: number | undefined])[]> {
      const edits = ips.map((ip) => ({ change: kind, ip }));
      const refusals = await client.applyAddresses(NAME, edits, signal);
      return refusals.map(({ edit, error }) => [edit.ip, error.errno]);
    }

    /** In no order that means anything. */
    async function addresses(name?: string): Promise<readonly AddressOnInterface[]> {
      const lists = await Promise.all(
        IP_FAMILIES.map((family) => client.observeAddresses(family, signal, name)),
      );
      return lists.flat().sort((a, b) => (a.ip < b.ip ? -1 : 1));
    }

    it('makes a dummy interface once', () => {
      expect(client.hasLink(NAME)).toBe(false);
      expect(client.indexOf(NAME)).toBeUndefined();
      client.applyDummy(NAME);
      const index = client.indexOf(NAME);
      client.applyDummy(NAME);
      expect(client.hasLink(NAME)).toBe(true);
      expect(client.indexOf(NAME)).toBe(index);
    });

    it('gives a new interface a new number', () => {
      client.applyDummy(NAME);
      const index = client.indexOf(NAME);
      client.removeLink(NAME);
      client.applyDummy(NAME);
      expect(client.indexOf(NAME)).toBeGreaterThan(index ?? 0);
    });

    it('takes an interface away with its addresses, and does not mind when there is none', async () => {
      client.applyDummy(NAME);
      await change('add', '10.96.0.1', 'fd96::1');
      client.removeLink(NAME);
      client.removeLink(NAME);
      expect(client.hasLink(NAME)).toBe(false);
      expect(await addresses(NAME)).toEqual([]);
      client.applyDummy(NAME);
      expect(await addresses(NAME)).toEqual([]);
    });

    it.each([
      ['an interface of another kind', 'lo', EEXIST],
      ['a name of 16 characters', 'x'.repeat(16), ERANGE],
    ])('refuses to make a dummy of %s', (_, name, errno) => {
      expect(() => client.applyDummy(name)).toThrow(
        expect.objectContaining({ name: 'KernelError', operation: 'create', errno }),
      );
    });

    it('shows the addresses of all interfaces and of one', async () => {
      client.applyDummy(NAME);
      expect(await change('add', '10.96.0.1', '10.96.0.10', 'fd96::1')).toEqual([]);
      const ours = ['10.96.0.1', '10.96.0.10', 'fd96::1'].map(onDummy);
      expect(await addresses(NAME)).toEqual(ours);
      expect(await addresses('lo')).toEqual([
        { interface: 'lo', ip: '127.0.0.1', prefixLength: 8, scope: 'host' },
        { interface: 'lo', ip: '::1', prefixLength: 128, scope: 'host' },
      ]);
      const all = await addresses();
      expect(all.filter((address) => address.interface === NAME)).toEqual(ours);
      expect(all.map(({ ip }) => ip)).toEqual(expect.arrayContaining(['127.0.0.1', '::1', '10.96.0.1']));
      expect(await addresses('nowhere')).toEqual([]);
    });

    it('takes what is there already, and takes away what is not there', async () => {
      client.applyDummy(NAME);
      expect(await change('add', '10.96.0.1', 'fd96::1', '10.96.0.1', 'fd96::1')).toEqual([]);
      expect(await change('add', '10.96.0.1', 'fd96::1', '10.96.0.2')).toEqual([]);
      expect(await change('remove', '10.96.0.1', '10.96.0.1', 'fd96::1', 'fd96::1', 'fd96::2')).toEqual([]);
      expect(await addresses(NAME)).toEqual([onDummy('10.96.0.2')]);
    });

    it('makes changes in their order', async () => {
      client.applyDummy(NAME);
      const edits: readonly AddressEdit[] = [
        { change: 'add', ip: '10.96.0.1' },
        { change: 'remove', ip: '10.96.0.1' },
        { change: 'remove', ip: '10.96.0.2' },
        { change: 'add', ip: '10.96.0.2' },
      ];
      expect(await client.applyAddresses(NAME, edits, signal)).toEqual([]);
      expect(await addresses(NAME)).toEqual([onDummy('10.96.0.2')]);
    });

    it('leaves the same address on another interface alone', async () => {
      client.applyDummy(NAME);
      const edits = ['10.96.0.1', 'fd96::1'].map((ip): AddressEdit => ({ change: 'add', ip }));
      for (const name of ['lo', NAME]) expect(await client.applyAddresses(name, edits, signal)).toEqual([]);
      await change('remove', '10.96.0.1', 'fd96::1');
      expect(await addresses(NAME)).toEqual([]);
      expect((await addresses('lo')).map(({ ip }) => ip)).toEqual([
        '10.96.0.1',
        '127.0.0.1',
        '::1',
        'fd96::1',
      ]);
    });

    it('refuses what can be no address of an interface, and makes the other changes', async () => {
      client.applyDummy(NAME);
      expect(await change('add', '0.0.0.0', 'fd96::1', '::', '::1', 'ff02::5', '10.96.0.1')).toEqual([
        ['::', EADDRNOTAVAIL],
        ['::1', EADDRNOTAVAIL],
        ['ff02::5', EADDRNOTAVAIL],
      ]);
      expect(await addresses(NAME)).toEqual(['10.96.0.1', 'fd96::1'].map(onDummy));
    });

    it('holds many', async () => {
      client.applyDummy(NAME);
      const ips = Array.from({ length: 600 }, (_, index) => [
        `10.97.${index >> 8}.${index & 0xff}`,
        `fd97::${(index + 1).toString(16)}`,
      ]).flat();
      expect(await change('add', ...ips)).toEqual([]);
      expect(await addresses(NAME)).toEqual(ips.toSorted().map(onDummy));
      expect(await change('remove', ...ips.slice(1))).toEqual([]);
      expect(await addresses(NAME)).toEqual(ips.slice(0, 1).map(onDummy));
    });

    it('fails where there is no such interface, if anything is to be done', async () => {
      await expect(change('add', '10.96.0.1')).rejects.toMatchObject({ name: 'KernelError', errno: ENODEV });
      expect(await change('add')).toEqual([]);
    });

    it('does nothing when the signal has fired', async () => {
      client.applyDummy(NAME);
      const fired = AbortSignal.abort('enough');
      const edits: readonly AddressEdit[] = [{ change: 'add', ip: '10.96.0.1' }];
      await expect(client.applyAddresses(NAME, edits, fired)).rejects.toBe('enough');
      await expect(client.observeAddresses('IPv4', fired)).rejects.toBe('enough');
      expect(await addresses(NAME)).toEqual([]);
    });
  });
}
