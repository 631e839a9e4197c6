import { addressBytes, type Cidr, cidrContains, IP_FAMILIES, parseCidr } from '@menwei/addresses/ip.ts';
import { aNodeView, aServicePort } from '@menwei/testing/services/testing.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allowedSources } from './source-ranges.ts';

const NODE_IP = { IPv4: '192.0.2.9', IPv6: '2001:db8::9' } as const;
const VIPS = { IPv4: ['198.51.100.4', '198.51.100.5'], IPv6: ['2001:db8:a::4', '2001:db8:a::5'] } as const;
const CLUSTER_IP = { IPv4: '172.30.0.1', IPv6: 'fd00:30::1' } as const;

function sources(
  family: 'IPv4' | 'IPv6',
  ranges: readonly string[] | undefined,
  ip: string | undefined = NODE_IP[family],
) {
  const port = aServicePort({
    clusterIP: CLUSTER_IP[family],
    loadBalancerVIPs: VIPS[family],
    loadBalancerSourceRanges: ranges,
  });
  return allowedSources(port, aNodeView({ family, ip }))?.map(format);
}

/** Of a single address without its length. */
function format({ address, prefixLength, text }: Cidr): string {
  return prefixLength === 8 * addressBytes(address).length ? address : text;
}

describe('source ranges as elements', () => {
  it.each<['IPv4' | 'IPv6', readonly string[] | undefined, readonly string[] | undefined]>([
    ['IPv4', ['203.0.113.0/24'], ['203.0.113.0/24']],
    ['IPv4', ['203.0.113.7/32'], ['203.0.113.7']],
    ['IPv6', ['2001:db8:1::/64'], ['2001:db8:1::/64']],
    ['IPv6', ['2001:db8:1::7/128'], ['2001:db8:1::7']],
    ['IPv4', undefined, undefined],
    ['IPv4', [], []],
    // Everybody is allowed, whatever else is.
    ['IPv4', ['203.0.113.0/24', '0.0.0.0/0'], undefined],
    ['IPv6', ['::/0'], undefined],
    ['IPv4', ['203.0.113.0/25', '203.0.113.0/24', '203.0.113.7/32'], ['203.0.113.0/24']],
    ['IPv4', ['203.0.113.0/24', '203.0.113.0/24'], ['203.0.113.0/24']],
    ['IPv4', ['203.0.113.128/25', '203.0.113.0/25'], ['203.0.113.128/25', '203.0.113.0/25']],
    // Where the node is allowed, so are the addresses that it sends from when it has them itself.
    ['IPv4', ['192.0.2.0/24'], ['192.0.2.0/24', ...VIPS.IPv4]],
    ['IPv6', ['2001:db8::/64'], ['2001:db8::/64', ...VIPS.IPv6]],
    ['IPv4', ['192.0.2.0/24', '198.51.100.0/24'], ['192.0.2.0/24', '198.51.100.0/24']],
  ])('%s, %j: %j', (family, ranges, expected) => {
    expect(sources(family, ranges)).toEqual(expected);
  });

  it('of a node that does not know its address leave that out', () => {
    const port = aServicePort({ loadBalancerVIPs: VIPS.IPv4, loadBalancerSourceRanges: ['192.0.2.0/24'] });
    expect(allowedSources(port, aNodeView({ ip: undefined }))?.map(format)).toEqual(['192.0.2.0/24']);
  });

  it.each(IP_FAMILIES)('allow the same addresses as the ranges do, and never overlap, in %s', (family) => {
    const [byte, bits] =
      family === 'IPv4'
        ? [(n: number) => `10.0.0.${n}`, 32]
        : [(n: number) => `fd00::${n.toString(16)}`, 128];
    const range = fc
      .tuple(fc.nat({ max: 255 }), fc.integer({ min: bits - 8, max: bits }))
      .map(([number, length]) => parseCidr(`${byte(number)}/${length}`)?.text ?? '');
    fc.assert(
      fc.property(fc.array(range, { minLength: 1 }), (ranges) => {
        const allowed = (sources(family, ranges) ?? []).map(
          (text) => parseCidr(text) ?? parseCidr(`${text}/${bits}`),
        );
        const given = ranges.map((text) => parseCidr(text));
        for (let number = 0; number <= 255; number++) {
          const holders = allowed.filter((cidr) => cidr !== undefined && cidrContains(cidr, byte(number)));
          const isGiven = given.some((cidr) => cidr !== undefined && cidrContains(cidr, byte(number)));
          if (holders.length !== (isGiven ? 1 : 0))
            expect.fail(`${byte(number)} is in ${holders.length} of ${ranges}`);
        }
      }),
    );
  });
});
