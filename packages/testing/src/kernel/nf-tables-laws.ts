/**
 * What the proxy relies on in nf_tables, checked on the real kernel and on the fake alike: so tests on the fake say
 * something about the kernel.
 */
import { constants } from 'node:os';
import { KernelError } from '@menwei/netlink';
import {
  type Chain,
  formatData,
  formatKey,
  type NfTablesClient,
  type Operation,
  type SetDeclaration,
  type TableContent,
  type TableName,
} from '@menwei/netlink/nftables';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  add,
  addRule,
  chain,
  type ElementText,
  element,
  elementOf,
  entryOf,
  goTo,
  hook,
  lookup,
  NUMBERS,
  PORTS,
  PROTOCOL,
  REFUSE,
  remove,
  setsOf,
  VALUES,
} from './nf-tables-objects.ts';
import { given, mistakes, refusals } from './nf-tables-refusals.ts';

const { ENOENT, EMLINK } = constants.errno;
const ERESTART = 85;
const signal = new AbortController().signal;

/** @param openKernel one without any of our tables */
export function describeNfTables(title: string, openKernel: () => NfTablesClient): void {
  describe.each(['ip', 'ip6'] as const)(`nf_tables of ${title}, %s`, (family) => {
    const { a, b, net, inner, last } = VALUES[family];
    const { ADDRESSES, NETS, SOURCES, CLIENTS } = setsOf(family);
    const table: TableName = { family, name: 'suite' };
    let client: NfTablesClient;

    beforeEach(async () => {
      client = openKernel();
      await apply({ do: 'add table', table: { ...table, comment: 'of the suite' } });
    });

    async function apply(...transaction: readonly Operation[]): Promise<void> {
      await client.apply(table, transaction);
    }

    async function content(): Promise<TableContent> {
      const observed = (await client.observe(table, signal)).content;
      if (observed === undefined) throw new Error('the table is gone');
      return observed;
    }

    /** In nft's words. */
    async function elementsOf(set: SetDeclaration): Promise<readonly ElementText[]> {
      const elements = [...((await content()).elements.get(set.name)?.values() ?? [])];
      return elements
        .map(({ key, data, comment }) => element(formatKey(set, key), formatData(set, data), comment))
        .sort((x, y) => (x.key < y.key ? -1 : 1));
    }

    async function refusal(...transaction: readonly Operation[]): Promise<number | undefined> {
      try {
        await apply(...transaction);
      } catch (error) {
        if (error instanceof KernelError) return error.errno;
        throw error;
      }
      return undefined;
    }

    it('knows nothing of a table that is not there', async () => {
      expect((await client.observe({ family, name: 'nowhere' }, signal)).content).toBeUndefined();
    });

    it('gives back what it was given', async () => {
      await apply(
        { do: 'add set', set: PORTS },
        { do: 'add set', set: NUMBERS },
        { do: 'add set', set: CLIENTS },
        { do: 'add chain', chain: { ...chain('last'), comment: 'ends here' } },
        { do: 'add chain', chain: chain('first', hook('filter', 'input')) },
        { do: 'add rule', chain: 'last', rule: { expressions: [REFUSE], comment: 'no', text: 'reject' } },
        addRule('first', PROTOCOL, lookup('ports', 'verdict')),
        addRule('first', goTo('last')),
        add(PORTS, element('80', 'goto last', 'web'), element('443', 'drop')),
        add(NUMBERS, element('tcp . 1000000', '8080', 'slot')),
      );
      expect(plain(await content())).toEqual({
        table: { ...table, comment: 'of the suite' },
        chains: new Map<string, Chain>([
          [
            'last',
            { ...chain('last'), comment: 'ends here', rules: [{ expressions: [REFUSE], comment: 'no' }] },
          ],
          [
            'first',
            {
              ...chain('first', hook('filter', 'input')),
              rules: [
                { expressions: [PROTOCOL, lookup('ports', 'verdict')], comment: '' },
                { expressions: [goTo('last')], comment: '' },
              ],
            },
          ],
        ]),
        sets: new Map([PORTS, NUMBERS, CLIENTS].map((set) => [set.name, set])),
        elements: new Map([
          [
            'ports',
            new Map([
              entryOf(PORTS, element('80', 'goto last', 'web')),
              entryOf(PORTS, element('443', 'drop')),
            ]),
          ],
          ['numbers', new Map([entryOf(NUMBERS, element('tcp . 1000000', '8080', 'slot'))])],
        ]),
      });
    });

    it('keeps ranges as they were given', async () => {
      const ranges = [net, b, last].map((key) => element(key)).sort((x, y) => (x.key < y.key ? -1 : 1));
      const sources = [net, b, last].map((source) => element(`${a} . 80 . ${source}`, undefined, source));
      await apply({ do: 'add set', set: NETS }, add(NETS, ...ranges));
      await apply({ do: 'add set', set: SOURCES }, add(SOURCES, ...sources));
      expect(await elementsOf(NETS)).toEqual(ranges);
      expect(await elementsOf(SOURCES)).toEqual(sources.sort((x, y) => (x.key < y.key ? -1 : 1)));
    });

    it('replaces an element and a range in one transaction', async () => {
      await apply(
        { do: 'add set', set: NETS },
        { do: 'add set', set: SOURCES },
        { do: 'add set', set: PORTS },
        add(NETS, element(net)),
        add(SOURCES, element(`${a} . 80 . ${net}`, undefined, 'one')),
        add(PORTS, element('80', 'drop')),
      );
      await apply(
        remove(NETS, net),
        add(NETS, element(inner)),
        remove(SOURCES, `${a} . 80 . ${net}`),
        add(SOURCES, element(`${a} . 80 . ${net}`, undefined, 'two')),
        remove(PORTS, '80'),
        add(PORTS, element('80', 'accept')),
      );
      expect(await elementsOf(NETS)).toEqual([element(inner)]);
      expect(await elementsOf(SOURCES)).toEqual([element(`${a} . 80 . ${net}`, undefined, 'two')]);
      expect(await elementsOf(PORTS)).toEqual([element('80', 'accept')]);
    });

    it('widens a range that lies beside others', async () => {
      await apply({ do: 'add set', set: NETS }, add(NETS, element(inner), element(b)));
      await apply(remove(NETS, inner), add(NETS, element(net)));
      expect(await elementsOf(NETS)).toEqual(
        [element(b), element(net)].sort((x, y) => (x.key < y.key ? -1 : 1)),
      );
    });

    it('takes away a table with all that is in it', async () => {
      await apply(
        { do: 'add set', set: PORTS },
        { do: 'add chain', chain: chain('one') },
        addRule('one', REFUSE),
      );
      await apply({ do: 'delete table' });
      expect((await client.observe(table, signal)).content).toBeUndefined();
    });

    it('makes a table anew in one transaction', async () => {
      await apply({ do: 'add chain', chain: chain('old') });
      await apply(
        { do: 'delete table' },
        { do: 'add table', table: { ...table, comment: 'new' } },
        { do: 'add chain', chain: chain('new') },
      );
      expect(await content()).toMatchObject({
        table: { comment: 'new' },
        chains: new Map([['new', chain('new')]]),
      });
    });

    it('changes nothing of what is there when it is added again', async () => {
      const before: readonly Operation[] = [
        { do: 'add set', set: PORTS },
        { do: 'add chain', chain: chain('one', hook('nat', 'output')) },
        add(PORTS, element('80', 'drop', 'first')),
      ];
      await apply(...before, addRule('one', PROTOCOL));
      const observed = await content();
      await apply({ do: 'add table', table: { ...table, comment: 'other' } }, ...before);
      await apply({ do: 'add chain', chain: chain('one') }, add(PORTS, element('80', 'drop', 'second')));
      expect(plain(await content())).toEqual(plain(observed));
    });

    it('counts every transaction that changes something, and refuses one for another generation', async () => {
      const { generation } = await client.observe(table, signal);
      expect(client.observeGeneration()).toBe(generation);
      const adding: Operation = { do: 'add chain', chain: chain('one') };
      await client.apply(table, [adding], { generation });
      expect(client.observeGeneration()).toBe(generation + 1);
      const late = client.apply(table, [{ do: 'delete chain', chain: 'one' }], { generation });
      await expect(late).rejects.toMatchObject({ errno: ERESTART });
      expect((await content()).chains.has('one')).toBe(true);
      await client.apply(table, [{ do: 'delete chain', chain: 'one' }], { generation: generation + 1 });
      expect((await content()).chains.size).toBe(0);
    });

    it('counts no transaction that was refused', async () => {
      const before = client.observeGeneration();
      expect(await refusal({ do: 'delete chain', chain: 'nowhere' })).toBe(ENOENT);
      expect(client.observeGeneration()).toBe(before);
    });

    it('shows what is in a dynamic set only to who asks for it', async () => {
      await apply({ do: 'add set', set: CLIENTS }, add(CLIENTS, element(a, '80')));
      expect((await content()).elements.get(CLIENTS.name)).toBeUndefined();
      expect(await client.observeDynamicElements(table, CLIENTS)).toEqual([
        { ...elementOf(CLIENTS, element(a, '80')), expiresMs: Number.POSITIVE_INFINITY },
      ]);
      await apply(remove(CLIENTS, a));
      expect(await client.observeDynamicElements(table, CLIENTS)).toEqual([]);
      const nowhere = client.observeDynamicElements(table, ADDRESSES);
      await expect(nowhere).rejects.toMatchObject({ errno: ENOENT });
    });

    it('does not mind what another table holds', async () => {
      const other: TableName = { family, name: 'other' };
      await client.apply(other, [
        { do: 'add table', table: { ...other, comment: '' } },
        { do: 'add set', set: PORTS },
        { do: 'add chain', chain: chain('one', hook('filter', 'input')) },
        addRule('one', PROTOCOL, lookup('ports', 'verdict')),
      ]);
      const before = (await client.observe(other, signal)).content;
      expect((await content()).chains.size).toBe(0);
      expect(await refusal(addRule('one', PROTOCOL))).toBe(ENOENT);
      await apply({ do: 'add chain', chain: chain('one') }, { do: 'delete table' });
      expect((await client.observe(other, signal)).content).toEqual(before);
    });

    it('takes away chains and sets in the order of what leads to what', async () => {
      await apply(
        { do: 'add set', set: PORTS },
        ...['one', 'two', 'three'].map((name): Operation => ({ do: 'add chain', chain: chain(name) })),
        addRule('one', PROTOCOL, lookup('ports', 'verdict')),
        addRule('two', goTo('three')),
        add(PORTS, element('80', 'goto two')),
      );
      await apply(
        { do: 'flush chain', chain: 'one' },
        { do: 'flush chain', chain: 'two' },
        { do: 'delete set', set: 'ports' },
        ...['one', 'three', 'two'].map((name): Operation => ({ do: 'delete chain', chain: name })),
      );
      expect(await content()).toMatchObject({ chains: new Map(), sets: new Map() });
    });

    it('takes away the rules of a chain with it', async () => {
      await apply({ do: 'add chain', chain: chain('one') }, addRule('one', REFUSE));
      await apply({ do: 'delete chain', chain: 'one' });
      expect((await content()).chains.size).toBe(0);
    });

    it.each(refusals(family))(
      'refuses %s, and then all of the transaction',
      async (_what, errno, operations) => {
        await apply(...given(family));
        const before = await content();
        expect(await refusal({ do: 'add chain', chain: chain('before') }, ...operations)).toBe(errno);
        expect(plain(await content())).toEqual(plain(before));
      },
    );

    it.each(mistakes(family))('never gets to hear of %s', async (_what, set, wrong) => {
      await apply(...given(family));
      const before = client.observeGeneration();
      await expect(apply({ do: 'add elements', set, elements: [wrong] })).rejects.toThrow(/^BUG: /);
      expect(client.observeGeneration()).toBe(before);
    });

    it('lets circles be that no packet can get into', async () => {
      await apply(...given(family));
      expect(await refusal(addRule('two', goTo('one')))).toBeUndefined();
    });

    it.each([
      [15, undefined],
      [16, EMLINK],
    ])('follows %d chains from one to the other: %s', async (count, errno) => {
      const names = Array.from({ length: count }, (_, number) => `chain-${number}`);
      await apply({ do: 'add chain', chain: chain('input', hook('filter', 'input')) });
      const transaction = [
        ...names.map((name): Operation => ({ do: 'add chain', chain: chain(name) })),
        ...['input', ...names].slice(0, -1).map((name, index) => addRule(name, goTo(names[index] ?? ''))),
      ];
      expect(await refusal(...transaction)).toBe(errno);
    });
  });
}

/** With the elements in maps, however a kernel keeps them. */
function plain(content: TableContent): TableContent {
  const elements = Array.from(content.elements, ([set, all]) => [set, new Map(all)] as const);
  return { ...content, elements: new Map(elements) };
}
