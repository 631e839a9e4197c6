/** What /healthz and /livez say in every state (spec § 9.1), asked over HTTP, with the clock of the test. */
import { aNode } from '@menwei/testing/services/testing.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HttpListener } from '../http/http-listener.ts';
import type { Node } from '../kubernetes/objects.ts';
import { silentLogger } from '../log/logger.ts';
import { startHealthServer } from './health-server.ts';
import { isNodeEligible, ProxyHealth } from './proxy-health.ts';

const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 120);
const TIMEOUT_S = 60;
const GONE: Node = aNode({ taintKeys: ['a', 'ToBeDeletedByClusterAutoscaler'] });

/** What happens to the two families, in seconds after the start: `4 queued 10` is a request for IPv4. */
type Script = readonly `${4 | 6} ${'started' | 'queued' | 'syncing' | 'updated'} ${number}`[];

/** Seconds of `lastUpdated`, or the zero time. */
type Seconds = number | 'never';

interface Case {
  readonly name: string;
  readonly script: Script;
  readonly node?: Node | undefined;
  readonly askedAt: number;
  readonly healthz: 200 | 503;
  readonly livez: 200 | 503;
  /** Of the families in their order, and whether they are healthy. */
  readonly families: readonly string[];
  /** Of the body of /healthz. */
  readonly lastUpdated: Seconds;
}

const BOTH: Script = ['4 started 0', '6 started 0'];
const SYNCED: Script = [...BOTH, '4 syncing 1', '4 updated 2', '6 syncing 1', '6 updated 3'];

// biome-ignore format: one case a line
const CASES: readonly Case[] = [
  { name: 'no family is served', script: [], askedAt: 5, healthz: 200, livez: 200, families: [], lastUpdated: 5 },
  { name: 'started', script: BOTH, askedAt: 5, healthz: 200, livez: 200, families: ['IPv4 0 true', 'IPv6 0 true'], lastUpdated: 5 },
  { name: 'the first sync is late, but not too late', script: BOTH, askedAt: 59.999, healthz: 200, livez: 200, families: ['IPv4 0 true', 'IPv6 0 true'], lastUpdated: 59.999 },
  { name: 'the first sync never came', script: BOTH, askedAt: TIMEOUT_S, healthz: 503, livez: 503, families: ['IPv4 0 false', 'IPv6 0 false'], lastUpdated: 0 },
  { name: 'one family alone had its first sync', script: [...BOTH, '4 syncing 1', '4 updated 2'], askedAt: TIMEOUT_S, healthz: 503, livez: 503, families: ['IPv4 2 true', 'IPv6 0 false'], lastUpdated: 2 },
  { name: 'synced, and nothing to do for hours', script: SYNCED, askedAt: 20_000, healthz: 200, livez: 200, families: ['IPv4 2 true', 'IPv6 3 true'], lastUpdated: 20_000 },
  { name: 'a change waits', script: [...SYNCED, '4 queued 100'], askedAt: 159, healthz: 200, livez: 200, families: ['IPv4 2 true', 'IPv6 3 true'], lastUpdated: 159 },
  { name: 'a change waits for the whole timeout', script: [...SYNCED, '4 queued 100'], askedAt: 160, healthz: 503, livez: 503, families: ['IPv4 2 false', 'IPv6 3 true'], lastUpdated: 3 },
  { name: 'later changes do not make the first one younger', script: [...SYNCED, '4 queued 100', '4 queued 150'], askedAt: 160, healthz: 503, livez: 503, families: ['IPv4 2 false', 'IPv6 3 true'], lastUpdated: 3 },
  { name: 'syncs begin and fail', script: [...SYNCED, '4 queued 100', '4 syncing 101', '4 syncing 130'], askedAt: 160, healthz: 503, livez: 503, families: ['IPv4 2 false', 'IPv6 3 true'], lastUpdated: 3 },
  { name: 'a sync succeeds after all', script: [...SYNCED, '4 queued 100', '4 syncing 101', '4 syncing 170', '4 updated 171'], askedAt: 300, healthz: 200, livez: 200, families: ['IPv4 171 true', 'IPv6 3 true'], lastUpdated: 300 },
  { name: 'a change came during the last sync', script: [...SYNCED, '4 queued 100', '4 syncing 101', '4 queued 105', '4 updated 110'], askedAt: 165, healthz: 503, livez: 503, families: ['IPv4 110 false', 'IPv6 3 true'], lastUpdated: 110 },
  { name: 'the loop was started again after a failure', script: [...SYNCED, '4 queued 100', '4 started 120'], askedAt: 160, healthz: 503, livez: 503, families: ['IPv4 2 false', 'IPv6 3 true'], lastUpdated: 3 },
  { name: 'both families lag', script: [...SYNCED, '4 queued 100', '6 queued 101'], askedAt: 161, healthz: 503, livez: 503, families: ['IPv4 2 false', 'IPv6 3 false'], lastUpdated: 3 },
  { name: 'a single family', script: ['6 started 0', '6 syncing 1', '6 updated 2'], askedAt: 100, healthz: 200, livez: 200, families: ['IPv6 2 true'], lastUpdated: 100 },
  { name: 'the Node is not known', script: SYNCED, node: undefined, askedAt: 100, healthz: 503, livez: 200, families: ['IPv4 2 true', 'IPv6 3 true'], lastUpdated: 3 },
  { name: 'the Node is not known and no family is served', script: [], node: undefined, askedAt: 5, healthz: 503, livez: 200, families: [], lastUpdated: 'never' },
  { name: 'the Node is being deleted', script: SYNCED, node: aNode({ deleting: true }), askedAt: 100, healthz: 503, livez: 200, families: ['IPv4 2 true', 'IPv6 3 true'], lastUpdated: 3 },
  { name: 'the autoscaler removes the Node', script: SYNCED, node: GONE, askedAt: 100, healthz: 503, livez: 200, families: ['IPv4 2 true', 'IPv6 3 true'], lastUpdated: 3 },
  { name: 'the Node is cordoned', script: SYNCED, node: aNode({ taintKeys: ['node.kubernetes.io/unschedulable'] }), askedAt: 100, healthz: 200, livez: 200, families: ['IPv4 2 true', 'IPv6 3 true'], lastUpdated: 100 },
  { name: 'the Node goes and a family lags', script: [...SYNCED, '6 queued 100'], node: GONE, askedAt: 160, healthz: 503, livez: 503, families: ['IPv4 2 true', 'IPv6 3 false'], lastUpdated: 3 },
];

describe('/healthz and /livez', () => {
  let server: HttpListener;
  let url = '';
  const situation = { health: new ProxyHealth(0), node: undefined as Node | undefined, nowMs: 0 };
  const zone = process.env.TZ;

  beforeAll(async () => {
    process.env.TZ = 'UTC';
    server = startHealthServer({
      address: { host: '127.0.0.1', port: 0 },
      health: {
        report: (nowMs) => situation.health.report(nowMs),
      },
      nodeEligible: () => isNodeEligible(situation.node),
      logger: silentLogger,
      now: () => situation.nowMs,
    });
    url = `http://127.0.0.1:${(await server.listening).port}`;
  });
  afterAll(async () => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
    await server.close();
  });

  it.each(CASES)('$name', async ({ script, askedAt, families, ...expected }) => {
    situation.health = play(script);
    situation.node = 'node' in expected ? expected.node : aNode();
    situation.nowMs = START_MS + askedAt * 1000;
    const healthz = await fetch(`${url}/healthz`);
    const livez = await fetch(`${url}/livez`);
    expect([healthz.status, livez.status]).toEqual([expected.healthz, expected.livez]);

    const status = families.map((text) => {
      const [family, at, healthy] = text.split(' ');
      return `"${family}":{"lastUpdated":${time(Number(at))},"healthy":${healthy}}`;
    });
    const rest = (lastUpdated: Seconds, isEligible?: boolean) =>
      `{"lastUpdated":${time(lastUpdated)},"currentTime":${time(askedAt)}${isEligible === undefined ? '' : `,"nodeEligible":${isEligible}`}` +
      `,"healthy":${expected.livez === 200}${status.length === 0 ? '' : `,"status":{${status.join(',')}}`}}`;
    expect(await healthz.text()).toBe(rest(expected.lastUpdated, isNodeEligible(situation.node)));
    // A node that goes is no fault of the proxy: then the answer at /livez is a good one.
    expect(await livez.text()).toBe(rest(expected.livez === 200 ? askedAt : expected.lastUpdated));
  });
});

function play(script: Script): ProxyHealth {
  const health = new ProxyHealth(TIMEOUT_S * 1000);
  for (const line of script) {
    const [digit, event = '', seconds] = line.split(' ');
    const family = digit === '4' ? 'IPv4' : 'IPv6';
    const nowMs = START_MS + Number(seconds) * 1000;
    if (event === 'syncing') health.syncing(family);
    else if (event === 'queued') health.queued(family, nowMs);
    else if (event === 'updated') health.updated(family, nowMs);
    else health.started(family, nowMs);
  }
  return health;
}

/** As JSON. Go leaves out zeros at the end of the fraction. */
function time(seconds: Seconds): string {
  if (seconds === 'never') return '"0001-01-01T00:00:00Z"';
  return `"${new Date(START_MS + seconds * 1000).toISOString().replace(/\.?0*Z$/, 'Z')}"`;
}
