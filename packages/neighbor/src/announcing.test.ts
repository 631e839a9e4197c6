import { describe, expect, it } from 'vitest';
import { answer, askedFor, claimedIn, gratuitous, probe, type Station } from './announcing.ts';
import type { ArpMessage, NeighborAdvertisement, NeighborSolicitation } from './message.ts';

const US: Station = { mac: '02:00:00:00:00:01', linkLocal: 'fe80::1' };
const OTHER = '02:00:00:00:00:aa';
const VIP4 = '192.0.2.100';
const VIP6 = '2001:db8::100';

const REQUEST: ArpMessage = {
  kind: 'arp-request',
  destination: 'ff:ff:ff:ff:ff:ff',
  source: OTHER,
  senderMac: OTHER,
  senderIp: '192.0.2.2',
  targetMac: '00:00:00:00:00:00',
  targetIp: VIP4,
};
const SOLICITATION: NeighborSolicitation = {
  kind: 'solicitation',
  destination: '33:33:ff:00:01:00',
  source: OTHER,
  sourceIp: 'fe80::aa',
  destinationIp: 'ff02::1:ff00:100',
  targetIp: VIP6,
  linkLayerAddress: OTHER,
};

describe('an answer', () => {
  it('to a request by unicast is the same', () => {
    expect(answer({ ...REQUEST, destination: US.mac }, US)).toEqual(answer(REQUEST, US));
  });

  it('defends the address against newcomers', () => {
    expect(answer(probe(VIP4, OTHER), US)).toMatchObject({
      kind: 'arp-reply',
      destination: OTHER,
      senderIp: VIP4,
      targetIp: '0.0.0.0',
    });
    expect(answer(probe(VIP6, OTHER), US)).toEqual({
      kind: 'advertisement',
      destination: '33:33:00:00:00:01',
      source: US.mac,
      sourceIp: 'fe80::1',
      destinationIp: 'ff02::1',
      targetIp: VIP6,
      isSolicited: false,
      isOverride: true,
      linkLayerAddress: US.mac,
    });
  });

  it('goes to where the frame came from when the solicitation does not say', () => {
    const unicast = {
      ...SOLICITATION,
      destination: US.mac,
      destinationIp: VIP6,
      linkLayerAddress: undefined,
    };
    expect(answer({ ...unicast, source: '02:00:00:00:00:bb' }, US)).toMatchObject({
      destination: '02:00:00:00:00:bb',
      destinationIp: 'fe80::aa',
      isSolicited: true,
    });
  });

  it('is not given', () => {
    expect(answer(SOLICITATION, { ...US, linkLocal: undefined })).toBeUndefined();
    expect(answer({ ...REQUEST, senderMac: 'ff:ff:ff:ff:ff:ff' }, US)).toBeUndefined();
    expect(answer({ ...REQUEST, kind: 'arp-reply' }, US)).toBeUndefined();
  });
});

const ADVERTISEMENT: NeighborAdvertisement = {
  ...SOLICITATION,
  kind: 'advertisement',
  isSolicited: false,
  isOverride: true,
};
const [garpRequest = REQUEST, garpReply = REQUEST] = gratuitous(VIP4, { mac: OTHER, linkLocal: undefined });

describe('a message', () => {
  it.each([
    ['a request', REQUEST, VIP4, { ip: '192.0.2.2', mac: OTHER }],
    ['a probe', probe(VIP4, OTHER), VIP4, undefined],
    ['a reply', { ...REQUEST, kind: 'arp-reply' as const }, undefined, { ip: '192.0.2.2', mac: OTHER }],
    ['a gratuitous request', garpRequest, undefined, { ip: VIP4, mac: OTHER }],
    ['a gratuitous reply', garpReply, undefined, { ip: VIP4, mac: OTHER }],
    ['a solicitation', SOLICITATION, VIP6, undefined],
    ['an advertisement', ADVERTISEMENT, undefined, { ip: VIP6, mac: OTHER }],
    [
      'an advertisement without the option',
      { ...ADVERTISEMENT, linkLayerAddress: undefined },
      undefined,
      { ip: VIP6, mac: OTHER },
    ],
  ])('that is %s asks and claims', (_, message, asked, claimed) => {
    expect(askedFor(message)).toBe(asked);
    expect(claimedIn(message)).toEqual(claimed);
  });
});
