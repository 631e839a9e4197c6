import { settingsOf } from '@menwei/testing/config/testing.ts';
import { expect, it } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { logSettings } from './start-lines.ts';

function linesOf(...args: readonly string[]): readonly unknown[] {
  const lines: unknown[] = [];
  const logger = {
    ...silentLogger,
    info: (fields: object, message: string) => lines.push({ ...fields, message }),
  };
  logSettings(settingsOf(args), ['IPv4'], logger);
  return lines;
}

it('says what is in force', () => {
  expect(linesOf('--cluster-cidr=10.0.0.0/8', '--iptables-sync-period=1m')).toEqual([
    expect.objectContaining({
      message: 'settings in force',
      families: 'IPv4',
      clusterCIDR: '10.0.0.0/8',
      nodePortAddresses: 'all',
      syncPeriod: '60s',
    }),
  ]);
});

it('says which servers there are not, and where NodePorts of manifests come from', () => {
  const args = [
    '--healthz-bind-address=',
    '--metrics-port=0',
    '--manifests=m',
    '--service-node-port-range=31000-31999',
  ];
  expect(linesOf(...args)).toEqual([
    { message: 'objects are read from manifests', manifests: 'm', nodePorts: '31000-31999' },
    { message: 'healthz server is off' },
    { message: 'metrics server is off, and with it what menwei status asks' },
    expect.objectContaining({ message: 'settings in force' }),
  ]);
});
