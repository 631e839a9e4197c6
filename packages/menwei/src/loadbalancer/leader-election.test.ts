import { startTestApi, type TestApi } from '@menwei/testing/cluster/api-server.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ApiClient, createApiClient } from '../kubernetes/api-client.ts';
import { plainConnection } from '../kubernetes/connection.ts';
import { LeaseClient } from '../kubernetes/lease-client.ts';
import { silentLogger } from '../log/logger.ts';
import { untilAborted } from '../scheduling/pause.ts';
import { LeaderElection } from './leader-election.ts';

const TIMING = { durationMs: 1_000, renewDeadlineMs: 400, retryMs: 20 };

let api: TestApi;
let client: ApiClient;
/** Who leads, and who did before: `+a -a +b`. */
let terms: string[];
beforeEach(async () => {
  terms = [];
  api = await startTestApi();
  client = createApiClient(plainConnection(api.url), { userAgent: 'menwei/test', qps: -1, burst: 1 });
});
afterEach(async () => {
  await client.close();
  await api.close();
});

const leases = () => new LeaseClient(client, 'default', 'leader');

function candidate(identity: string, access: Pick<LeaseClient, 'read' | 'create' | 'update'> = leases()) {
  const election = new LeaderElection({ leases: access, identity, logger: silentLogger, timing: TIMING });
  const stop = new AbortController();
  const lead = async (signal: AbortSignal) => {
    terms.push(`+${identity}`);
    await untilAborted(signal);
    terms.push(`-${identity}`);
  };
  const ended = election.run(lead, stop.signal);
  return {
    election,
    stop: async () => {
      stop.abort();
      await ended;
    },
  };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

it('one leads, and the next one does as soon as it has given up', async () => {
  const a = candidate('a');
  await until(() => terms.length === 1);
  const b = candidate('b');
  await until(() => b.election.leader === 'a');
  await a.stop();
  await until(() => terms.length === 3);
  await b.stop();
  expect(terms).toEqual(['+a', '-a', '+b', '-b']);
  expect((await leases().read(AbortSignal.timeout(5_000)))?.leaseTransitions).toBe(1);
});

it('one that can’t renew its Lease leads no more, before another one does', async () => {
  let isCut = false;
  const access = leases();
  const failing: Pick<LeaseClient, 'read' | 'create' | 'update'> = {
    read: (signal) => access.read(signal),
    create: (content, signal) => access.create(content, signal),
    update: (from, content, signal) =>
      isCut
        ? untilAborted(signal).then(() => Promise.reject(new Error('cut off')))
        : access.update(from, content, signal),
  };
  const a = candidate('a', failing);
  await until(() => terms.length === 1);
  const b = candidate('b');
  isCut = true;
  await until(() => terms.includes('+b'));
  expect(terms).toEqual(['+a', '-a', '+b']);
  expect(a.election.isLeading).toBe(false);
  await b.stop();
  await a.stop();
});

it('one whose Lease was taken leads no more', async () => {
  const a = candidate('a');
  await until(() => terms.length === 1);
  const signal = AbortSignal.timeout(5_000);
  for (let isTaken = false; !isTaken; ) {
    const lease = await leases().read(signal);
    if (lease === undefined) throw new Error('there is no Lease');
    const content = { ...lease, holderIdentity: 'thief', annotations: {} };
    isTaken = (await leases().update(lease, content, signal)).outcome === 'written';
  }
  await until(() => terms.length === 2);
  expect(terms).toEqual(['+a', '-a']);
  await a.stop();
});
