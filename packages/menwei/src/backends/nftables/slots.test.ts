import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as slots from './slots.ts';

describe('slots', () => {
  it.each<[string, wanted: string, previous: string, slots: string]>([
    ['newcomers sit in the order given', 'c a b', '', 'c a b'],
    ['everybody stays, in whatever order they are given', 'c a b', 'a b c', 'a b c'],
    ['one more sits behind the others', 'd a b c', 'a b c', 'a b c d'],
    ['one less in the middle: the last one moves', 'b c d', 'a b c d', 'd b c'],
    ['one less at the end: nobody moves', 'a b c', 'a b c d', 'a b c'],
    ['one for another: the newcomer takes the empty slot', 'a x c', 'a b c', 'a x c'],
    ['gaps are filled in the order given', 'x c d', 'a b c d', 'x d c'],
    ['nobody is left', '', 'a b', ''],
    ['an empty slot is filled', 'a b c', 'a - c', 'a b c'],
    ['who sits twice, as only others can have it, keeps the first slot', 'a b', 'a a', 'a b'],
  ])('%s', (_name, wanted, previous, slots) => {
    const seats = split(previous).map((name) => (name === '-' ? undefined : name));
    expect(assign(split(wanted), seats)).toEqual(split(slots));
  });
});

describe('any slots', () => {
  const name = fc.integer({ min: 0, max: 25 }).map((number) => String.fromCharCode(0x61 + number));
  const names = fc.uniqueArray(name);
  const seats = fc.array(fc.option(name, { nil: undefined }));

  it('seat everybody once', () => {
    fc.assert(
      fc.property(names, seats, (wanted, previous) => {
        expect([...assign(wanted, previous)].sort()).toEqual([...wanted].sort());
      }),
    );
  });

  it('are kept by everybody who can stay', () => {
    fc.assert(
      fc.property(names, names, (wanted, previous) => {
        const slots = assign(wanted, previous);
        const stayers = previous.slice(0, wanted.length).filter((name) => wanted.includes(name));
        expect(stayers.map((name) => slots.indexOf(name))).toEqual(
          stayers.map((name) => previous.indexOf(name)),
        );
      }),
    );
  });

  it('do not depend on the order of those who have one', () => {
    fc.assert(
      fc.property(
        names.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        ([all, shuffled]) => {
          expect(assign(shuffled, all)).toEqual(all);
        },
      ),
    );
  });

  it('move nobody but the last one when somebody goes, and nobody when somebody comes', () => {
    fc.assert(
      fc.property(
        names.filter((all) => all.length > 0),
        fc.nat(),
        (all, index) => {
          const gone = all[index % all.length];
          const rest = all.filter((name) => name !== gone);
          const slots = assign(rest, all);
          expect(rest.filter((name) => slots.indexOf(name) !== all.indexOf(name)).length).toBeLessThanOrEqual(
            1,
          );
          expect(assign(all, rest)).toEqual([...rest, gone]);
        },
      ),
    );
  });
});

/** Names of one letter stand for values of three bytes. */
const SIZE = 3;

function assign(wanted: readonly string[], previous: readonly (string | undefined)[]): readonly string[] {
  const list = (names: readonly (string | undefined)[]) =>
    names.map((name) => (name === undefined ? '\0'.repeat(SIZE) : `<${name}>`)).join('');
  const assigned = slots.assignSlots(list(wanted), list(previous), SIZE);
  return slots.split(assigned, SIZE).map((value) => value.charAt(1));
}

function split(names: string): readonly string[] {
  return names.split(' ').filter((name) => name !== '');
}
