/** The lessons of docs/lessons.md show what they promise. Each leaves the lab as it was. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { LESSONS, look, play, prepare, sectionOf } from './lessons.ts';

const BEFORE = sectionOf('Before the first lesson');

beforeAll(() => prepare(BEFORE));
afterAll(() => play(sectionOf('The end')));

describe('the tour', () => {
  it('begins with a cluster', () => look(BEFORE));
  it.each(LESSONS)('$title', (lesson) => play(lesson));
});
