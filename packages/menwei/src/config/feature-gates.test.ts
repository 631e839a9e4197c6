import { settingsOf } from '@menwei/testing/config/testing.ts';
import { describe, expect, it } from 'vitest';
import { FEATURE_GATES } from './feature-gate-table.ts';
import { HONOURED_GATES, observeGates } from './feature-gates.ts';

const gates = (given: string) => settingsOf([`--feature-gates=${given}`]).featureGates;

describe('feature gates', () => {
  it.each([
    ['', true, true, true],
    ['AllowServiceExternalIPs=false', false, true, true],
    ['ComponentFlagz=false', true, false, true],
    ['AllBeta=false', true, false, false],
    ['AllBeta=false,ComponentStatusz=true', true, false, true],
    ['ComponentFlagz=true,AllBeta=false', true, true, false],
    ['AllAlpha=true', true, true, true],
  ])('%s', (given, allowServiceExternalIPs, componentFlagz, componentStatusz) => {
    expect(gates(given)).toEqual({ allowServiceExternalIPs, componentFlagz, componentStatusz });
  });

  it('of a file count, and those of the command line do not', () => {
    const { featureGates } = settingsOf(
      ['--feature-gates=ComponentFlagz=false'],
      'featureGates: {AllowServiceExternalIPs: false}',
    );
    expect(featureGates).toMatchObject({ allowServiceExternalIPs: false, componentFlagz: true });
  });
});

it('all gates are told of as they are in force', () => {
  const states = new Map(observeGates({ AllBeta: false, WatchList: true }).map((gate) => [gate.name, gate]));
  expect(states.get('WatchList')).toEqual({ name: 'WatchList', enabled: true, stage: 'BETA' });
  expect(states.get('ComponentFlagz')).toMatchObject({ enabled: false });
  expect(states.get('NFTablesProxyMode')).toMatchObject({ enabled: true, stage: '' });
  expect(states.size).toBe(FEATURE_GATES.size);
});

it('the table has each gate once, and all that mean something', () => {
  expect(FEATURE_GATES.size).toBeGreaterThan(200);
  for (const name of Object.keys(HONOURED_GATES)) {
    if (!name.startsWith('All')) expect([...FEATURE_GATES.keys()]).toContain(name);
  }
});
