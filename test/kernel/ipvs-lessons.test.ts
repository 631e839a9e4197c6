/** The part of docs/lessons.md that needs IPVS. */
import { expect, it } from 'vitest';
import { LESSONS, play, prepare, sectionOf } from './lessons.ts';

it('shows ipvs mode in the lesson on modes', async () => {
  const lesson = LESSONS.find(({ title }) => title.includes('modes'));
  const blocks = lesson?.blocks.filter(({ needs }) => needs === 'ipvs') ?? [];
  expect(blocks.length).toBeGreaterThan(1);
  await prepare(sectionOf('Before the first lesson'));
  await play({ title: 'ipvs', blocks }, ['ipvs']);
  await play(sectionOf('The end'));
});
