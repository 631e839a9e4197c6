import { ControlledCluster } from '@menwei/testing/cluster/controlled-cluster.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../log/logger.ts';
import type { Registry } from '../registry/registry.ts';
import { RegistryEventRecorder } from './event-recorder.ts';

let cluster: ControlledCluster;
let nowMs: number;

beforeEach(async () => {
  nowMs = Date.parse('2026-11-30T06:00:00Z');
  cluster = new ControlledCluster({ now: () => nowMs });
  await cluster.create('namespaces', { metadata: { name: 'default' } });
});

function recorder(registry: Registry = cluster.registry, logger = silentLogger): RegistryEventRecorder {
  return new RegistryEventRecorder({
    store: cluster.store,
    registry,
    logger,
    now: () => nowMs,
  });
}

const EVENT = {
  regarding: { kind: 'Service', apiVersion: 'v1', namespace: 'default', name: 's', uid: 'u' },
  type: 'Warning',
  reason: 'FailedToUpdateEndpointSlices',
  message: 'no',
  component: 'endpoint-slice-controller',
} as const;

const told = () =>
  cluster.list('events').map(({ message, count, firstTimestamp, lastTimestamp }) => ({
    message,
    count,
    firstTimestamp,
    lastTimestamp,
  }));

describe('Events of controllers', () => {
  it('are as kubectl shows them', async () => {
    recorder().record(EVENT);
    await cluster.settled(5);
    expect(cluster.list('events')).toMatchObject([
      {
        metadata: { name: expect.stringMatching(/^s\.[0-9a-f]+$/), namespace: 'default' },
        involvedObject: { kind: 'Service', namespace: 'default', name: 's', uid: 'u', apiVersion: 'v1' },
        source: { component: 'endpoint-slice-controller' },
        type: 'Warning',
        count: 1,
        reportingComponent: 'endpoint-slice-controller',
      },
    ]);
  });

  it('are counted when they happen again, also after a restart', async () => {
    const first = recorder();
    first.record(EVENT);
    first.record({ ...EVENT, message: 'another' });
    nowMs += 60_000;
    first.record(EVENT);
    await cluster.settled(5);
    nowMs += 60_000;
    recorder().record(EVENT);
    await cluster.settled(5);
    expect(told()).toContainEqual({
      message: 'no',
      count: 3,
      firstTimestamp: '2026-11-30T06:00:00Z',
      lastTimestamp: '2026-11-30T06:02:00Z',
    });
    expect(told()).toHaveLength(2);
  });

  it('that hold on are not told again after a restart, unless their Event is gone', async () => {
    recorder().record({ ...EVENT, isStanding: true });
    await cluster.settled(5);
    const { revision } = cluster.store;
    const second = recorder();
    second.record({ ...EVENT, isStanding: true });
    await cluster.settled(5);
    expect(cluster.store.revision).toBe(revision);
    const [event] = cluster.list('events');
    await cluster.delete('events', `default/${event?.metadata.name}`);
    second.record({ ...EVENT, isStanding: true });
    await cluster.settled(5);
    expect(told()).toMatchObject([{ count: 1 }]);
  });

  it('about what has no namespace are in the namespace default', async () => {
    recorder().record({ ...EVENT, regarding: { ...EVENT.regarding, kind: 'Node', namespace: '' } });
    await cluster.settled(5);
    expect(cluster.list('events', 'default')).toMatchObject([
      { involvedObject: { kind: 'Node', name: 's' } },
    ]);
  });

  it('of a namespace that goes are nobody’s any more, and no trouble', async () => {
    const warnings: unknown[] = [];
    const warn = (...args: readonly unknown[]) => void warnings.push(args);
    const gone = { ...EVENT, regarding: { ...EVENT.regarding, namespace: 'gone' } };
    recorder(undefined, { ...silentLogger, warn }).record(gone);
    await cluster.settled(5);
    expect(warnings).toEqual([]);
  });

  it('that can not be written hold up nobody', async () => {
    let fails = true;
    const failing: Registry = new Proxy(cluster.registry, {
      get: (target, key: keyof Registry) =>
        key === 'create' && fails ? () => Promise.reject(new Error('disk full')) : target[key].bind(target),
    });
    const events = recorder(failing);
    events.record(EVENT);
    await cluster.settled(5);
    fails = false;
    events.record({ ...EVENT, message: 'later' });
    await cluster.settled(5);
    expect(told().map(({ message }) => message)).toEqual(['later']);
  });
});
