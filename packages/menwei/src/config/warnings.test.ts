import { errorsOf, warningsOf } from '@menwei/testing/config/testing.ts';
import { describe, expect, it } from 'vitest';

describe('settings without effect', () => {
  it('are named in one warning', () => {
    expect(warningsOf(['--profiling', '--vmodule=x=1', '--feature-gates=NativeHistograms=true'])).toEqual([
      'these settings have no effect: --feature-gates=NativeHistograms, --profiling, --vmodule',
    ]);
    expect(
      warningsOf(['--vmodule=x=1'], 'winkernel: {networkName: x}\nipvs: {scheduler: lc, syncPeriod: 10s}'),
    ).toEqual(['these settings have no effect: --vmodule, winkernel.networkName']);
    expect(
      warningsOf(
        [],
        'configSyncPeriod: 1m\nfeatureGates: {WatchList: false}\nclientConnection: {contentType: x}',
      ),
    ).toEqual([
      'these settings have no effect: clientConnection.contentType, configSyncPeriod, featureGates.WatchList',
    ]);
  });

  it('are not mentioned when they say nothing', () => {
    const written = [
      'conntrack: {maxPerCore: null, min: null, tcpBeLiberal: false, udpTimeout: 0s}',
      'enableProfiling: false',
      'ipvs: {excludeCIDRs: null, scheduler: "", strictARP: false, tcpTimeout: 0s}',
      'logging: {flushFrequency: 0, options: {json: {infoBufferSize: "0"}}, verbosity: 0}',
      'oomScoreAdj: null',
      'portRange: ""',
      'featureGates: {WatchList: true, NativeHistograms: false, AllowServiceExternalIPs: false}',
      'winkernel: {enableDSR: false, networkName: ""}',
    ];
    expect(warningsOf([], written.join('\n'))).toEqual([]);
  });
});

describe('flags that contradict each other', () => {
  it.each([
    [['--cleanup', '--dry-run'], '--dry-run: true: contradicts --cleanup, which always removes'],
    [
      ['--init-only', '--dry-run'],
      '--dry-run: true: contradicts --init-only, which changes settings of the kernel',
    ],
    [['--manifests='], '--manifests: "": must name a file or folder'],
  ])('are refused: %j', (args, error) => {
    expect(errorsOf(args)).toEqual([error]);
  });

  it.each([
    [['--init-only=false', '--dry-run', '--write-config-to=']],
    [['--cleanup', '--dry-run=false', '--init-only']],
  ])('are accepted when they ask for nothing: %j', (args) => {
    expect(errorsOf(args)).toEqual([]);
  });
});
