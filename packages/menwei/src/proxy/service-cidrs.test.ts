import { type Cidr, cidrContains, parseCidr } from '@menwei/addresses/ip.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ServiceCIDRs } from './service-cidrs.ts';

function of(objects: Readonly<Record<string, readonly string[]>>) {
  const ranges = new ServiceCIDRs();
  for (const [name, cidrs] of Object.entries(objects)) ranges.set(name, cidrs);
  return ranges;
}

describe('ServiceCIDRs', () => {
  it.each<[string, Readonly<Record<string, readonly string[]>>, readonly string[]]>([
    ['nothing', {}, []],
    ['the other family', { a: ['fd00:30::/112'] }, []],
    ['both families', { a: ['172.30.0.0/16', 'fd00:30::/112'] }, ['172.30.0.0/16']],
    ['any order', { b: ['172.30.0.0/16'], a: ['10.96.0.0/12'] }, ['10.96.0.0/12', '172.30.0.0/16']],
    ['a range twice', { a: ['10.96.0.0/12'], b: ['10.96.0.0/12'] }, ['10.96.0.0/12']],
    ['a range in another', { a: ['10.100.0.0/16', '10.96.0.0/12'] }, ['10.96.0.0/12']],
    ['the same address, longer', { a: ['10.96.0.0/12'], b: ['10.96.0.0/16'] }, ['10.96.0.0/12']],
    ['neighbours', { a: ['10.0.0.0/25', '10.0.0.128/25'] }, ['10.0.0.0/25', '10.0.0.128/25']],
  ])('are sorted and stand for themselves: %s', (_, objects, expected) => {
    expect(of(objects).of('IPv4')).toEqual(expected);
  });

  it('tell the families apart', () => {
    const ranges = of({ a: ['172.30.0.0/16', 'fd00:30::/112', 'fd00::/16'] });
    expect(ranges.of('IPv6')).toEqual(['fd00::/16']);
  });

  it('keep a range of two objects until both are gone', () => {
    const ranges = of({ a: ['10.96.0.0/12'], b: ['10.96.0.0/12', '172.30.0.0/16'] });
    ranges.set('b', []);
    expect(ranges.of('IPv4')).toEqual(['10.96.0.0/12']);
    ranges.set('a', []);
    expect(ranges.of('IPv4')).toEqual([]);
  });

  it('follow an object, and show again what a wider range had hidden', () => {
    const ranges = of({ a: ['10.0.0.0/8'], b: ['10.96.0.0/12'] });
    ranges.set('a', ['192.168.0.0/24']);
    expect(ranges.of('IPv4')).toEqual(['10.96.0.0/12', '192.168.0.0/24']);
  });

  it('cover the same addresses as the objects do, and none lies in another', () => {
    const cidr = fc
      .tuple(fc.nat({ max: 7 }), fc.integer({ min: 29, max: 32 }))
      .map(([host, length]) => parse(`10.0.0.${host}/${length}`).text);
    const objects = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.array(cidr, { maxLength: 3 }));
    const covers = (cidrs: readonly string[], host: number) =>
      cidrs.some((text) => cidrContains(parse(text), `10.0.0.${host}`));
    fc.assert(
      fc.property(objects, (given) => {
        const result = of(given).of('IPv4');
        const all = Object.values(given).flat();
        for (let host = 0; host < 8; host++) expect(covers(result, host)).toBe(covers(all, host));
        for (const text of result) {
          expect(result.filter((other) => cidrContains(parse(other), parse(text).address))).toEqual([text]);
        }
      }),
    );
  });
});

function parse(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new Error(`${text} is not a CIDR`);
  return cidr;
}
