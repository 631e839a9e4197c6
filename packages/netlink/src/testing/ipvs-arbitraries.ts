/** What fast-check makes of virtual servers. Only tests import this. */
import fc, { type Arbitrary } from 'fast-check';
import { decodeIp, IP_FAMILIES, type IpFamily } from '../address.ts';
import type { Destination, Frontend, VirtualServer } from '../families/ipvs/contract.ts';
import { FORWARDING_METHODS } from '../families/ipvs/numbers.ts';

const group = fc.oneof(fc.constant(0), fc.nat(0xffff));

const IPS: Readonly<Record<IpFamily, Arbitrary<string>>> = {
  IPv4: fc.ipV4(),
  IPv6: fc
    .tuple(fc.constant(0xfd00), ...Array<Arbitrary<number>>(7).fill(group))
    .map((groups) => decodeIp('IPv6', Uint8Array.from(groups.flatMap((each) => [each >> 8, each & 0xff])))),
};

const port = fc.nat(0xffff);

function frontendOf(family: IpFamily): Arbitrary<Frontend> {
  return fc.oneof(
    fc.record({ family: fc.constant(family), mark: fc.integer({ min: 1, max: 0xffffffff }) }),
    fc.record({
      family: fc.constant(family),
      protocol: fc.constantFrom('TCP', 'UDP', 'SCTP'),
      ip: IPS[family],
      port,
    }),
  );
}

/** Of addresses. */
export const family: Arbitrary<IpFamily> = fc.constantFrom(...IP_FAMILIES);

/** What a virtual server answers to. */
export const frontend: Arbitrary<Frontend> = family.chain(frontendOf);

/** A virtual server, of a scheduler that need not exist. */
export const server: Arbitrary<VirtualServer> = fc.oneof(
  fc.record({
    frontend,
    scheduler: fc.stringMatching(/^[a-z]{1,15}$/),
    flags: fc.constantFrom(0, 4, 8, 0x10, 0x3c),
    timeoutSeconds: fc.constant(0),
  }),
  fc.record({
    frontend,
    scheduler: fc.constantFrom('rr', 'wrr'),
    flags: fc.constantFrom(1, 5, 0x19),
    timeoutSeconds: fc.nat(0xffffffff),
  }),
);

/** With the virtual server it belongs to. */
export const destination: Arbitrary<readonly [Frontend, Destination]> = family.chain((each) =>
  fc.tuple(
    frontendOf(each),
    fc.record({
      ip: IPS[each],
      port,
      weight: fc.nat(0xffff),
      forwarding: fc.constantFrom(...FORWARDING_METHODS),
    }),
  ),
);
