import { describe, expect, it } from 'vitest';
import { wantedAddresses } from './addresses.ts';

const LINK_LOCAL = ['169.254.20.10'];

describe('the addresses of a node', () => {
  it.each([
    [
      'the Service and its own',
      ['10.96.0.10', 'fd00::a'],
      [],
      [],
      ['169.254.20.10', '10.96.0.10', 'fd00::a'],
      [],
    ],
    ['its own without a Service', [], ['10.96.0.10'], [], LINK_LOCAL, []],
    [
      'what is there until Services are read',
      undefined,
      ['10.96.0.10'],
      [],
      ['169.254.20.10', '10.96.0.10'],
      [],
    ],
    ['none that IPVS has', ['10.96.0.10'], ['10.96.0.10'], ['10.96.0.10'], LINK_LOCAL, ['10.96.0.10']],
  ])('are %s', (_title, clusterIps, present, ofIpvs, ips, taken) => {
    const wanted = wantedAddresses({ linkLocal: LINK_LOCAL, clusterIps, present, ofIpvs });
    expect(wanted).toEqual({ ips, ofIpvs: taken });
  });
});
