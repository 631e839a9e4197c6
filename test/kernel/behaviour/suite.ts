/** How the test files of the suite are laid out: by mode, IP family and transport protocol. */

import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { Protocol } from 'menwei/kubernetes/objects.ts';
import { afterAll, aroundEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import { Cluster, type ClusterOptions } from './cluster.ts';
import { MODES, type Mode } from './modes.ts';
import { PATIENCE_MS } from './patience.ts';
import { FAMILIES, TRANSPORTS } from './topology.ts';

interface SuiteOptions extends ClusterOptions {
  readonly modes?: readonly Mode[];
}

/** Registers the same tests for every mode, each with a cluster that is started once for all of them. */
export function describeModes(
  title: string,
  define: (cluster: Cluster) => void,
  { modes = MODES, ...options }: SuiteOptions = {},
): void {
  describe.each(modes)(`$name: ${title}`, (mode) => {
    const cluster = new Cluster(mode, options);
    beforeAll(() => cluster.start());
    afterAll(() => cluster.stop());
    aroundEach((test) => cluster.lendTo(test));
    beforeEach(({ task, skip, onTestFailed }) => {
      const reason = mode.exceptions[task.name];
      if (reason !== undefined) skip(reason);
      onTestFailed(() => tellOf(cluster));
    });
    define(cluster);
  });
}

/** The proxies' last words, for whoever has to find out why a test failed. */
function tellOf(cluster: Cluster): void {
  for (const { node, output } of cluster.proxies) {
    console.error(`proxy of node ${node.name}:\n${output.split('\n').slice(-20).join('\n')}`);
  }
}

/**
 * Registers the same tests for every IP family and transport protocol. Several of them run at a time, since most of
 * what they do is waiting; so they must keep to their own Services.
 */
export function describeTraffic(
  { mode }: Cluster,
  define: (family: IpFamily, protocol: Protocol) => void,
): void {
  const transports = TRANSPORTS.filter((protocol) => mode.forwardsSctp || protocol !== 'SCTP');
  describe.concurrent.each(FAMILIES)('over %s', (family) => {
    describe.each(transports)('and %s', (protocol) => define(family, protocol));
  });
}

/** Asks until the expectation holds; for what happens some time after its cause. */
export function eventually<T>(ask: () => T | Promise<T>): ReturnType<typeof expect.poll<T>> {
  return expect.poll(ask, { timeout: PATIENCE_MS, interval: 50 });
}
