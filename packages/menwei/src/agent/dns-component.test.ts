import { settingsOf } from '@menwei/testing/config/testing.ts';
import { expect, it } from 'vitest';
import { dnsFlags } from './dns-component.ts';

it.each([
  [
    ['--dns=169.254.20.10:53,[fd00::10]:53', '--manifests=/m'],
    [
      '--dns-bind',
      '169.254.20.10:53,[fd00::10]:53',
      '--dns-zone',
      'cluster.local',
      '--bind-address',
      '127.0.0.1:9153',
      '--manifests',
      '/m',
    ],
  ],
  [
    [
      '--dns=10.0.0.1:53',
      '--dns-forward=none',
      '--dns-zone=a.b',
      '--dns-metrics-bind-address=none',
      '--kubeconfig=/k',
      '--master=https://a',
    ],
    [
      '--dns-bind',
      '10.0.0.1:53',
      '--dns-zone',
      'a.b',
      '--bind-address',
      '',
      '--dns-forward',
      'none',
      '--kubeconfig',
      '/k',
      '--master',
      'https://a',
    ],
  ],
])('%j starts menwei dns with the objects of the proxy', (flags, expected) => {
  const settings = settingsOf(flags);
  expect(settings.dns && dnsFlags(settings.dns, settings)).toEqual(expected);
});
