import { expect, it } from 'vitest';
import { type PodState, podGarbage } from './pod-garbage.ts';

const finished = (count: number) =>
  Array.from({ length: count }, (_, index): PodState => {
    const createdAt = new Date(index * 1000).toISOString();
    return { key: `default/p${index}`, nodeName: 'n', createdAt, isFinished: true, endsMs: undefined };
  });

it('is the oldest of too many finished pods', () => {
  const pods = finished(12_503);
  expect(podGarbage(pods.toReversed(), () => 'attended', 0)).toEqual([
    'default/p0',
    'default/p1',
    'default/p2',
  ]);
});

it('counts a pod once that is told twice', () => {
  const pods = finished(12_500);
  expect(podGarbage([...pods.slice(0, 10), ...pods], () => 'attended', 0)).toEqual([]);
});
