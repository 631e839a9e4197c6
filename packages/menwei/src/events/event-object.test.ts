import { describe, expect, it } from 'vitest';
import { type ClusterEvent, nodeSubject } from './event.ts';
import { formatEvent, formatSeries, nameEvent } from './event-object.ts';

const AT_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 60);

const onNode: ClusterEvent = {
  subject: nodeSubject('node-1'),
  type: 'Normal',
  reason: 'Starting',
  action: 'StartKubeProxy',
  note: 'hello',
};
const onService: ClusterEvent = {
  ...onNode,
  subject: { kind: 'Service', namespace: 'shop', name: 'web', uid: 'u1' },
  isSameOnAllNodes: true,
};

describe('an event as an object', () => {
  it('of a Node is where kube-proxy’s are, under its name', () => {
    const name = nameEvent(onNode, AT_MS, 'node-1');
    expect(name).toEqual({ namespace: 'default', name: expect.stringMatching(/^node-1\.[0-9a-f]{16}$/) });
    expect(formatEvent(onNode, name, AT_MS, { controller: 'kube-proxy', instance: 'node-1' })).toEqual({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: name,
      eventTime: '2026-01-02T03:04:05.060000Z',
      reportingController: 'kube-proxy',
      reportingInstance: 'kube-proxy-node-1',
      type: 'Normal',
      reason: 'Starting',
      action: 'StartKubeProxy',
      regarding: { apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: 'node-1' },
      note: 'hello',
    });
  });

  it('of a Service is in its namespace', () => {
    const name = nameEvent(onService, AT_MS, 'node-1');
    expect(name.namespace).toBe('shop');
    expect(
      formatEvent(onService, name, AT_MS, { controller: 'kube-proxy', instance: 'node-1' }),
    ).toMatchObject({
      regarding: { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'web', uid: 'u1' },
    });
  });

  it('has one name on all nodes where they find the same, and else a name of its own', () => {
    const names = (event: ClusterEvent) =>
      new Set(['a', 'b'].flatMap((node) => [1, 2].map((atMs) => nameEvent(event, atMs, node).name)));
    expect(names(onService).size).toBe(1);
    expect(names({ ...onService, isSameOnAllNodes: false }).size).toBe(4);
    expect(nameEvent({ ...onService, note: 'other' }, 1, 'a')).not.toEqual(nameEvent(onService, 1, 'a'));
  });

  it('keeps within the bounds of the API', () => {
    const nodeName = `${'a'.repeat(200)}.${'b'.repeat(52)}`;
    const event = { ...onNode, subject: nodeSubject(nodeName), note: 'ü'.repeat(600) };
    const name = nameEvent(event, AT_MS, nodeName);
    const object = formatEvent(event, name, AT_MS, {
      controller: 'kube-proxy',
      instance: nodeName,
    }) as Record<string, string>;
    expect(name.name.length).toBeLessThanOrEqual(253);
    expect(object.reportingInstance).toHaveLength(128);
    expect(Buffer.byteLength(object.note ?? '')).toBeLessThanOrEqual(1024);
    expect(object.note).toMatch(/^ü+…$/);
  });

  it('that happened again has a count and a time', () => {
    expect(formatSeries(7, AT_MS)).toEqual({
      series: { count: 7, lastObservedTime: '2026-01-02T03:04:05.060000Z' },
    });
  });
});
