import { describe, expect, it } from 'vitest';
import type { Messages } from '../../schema/messages.ts';
import { summarize } from './pod-state.ts';

type Pod = Messages['core.v1.Pod'];
type PodStatus = Messages['core.v1.PodStatus'];

const RUNNING = { running: {} };
const ended = (exitCode: number, reason?: string) => ({
  terminated: { exitCode, ...(reason === undefined ? {} : { reason }) },
});
const isTrue = (type: string) => ({ type, status: 'True' });

function pod(status: PodStatus, spec: object = {}, metadata: object = {}): Pod {
  const containers = [{ name: 'a' }, { name: 'b' }];
  const of = { phase: 'Running', ...status };
  return { kind: 'Pod', apiVersion: 'v1', metadata, spec: { containers, ...spec }, status: of };
}

const INITS = { initContainers: [{ name: 'i' }, { name: 'j' }] };
const SIDECAR = { initContainers: [{ name: 'i', restartPolicy: 'Always' }] };

describe('a pod in one word', () => {
  it.each<[string, Pod]>([
    ['Running', pod({ containerStatuses: [{ name: 'a', ready: true, state: RUNNING }] })],
    ['Pending', pod({ phase: 'Pending' })],
    ['OutOfCpu', pod({ phase: 'Failed', reason: 'OutOfCpu' })],
    [
      'SchedulingGated',
      pod({ conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] }),
    ],
    // The first of the containers has the last word.
    [
      'ErrImagePull',
      pod({
        containerStatuses: [
          { name: 'a', state: { waiting: { reason: 'ErrImagePull' } } },
          { name: 'b', state: ended(1, 'Error') },
        ],
      }),
    ],
    ['ExitCode:3', pod({ containerStatuses: [{ name: 'a', state: ended(3) }] })],
    [
      'Signal:9',
      pod({ containerStatuses: [{ name: 'a', state: { terminated: { signal: 9, exitCode: 137 } } }] }),
    ],
    [
      'Completed',
      pod({ phase: 'Succeeded', containerStatuses: [{ name: 'a', state: ended(0, 'Completed') }] }),
    ],
    [
      'Error',
      pod({
        containerStatuses: [
          { name: 'a', state: ended(0, 'Completed') },
          { name: 'b', state: ended(1, 'Error') },
        ],
      }),
    ],
    ['NotReady', oneOfTwoDone([])],
    ['Running', oneOfTwoDone([isTrue('Ready')])],
    ['Init:0/2', pod({ initContainerStatuses: [{ name: 'i', state: RUNNING }] }, INITS)],
    [
      'Init:1/2',
      pod(
        {
          initContainerStatuses: [
            { name: 'i', state: ended(0) },
            { name: 'j', state: { waiting: { reason: 'PodInitializing' } } },
          ],
        },
        INITS,
      ),
    ],
    [
      'Init:CrashLoopBackOff',
      pod(
        { initContainerStatuses: [{ name: 'i', state: { waiting: { reason: 'CrashLoopBackOff' } } }] },
        INITS,
      ),
    ],
    ['Init:Error', pod({ initContainerStatuses: [{ name: 'i', state: ended(1, 'Error') }] }, INITS)],
    ['Init:ExitCode:2', pod({ initContainerStatuses: [{ name: 'i', state: ended(2) }] }, INITS)],
    ['Terminating', pod({}, {}, { deletionTimestamp: '2026-11-30T05:41:36Z' })],
    ['Succeeded', pod({ phase: 'Succeeded' }, {}, { deletionTimestamp: '2026-11-30T05:41:36Z' })],
    ['Unknown', pod({ reason: 'NodeLost' }, {}, { deletionTimestamp: '2026-11-30T05:41:36Z' })],
  ])('%s', (text, given) => {
    expect(summarize(given).text).toBe(text);
  });

  it('counts a sidecar with the containers', () => {
    const initContainerStatuses = [
      { name: 'i', started: true, ready: true, restartCount: 4, state: RUNNING },
    ];
    const containerStatuses = [{ name: 'a', ready: true, restartCount: 1, state: RUNNING }];
    const state = summarize(pod({ initContainerStatuses, containerStatuses }, SIDECAR));
    expect(state).toMatchObject({ text: 'Running', readyCount: 2, totalCount: 3, restarts: 5 });
  });

  it('counts restarts of init containers while they run, and of containers since', () => {
    const finishedAt = '2026-11-30T05:00:00Z';
    const restarted = { restartCount: 2, lastState: { terminated: { exitCode: 1, finishedAt } } };
    const initContainerStatuses = [{ name: 'i', state: RUNNING, ...restarted }];
    expect(summarize(pod({ initContainerStatuses }, INITS))).toMatchObject({
      restarts: 2,
      lastRestart: finishedAt,
    });
    const done = [{ name: 'i', state: ended(0), ...restarted }];
    const containerStatuses = [{ name: 'a', state: RUNNING, restartCount: 1 }];
    expect(summarize(pod({ initContainerStatuses: done, containerStatuses }, INITS))).toMatchObject({
      restarts: 1,
      lastRestart: undefined,
    });
  });
});

function oneOfTwoDone(conditions: PodStatus['conditions']): Pod {
  return pod({
    conditions: conditions ?? [],
    containerStatuses: [
      { name: 'a', state: ended(0, 'Completed') },
      { name: 'b', ready: true, state: RUNNING },
    ],
  });
}
