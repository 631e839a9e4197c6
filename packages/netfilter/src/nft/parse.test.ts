import { formatKey } from '@menwei/netlink/nftables';
import { describe, expect, it } from 'vitest';
import { UnreadableError } from '../unreadable.ts';
import { parseListing } from './parse.ts';

const TABLE = { table: { family: 'ip', name: 't', handle: 1 } };
const CHAIN = { chain: { family: 'ip', table: 't', name: 'c', handle: 2 } };

function tableOf(...items: readonly object[]) {
  const [table] = parseListing(JSON.stringify({ nftables: [{ metainfo: {} }, TABLE, ...items] }));
  if (table === undefined) throw new Error('no table');
  return table;
}

function rulesOf(...expr: readonly unknown[]) {
  const rule = { rule: { family: 'ip', table: 't', chain: 'c', comment: 'why', expr } };
  return tableOf(CHAIN, rule).chains.get('c')?.rules ?? [];
}

describe('a listing of nft -j', () => {
  it('may have what there is no word for, which equals nothing', () => {
    const [rule] = rulesOf({ counter: { packets: 0, bytes: 0 } }, { drop: null });
    expect(rule).toMatchObject({
      comment: 'why',
      expressions: [
        { name: 'unknown', kernelName: 'counter' },
        { name: 'immediate', verdict: { verdict: 'drop' } },
      ],
    });
    const set = { set: { family: 'ip', table: 't', name: 's', type: 'ifname', elem: ['eth0'] } };
    expect(tableOf(set).sets.get('s')?.key).toEqual([]);
    const hook = { type: 'filter', hook: 'input', prio: 0, policy: 'drop' };
    expect(tableOf({ chain: { ...CHAIN.chain, ...hook } }).chains.get('c')?.hook?.unknown).toBe(
      'policy drop',
    );
  });

  it.each<[string, unknown]>([
    ['another comparison', { match: { op: '<', left: { meta: { key: 'mark' } }, right: 1 } }],
    [
      'a set without a name',
      { match: { op: '==', left: { meta: { key: 'l4proto' } }, right: { set: [6, 17] } } },
    ],
    [
      'a field of another protocol',
      { vmap: { key: { payload: { protocol: 'ip6', field: 'daddr' } }, data: '@m' } },
    ],
    ['a translation to an address', { dnat: { family: 'ip', addr: '10.0.0.1', port: 80 } }],
    ['a jump', { jump: { target: 'c' } }],
    ['an update of another form', 'update @m { ip saddr timeout 3x : ip daddr }'],
  ])('reads %s as unknown', (_, statement) => {
    expect(rulesOf(statement)[0]?.expressions).toEqual([
      {
        name: 'unknown',
        kernelName: typeof statement === 'string' ? statement : Object.keys(Object(statement))[0],
      },
    ]);
  });

  it('has elements alone, with comments, with data, and as ranges', () => {
    const set = (name: string, type: unknown, elem: unknown, more: object = {}) => ({
      set: { family: 'ip', table: 't', name, type, elem, ...more },
    });
    const table = tableOf(
      set('plain', 'inet_service', [80, { elem: { val: 443, comment: 'web' } }]),
      set(
        'ranges',
        'ipv4_addr',
        [{ prefix: { addr: '10.0.0.0', len: 8 } }, { range: ['192.0.2.1', '192.0.2.3'] }],
        {
          flags: ['interval'],
        },
      ),
    );
    const texts = (name: string) => {
      const declaration = table.sets.get(name);
      if (declaration === undefined) throw new Error(`no set ${name}`);
      return Array.from(
        table.elements.get(name)?.values() ?? [],
        ({ key, comment }) => `${formatKey(declaration, key)} ${comment}`,
      );
    };
    expect(texts('plain')).toEqual(['80 ', '443 web']);
    expect(texts('ranges')).toEqual(['10.0.0.0/8 ', '192.0.2.1-192.0.2.3 ']);
  });

  it('may have tables of other families, which are left out', () => {
    expect(parseListing(JSON.stringify({ nftables: [{ table: { family: 'inet', name: 't' } }] }))).toEqual(
      [],
    );
  });

  it.each([
    ['nothing', ''],
    ['text', 'table ip t {}'],
    ['another document', '{"a":1}'],
    ['a chain before its table', JSON.stringify({ nftables: [CHAIN] })],
    [
      'a rule before its chain',
      JSON.stringify({ nftables: [TABLE, { rule: { family: 'ip', table: 't', chain: 'c' } }] }),
    ],
    [
      'an element of another type',
      JSON.stringify({
        nftables: [TABLE, { set: { family: 'ip', table: 't', name: 's', type: 'ipv4_addr', elem: ['::1'] } }],
      }),
    ],
    ['a table without a name', JSON.stringify({ nftables: [{ table: { family: 'ip' } }] })],
  ])('is not %s', (_, text) => {
    expect(() => parseListing(text)).toThrow(UnreadableError);
  });
});
