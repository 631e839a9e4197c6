/** A reload that HAProxy refuses after it has taken the configuration: another program has a port of it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aWish } from '@menwei/testing/loadbalancer/conformance.ts';
import { BalancerEngine } from 'menwei/loadbalancer/providers/balancer-engine.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HAProxyBench } from './haproxy-bench.ts';

const { signal } = new AbortController();
/** HAProxy in a network namespace of its own, where this process does not see who listens. */
const ELSEWHERE = `#!/bin/sh
if [ "$1" = -c ]; then exec haproxy "$@"; fi
exec unshare -n "$0.inside" "$@"
`;
/** No child of HAProxy, which would wait for it; it ends with it. */
const OTHER_PROGRAM = [
  "require('node:net').createServer().listen(80, '192.0.2.3')",
  'setInterval(() => { try { process.kill($$, 0) } catch { process.exit() } }, 50)',
].join('; ');
const INSIDE = `#!/bin/sh
ip link set lo up
ip route add local 192.0.2.0/24 dev lo
("${process.execPath}" -e "${OTHER_PROGRAM}" </dev/null >/dev/null 2>&1 &)
until ss -Hltn | grep -q 192.0.2.3; do sleep 0.05; done
exec haproxy "$@"
`;

describe('a port that another program has', () => {
  let bench: HAProxyBench;
  let folder: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'menwei-elsewhere-'));
    const binary = join(folder, 'haproxy');
    writeFileSync(binary, ELSEWHERE, { mode: 0o755 });
    writeFileSync(`${binary}.inside`, INSIDE, { mode: 0o755 });
    bench = await HAProxyBench.start(binary);
  });
  afterEach(async () => {
    await bench[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const taken = aWish({}, [], ['192.0.2.3']);
  const free = [1, 2].map((number) => aWish({ name: `free-${number}` }, [], [`192.0.2.2${number}`]));

  it.each([
    ['started here', () => bench.provider, /192\.0\.2\.3:80/],
    ['that runs already', () => bench.openRunning(), /its log says why/],
  ])('is refused to its Service by an HAProxy %s, and others are served', async (_, open, words) => {
    const engine = new BalancerEngine(open());
    await engine.look(() => true, signal);
    const outcomes = await Promise.all([taken, ...free].map((wish) => engine.put(wish, signal)));
    expect(outcomes).toMatchObject([
      { outcome: 'failed', trouble: { reason: 'ProviderError', message: expect.stringMatching(words) } },
      { outcome: 'done' },
      { outcome: 'done' },
    ]);
    expect(readFileSync(bench.configFile, 'utf8').match(/^listen mw:\S+/gm)).toEqual([
      'listen mw:c1:ns:free-1:80',
      'listen mw:c1:ns:free-2:80',
    ]);
    expect((await engine.look(() => true, signal)).drifted).toEqual(new Map());
  });
});
