/** The nf_tables library and nft in one kernel: what one of them makes, the other reads. */

import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { constants } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import {
  decodeMessages,
  encodePortFilter,
  listen,
  NETLINK_NETFILTER,
  NetlinkConnection,
  type NetlinkMessage,
  type NetlinkTransport,
  openNetlinkTransport,
} from '@menwei/netlink';
import {
  decodeNotification,
  type Element,
  formatData,
  formatKey,
  NFNLGRP_NFTABLES,
  NfTables,
  type Notification,
  parseElement,
  parseKey,
  type SetDeclaration,
  type TableContent,
  type TableFamily,
  type Transaction,
} from '@menwei/netlink/nftables';
import { nftables } from '@menwei/netlink/testing/arbitraries';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { creation, everything, withMaps } from './nf-tables-table.ts';
import { observeUserdata } from './nf-tables-userdata.ts';

const FAMILIES: readonly TableFamily[] = ['ip', 'ip6'];
const { EBUSY, ENOENT } = constants.errno;
const ERESTART = 85;

const connection = new NetlinkConnection(openNetlinkTransport(NETLINK_NETFILTER));
const client = new NfTables(connection);
afterAll(() => client[Symbol.dispose]());

function nft(input: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('nft', args, { input, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

const load = (script: string) => nft(script, '-f', '-');
const list = (family: TableFamily) => nft('', 'list', 'table', family, 'menwei');

const NAME = { family: 'ip', name: 'menwei' } as const;
const TABLE = { ...NAME, comment: '' };

async function observe(): Promise<TableContent> {
  const { content } = await client.observe(NAME);
  if (content === undefined) throw new Error('there is no table');
  return withMaps(content);
}

function aSet(name: string, more: Partial<SetDeclaration> = {}): SetDeclaration {
  const plain = { data: undefined, interval: false, dynamic: false, size: 0, comment: '' };
  return { name, key: ['ipv4_addr'], ...plain, ...more };
}

beforeEach(() => void load('flush ruleset\n'));

describe.each(FAMILIES)('a table of family %s', (family) => {
  const name = { family, name: 'menwei' };

  it('is read as it was made', async () => {
    const content = everything(family);
    await client.apply(name, creation(content));
    const observed = await client.observe(name);
    expect(observed.content && withMaps(observed.content)).toStrictEqual(content);
    expect(observed.generation).toBe(client.observeGeneration());
  });

  it('is made by nft from its own listing as it was made here, byte for byte in what nft keeps for itself', async () => {
    const content = everything(family, family === 'ip');
    await client.apply(name, creation(content));
    const userdata = await observeUserdata(connection, family);
    const listing = list(family);
    load('flush ruleset\n');
    load(listing);
    expect(list(family)).toBe(listing);
    const observed = await client.observe(name);
    expect(observed.content && withMaps(observed.content)).toStrictEqual(content);
    expect(await observeUserdata(connection, family)).toEqual(userdata);
  });

  it('is listed cleanly', async () => {
    await client.apply(name, creation(everything(family)));
    await expect(list(family)).toMatchFileSnapshot(`golden/nf-tables.${family}.nft`);
  });

  it('is gone without a trace', async () => {
    await client.apply(name, creation(everything(family)));
    await client.apply(name, [{ do: 'delete table' }]);
    expect((await client.observe(name)).content).toBeUndefined();
    expect(nft('', 'list', 'ruleset')).toBe('');
  });
});

describe('a transaction', () => {
  const chain = { name: 'a', hook: undefined, comment: '', rules: [] };
  const rule = { expressions: [{ name: 'immediate', verdict: { verdict: 'drop' } }], comment: '' } as const;
  const map = aSet('m', { data: 'verdict' });

  it('takes away what it names, and no more', async () => {
    await client.apply(NAME, creation(everything('ip')));
    const { chains, sets, elements } = everything('ip');
    const pairs = sets.get('affinity-pairs') ?? aSet('');
    const gonePairs = [...(elements.get('affinity-pairs')?.values() ?? [])];
    const cidrs = sets.get('cidrs') ?? aSet('');
    const ranges = sets.get('source-ranges') ?? aSet('');
    const gone = (set: SetDeclaration, ...keys: readonly string[]) =>
      keys.map((key) => parseElement(set, key));
    await client.apply(NAME, [
      { do: 'flush chain', chain: 'remember-10800' },
      { do: 'delete set', set: 'affinity' },
      { do: 'delete elements', set: pairs, elements: gonePairs },
      { do: 'delete chain', chain: 'remember-10800' },
      { do: 'delete elements', set: cidrs, elements: gone(cidrs, '10.96.0.0/12', '255.0.0.0/8') },
      {
        do: 'delete elements',
        set: ranges,
        elements: gone(ranges, '10.96.0.1 . tcp . 80 . 203.0.113.0/25'),
      },
    ]);
    const content = await observe();
    const without = (name: string) => [...chains.keys()].filter((key) => key !== name);
    expect([...content.chains.keys()]).toEqual(without('remember-10800'));
    expect([...content.sets.keys()]).toEqual([...sets.keys()].filter((key) => key !== 'affinity'));
    expect(content.elements.get('affinity-pairs')).toEqual(new Map());
    expect(content.elements.get('cidrs')).toEqual(new Map());
    expect([...(content.elements.get('source-ranges')?.keys() ?? [])]).toEqual([
      parseKey(ranges, '10.96.0.1 . tcp . 81 . 10.0.0.1'),
    ]);
    expect(content.elements.get('endpoints')).toEqual(elements.get('endpoints'));
  });

  it.each<[string, Transaction, string, number]>([
    [
      'a rule in a chain there is not',
      [{ do: 'add rule', chain: 'b', rule }],
      'add rule in chain b of table ip menwei: no such file or directory (ENOENT)',
      ENOENT,
    ],
    [
      'a chain that is still led to',
      [{ do: 'delete chain', chain: 'a' }],
      'delete chain a of table ip menwei: resource busy or locked (EBUSY)',
      EBUSY,
    ],
    [
      'another value for a key',
      [{ do: 'add elements', set: map, elements: [parseElement(map, '1.1.1.1', 'drop')] }],
      'add elements to map m of table ip menwei: file already exists (EEXIST)',
      constants.errno.EEXIST,
    ],
    [
      'an element there is not',
      [
        {
          do: 'delete elements',
          set: map,
          elements: ['1.1.1.1', '1.1.1.2'].map((key) => parseElement(map, key, 'drop')),
        },
      ],
      'delete elements of map m of table ip menwei: no such file or directory (ENOENT)',
      ENOENT,
    ],
    [
      'two things, of which the first counts',
      [
        { do: 'add set', set: aSet('s') },
        { do: 'delete set', set: 'b' },
        { do: 'delete chain', chain: 'b' },
      ],
      'delete set b of table ip menwei: no such file or directory (ENOENT)',
      ENOENT,
    ],
  ])('is refused as a whole for %s', async (_, transaction, message, errno) => {
    await client.apply(NAME, [
      { do: 'add table', table: TABLE },
      { do: 'add chain', chain },
      { do: 'add set', set: map },
      { do: 'add elements', set: map, elements: [parseElement(map, '1.1.1.1', 'goto a')] },
    ]);
    const before = await client.observe(NAME);
    const refused = client.apply(NAME, [{ do: 'add set', set: aSet('before') }, ...transaction]);
    await expect(refused).rejects.toMatchObject({ message: expect.stringContaining(message), errno });
    expect((await client.observe(NAME)).content).toEqual(before.content);
  });

  it('is refused when somebody else was faster', async () => {
    const generation = client.observeGeneration();
    load('add table ip other\n');
    const late = client.apply(NAME, [{ do: 'add table', table: TABLE }], { generation });
    await expect(late).rejects.toMatchObject({ operation: 'commit', errno: ERESTART });
    expect((await client.observe(NAME)).content).toBeUndefined();
    const { generation: now } = await client.observe(NAME);
    await client.apply(NAME, [{ do: 'add table', table: TABLE }], { generation: now });
    expect((await observe()).table).toEqual(TABLE);
  });

  it('may be empty, and may have many messages', async () => {
    expect(await client.apply(NAME, [])).toEqual({ messages: 0, bytes: 0 });
    const elements = Array.from({ length: 10_000 }, (_, index) =>
      parseElement(map, `10.0.${index >> 8}.${index & 255}`, 'drop'),
    );
    const { messages } = await client.apply(NAME, [
      { do: 'add table', table: TABLE },
      { do: 'add set', set: map },
      { do: 'add elements', set: map, elements },
    ]);
    expect(messages).toBe(9);
    expect((await observe()).elements.get('m')).toEqual(new Map(elements.map((each) => [each.key, each])));
  });

  it('is read whole while the kernel is still making room for it', async () => {
    const set = aSet('m', { key: ['ipv4_addr', 'inet_service'] });
    const elements = Array.from({ length: 60_000 }, (_, port) => parseElement(set, `10.0.0.1 . ${port}`));
    await client.apply(NAME, [
      { do: 'add table', table: TABLE },
      { do: 'add set', set },
      { do: 'add elements', set, elements },
    ]);
    expect((await observe()).elements.get('m')?.size).toBe(60_000);
    await client.apply(NAME, [{ do: 'delete elements', set, elements: elements.slice(20_000) }]);
    expect((await observe()).elements.get('m')?.size).toBe(20_000);
  });
});

/** All that the kernel said over a connection. */
function recordMessages(transport: NetlinkTransport, messages: NetlinkMessage[]): NetlinkTransport {
  return {
    portId: transport.portId,
    send: (datagram) => transport.send(datagram),
    sendAside: (datagram) => transport.sendAside(datagram),
    receive: () => {
      const datagram = transport.receive();
      if (datagram !== undefined) messages.push(...decodeMessages(datagram.slice()));
      return datagram;
    },
    [Symbol.dispose]: () => transport[Symbol.dispose](),
  };
}

/** Of the set `s`, in nft's words. */
function textsOfS({ sets, elements }: TableContent): readonly string[] {
  const set = sets.get('s') ?? aSet('s');
  return Array.from(elements.get('s')?.values() ?? [], ({ key, data }) =>
    [formatKey(set, key), formatData(set, data)].filter((text) => text !== undefined).join(' : '),
  );
}

describe("other people's work", () => {
  it('in other tables is not read, but for the names of their chains', async () => {
    const others = 'set s { type ipv4_addr; elements = { 1.2.3.4 } }\nchain foreign { ip saddr @s drop; }\n';
    load(
      `table ip other {\n${others}}\ntable ip menwei-too {\n${others}}\ntable inet menwei {\n${others}}\n`,
    );
    const messages: NetlinkMessage[] = [];
    const transport = recordMessages(openNetlinkTransport(NETLINK_NETFILTER), messages);
    using recorded = new NfTables(new NetlinkConnection(transport));
    await client.apply(NAME, creation(everything('ip')));
    const { content } = await recorded.observe(NAME);
    expect(content && withMaps(content)).toStrictEqual(everything('ip'));
    const told = messages.map(decodeNotification).filter((news) => news !== undefined && 'what' in news);
    const foreign = told.filter((news) => 'what' in news && news.table?.name !== 'menwei');
    expect(foreign).toEqual([
      { table: { family: 'ip', name: 'other' }, chain: 'foreign', what: 'added chain foreign' },
      { table: { family: 'ip', name: 'menwei-too' }, chain: 'foreign', what: 'added chain foreign' },
    ]);
  });

  it.each<[string, string, (content: TableContent) => unknown, unknown]>([
    [
      'a policy',
      'chain c { type filter hook input priority 0; policy drop; }',
      ({ chains }) => chains.get('c')?.hook,
      { type: 'filter', hook: 'input', priority: 0, unknown: 'policy drop' },
    ],
    [
      'a type of chain',
      'chain c { type route hook output priority 0; }',
      ({ chains }) => chains.get('c')?.hook?.unknown,
      'type route',
    ],
    [
      'sleep',
      'flags dormant\nchain c { type filter hook input priority 0; }',
      ({ chains }) => chains.get('c')?.hook,
      undefined,
    ],
    [
      'a statement',
      'chain c { counter drop; }',
      ({ chains }) => chains.get('c')?.rules,
      [
        {
          comment: '',
          expressions: [
            { name: 'unknown', kernelName: 'counter' },
            { name: 'immediate', verdict: { verdict: 'drop' } },
          ],
        },
      ],
    ],
    ['a set without a name', 'chain c { ip saddr { 1.2.3.4, 1.2.3.5 } drop; }', ({ sets }) => [...sets], []],
    ['a chain without a name', 'chain c { jump { drop; }; }', ({ chains }) => [...chains.keys()], ['c']],
    [
      'a type of key',
      'set s { type mark; elements = { 1 } }',
      ({ sets, elements }) => [sets.get('s')?.key, [...elements]],
      [[], []],
    ],
    [
      'a time to live',
      'set s { type ipv4_addr; timeout 1h; elements = { 1.2.3.4 } }',
      ({ sets }) => sets.get('s')?.key,
      [],
    ],
    [
      'a counter of a set',
      'set s { type ipv4_addr; counter; elements = { 1.2.3.4 } }',
      ({ sets }) => sets.get('s')?.key,
      [],
    ],
    [
      'an element for all the rest',
      'map s { type ipv4_addr : verdict; elements = { 1.2.3.4 : drop, * : accept } }',
      textsOfS,
      ['1.2.3.4 : drop', '* : accept'],
    ],
    [
      'intervals side by side',
      'set s { type ipv4_addr; flags interval; elements = { 0.0.0.0/9, 0.128.0.0/9, 1.0.0.0-1.0.0.2, 255.255.255.255 } }',
      textsOfS,
      ['0.0.0.0/9', '0.128.0.0/9', '1.0.0.0-1.0.0.2', '255.255.255.255'],
    ],
    [
      'everything at once',
      'set s { type ipv4_addr; flags interval; elements = { 0.0.0.0/0 } }',
      textsOfS,
      ['0.0.0.0/0'],
    ],
  ])('is seen: %s', async (_, declaration, select, expected) => {
    load(`table ip menwei {\n${declaration}\n}\n`);
    expect(select(await observe())).toEqual(expected);
  });

  it('is taken away with what it is in', async () => {
    load(
      'table ip menwei {\nmap s { type ipv4_addr : verdict; elements = { 1.2.3.4 : drop, * : accept } }\n}\n',
    );
    const { sets, elements } = await observe();
    const set = sets.get('s') ?? aSet('');
    await client.apply(NAME, [
      { do: 'delete elements', set, elements: [...(elements.get('s')?.values() ?? [])] },
    ]);
    expect((await observe()).elements.get('s')).toEqual(new Map());
  });
});

describe('sets', () => {
  const CHAINS = ['pick-3', 'x'].map((name) => ({ name, hook: undefined, comment: '', rules: [] }));

  async function holds(set: SetDeclaration, elements: readonly Element[]): Promise<void> {
    load('flush ruleset\n');
    await client.apply(NAME, [
      { do: 'add table', table: TABLE },
      ...CHAINS.map((chain) => ({ do: 'add chain', chain }) as const),
      { do: 'add set', set },
      { do: 'add elements', set, elements },
    ]);
    const content = await observe();
    expect(content.sets.get(set.name)).toEqual(set);
    expect(content.elements.get(set.name)).toEqual(new Map(elements.map((each) => [each.key, each])));
    await client.apply(NAME, [{ do: 'delete elements', set, elements }]);
    expect((await observe()).elements.get(set.name)).toEqual(new Map());
  }

  it('of any kind hold what is put into them', async () => {
    await fc.assert(
      fc.asyncProperty(nftables.setWithElements, async ([set, elements]) => {
        // The kernel takes the memory for as many elements at once.
        await holds({ ...set, dynamic: false, size: set.size === 0 ? 0 : 100 }, elements);
      }),
      { numRuns: 40 },
    );
  });

  it('of any intervals hold what is put into them', async () => {
    const ports = fc.uniqueArray(fc.oneof(fc.constantFrom(0, 1, 0xfffe, 0xffff), fc.nat(0xffff)), {
      maxLength: 12,
    });
    const set = aSet('s', { key: ['inet_service'], interval: true });
    await fc.assert(
      fc.asyncProperty(ports, async (ends) => {
        const sorted = ends.toSorted((a, b) => a - b);
        const keys: string[] = [];
        for (let index = 0; index < sorted.length; index += 2)
          keys.push(sorted.slice(index, index + 2).join('-'));
        await holds(
          set,
          keys.map((key) => parseElement(set, key)),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('that rules fill tell how long their elements live', async () => {
    const set = aSet('clients', { data: ['ipv4_addr', 'inet_service'], dynamic: true, size: 100 });
    const hook = { type: 'filter', hook: 'output', priority: 0 } as const;
    await client.apply(NAME, [
      { do: 'add table', table: TABLE },
      { do: 'add set', set },
      { do: 'add chain', chain: { name: 'out', hook, comment: '', rules: [] } },
      {
        do: 'add rule',
        chain: 'out',
        rule: {
          comment: '',
          expressions: [
            { name: 'payload', base: 'network', offset: 12, length: 4, to: 0 },
            { name: 'payload', base: 'network', offset: 16, length: 4, to: 4 },
            { name: 'payload', base: 'transport', offset: 2, length: 2, to: 5 },
            { name: 'update', set: 'clients', key: 0, data: 4, timeoutMs: 60_000 },
          ],
        },
      },
    ]);
    const socket = createSocket('udp4');
    await new Promise((resolve) => socket.send('x', 4711, '127.0.0.1', resolve));
    socket.close();
    const [client1, ...others] = await client.observeDynamicElements(NAME, set);
    expect(others).toEqual([]);
    expect(client1).toMatchObject(parseElement(set, '127.0.0.1', '127.0.0.1 . 4711'));
    expect(client1?.expiresMs).toBeGreaterThan(0);
    expect(client1?.expiresMs).toBeLessThanOrEqual(60_000);
    expect((await observe()).elements.has('clients')).toBe(false);
  });
});

describe('news', () => {
  it('say what was changed, and by whom', async () => {
    await client.apply(NAME, creation(everything('ip')));
    const news: Notification[] = [];
    const end = new AbortController();
    const listening = listen(
      NETLINK_NETFILTER,
      [NFNLGRP_NFTABLES],
      {
        filters: [encodePortFilter([client.portId])],
        onDatagram: (messages) => {
          for (const message of messages)
            news.push(...[decodeNotification(message)].filter((each) => each !== undefined));
        },
        onLost: () => expect.unreachable(),
      },
      end.signal,
    );
    await client.apply(NAME, [{ do: 'flush chain', chain: 'output' }]);
    load('delete element ip menwei cidrs { 10.96.0.0/12 }\n');
    load('delete rule ip menwei local-2 handle 1000\n'.replace('1000', ruleHandle('local-2')));
    load('add rule ip menwei empty drop\nadd table inet other\n');
    load('delete table ip menwei\n');
    while (news.filter((each) => 'generation' in each).length < 4) await setTimeout(5);
    end.abort();
    await listening;
    const whats = news.map((each) => ('what' in each ? each.what : `by ${each.processName}`));
    expect(whats.slice(0, 8)).toEqual([
      // Where the interval began, and where it ended.
      'deleted element of cidrs',
      'deleted element of cidrs',
      'by nft',
      'deleted rule of local-2',
      'by nft',
      'added rule in empty',
      'added table',
      'by nft',
    ]);
    expect(whats).toContain('deleted chain pick-3');
    expect(whats.slice(-2)).toEqual(['deleted table', 'by nft']);
    expect(news[0]).toMatchObject({ table: NAME });
    expect(news[6]).toMatchObject({ table: undefined });
    expect(news.at(-1)).toMatchObject({
      generation: client.observeGeneration(),
      processId: expect.any(Number),
    });
  });
});

function ruleHandle(chain: string): string {
  const [, handle = ''] =
    /# handle (\d+)\n\t}/.exec(nft('', '-a', 'list', 'chain', 'ip', 'menwei', chain)) ?? [];
  return handle;
}
