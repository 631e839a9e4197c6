import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClaimedByTwo, keepsAddress } from './claim-rules.ts';
import { Defences } from './defences.ts';

/** The rank is node-3, node-1, node-2. */
const CLAIM: ClaimedByTwo = {
  address: '192.0.2.100',
  self: 'node-2',
  peer: 'node-3',
  selfSinceMs: 2_000,
  isPublished: false,
  peerSinceMs: 1_000,
  isChosen: false,
  isRepeated: false,
};

describe('keepsAddress', () => {
  it.each([
    ['the other has had it for longer', {}, false],
    ['the other has had it for longer, and may not have it any more', { isChosen: true }, true],
    ['it has heard so, and says it again', { isChosen: true, isRepeated: true }, false],
    ['the Lease of the other says nothing of it', { isPublished: true, peerSinceMs: undefined }, true],
    ['nobody was told, and the rank of the other is better', { peerSinceMs: undefined }, false],
    ['this one has had it for longer', { isPublished: true, selfSinceMs: 500 }, true],
  ])('when %s', (_, more: Partial<ClaimedByTwo>, expected) => {
    expect(keepsAddress({ ...CLAIM, ...more })).toBe(expected);
  });
});

const since = fc.integer({ min: 1, max: 3 });
const duel = fc.record({ a: since, b: since, aIsPublished: fc.boolean(), bIsPublished: fc.boolean() });

/** What both decide: a and b, where each knows of the other what the API server was told. */
function decide(
  {
    a,
    b,
    aIsPublished,
    bIsPublished,
  }: { a: number; b: number; aIsPublished: boolean; bIsPublished: boolean },
  isRepeated: boolean,
) {
  const common = { address: '192.0.2.100', isRepeated, isChosen: false };
  return [
    keepsAddress({
      ...common,
      self: 'a',
      peer: 'b',
      selfSinceMs: a,
      isPublished: aIsPublished,
      peerSinceMs: bIsPublished ? b : undefined,
    }),
    keepsAddress({
      ...common,
      self: 'b',
      peer: 'a',
      selfSinceMs: b,
      isPublished: bIsPublished,
      peerSinceMs: aIsPublished ? a : undefined,
    }),
  ];
}

describe('of two that have an address', () => {
  it('exactly one goes on, when both know what the API server was told', () => {
    fc.assert(
      fc.property(duel, fc.boolean(), (duel, isRepeated) => {
        expect(decide(duel, isRepeated).filter((keeps) => keeps)).toHaveLength(1);
      }),
    );
  });

  it('the one that has had it for longer goes on', () => {
    expect(decide({ a: 1, b: 2, aIsPublished: true, bIsPublished: true }, false)).toEqual([true, false]);
    expect(decide({ a: 3, b: 2, aIsPublished: true, bIsPublished: true }, false)).toEqual([false, true]);
  });

  it('the one that the API server knows of goes on', () => {
    expect(decide({ a: 3, b: 2, aIsPublished: true, bIsPublished: false }, false)).toEqual([true, false]);
  });
});

describe('a defence', () => {
  const claim = {
    ...{ address: '192.0.2.100', self: 'node-2', peer: 'node-1', selfSinceMs: 1 },
    ...{ isPublished: true, peerSinceMs: undefined, isChosen: false },
  };

  it('is made once a second at most, and gives way to rank when it was heard and does not help', () => {
    const defences = new Defences();
    expect(defences.judge(claim, 0)).toBe('defend');
    expect(defences.judge(claim, 100)).toBe('ignore');
    // By rank, node-1 comes before node-2.
    expect(defences.judge(claim, 600)).toBe('stop');
  });

  it('against a machine that is no node is made once in ten seconds', () => {
    const defences = new Defences();
    const made = [0, 5_000, 10_000, 15_000].map((ms) => defences.mayDefendAgainstStranger('192.0.2.1', ms));
    expect(made).toEqual([true, false, true, false]);
  });
});
