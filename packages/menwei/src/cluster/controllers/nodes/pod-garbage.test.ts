import { expect, it } from 'vitest';
import { type PodState, podGarbage } from './pod-garbage.ts';

it('is the oldest of too many finished pods', () => {
  const pods = Array.from({ length: 12_503 }, (_, index): PodState => {
    const createdAt = new Date(index * 1000).toISOString();
    return { key: `default/p${index}`, nodeName: 'n', createdAt, isFinished: true, endsMs: undefined };
  });
  expect(podGarbage(pods.toReversed(), () => 'attended', 0)).toEqual([
    'default/p0',
    'default/p1',
    'default/p2',
  ]);
});
