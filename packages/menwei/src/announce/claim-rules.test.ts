import { describe, expect, it } from 'vitest';
import { type ClaimedByTwo, keepsAddress } from './claim-rules.ts';

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
