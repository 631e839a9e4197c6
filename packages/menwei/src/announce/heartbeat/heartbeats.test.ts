import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Heartbeats } from './heartbeats.ts';
import { decodeHeartbeat, encodeHeartbeat, NO_NONCE } from './message.ts';

const KEY = Buffer.from('sixteen bytes or more');
const TIMING = { intervalMs: 300, misses: 3 };
const message = { from: 'node-a', to: 'node-b', nonce: '0123456789abcdef', echo: NO_NONCE };

describe('a message', () => {
  it('is what it was, with the right key only', () => {
    const bytes = encodeHeartbeat(message, KEY);
    expect(decodeHeartbeat(bytes, KEY)).toEqual(message);
    expect(decodeHeartbeat(bytes, Buffer.from('another key of some bytes'))).toBeUndefined();
  });

  it('that was changed anywhere, cut, or made by anybody is none', () => {
    const bytes = encodeHeartbeat(message, KEY);
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(decodeHeartbeat(changed, KEY)).toBeUndefined();
      expect(decodeHeartbeat(bytes.subarray(0, at), KEY)).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(decodeHeartbeat(Buffer.from(bytes), KEY)).toBeUndefined();
      }),
    );
  });
});

const isOnly = (peer: string) => (node: string) => node === peer;

/** Two nodes that send each other heartbeats. */
class Pair {
  readonly a = new Heartbeats('a', KEY, TIMING);
  readonly b = new Heartbeats('b', KEY, TIMING);
  readonly sentByB: Buffer[] = [];
  nowMs = 0;
  #count = 0;

  /** Both send and hear what the other has sent. Whether a then knows that b is alive. */
  beat({ bSends = true } = {}): boolean {
    this.nowMs += 300;
    const nonce = () => String(++this.#count).padStart(16, '0');
    const fromB = bSends ? this.b.send(['a'], nonce(), this.nowMs).get('a') : undefined;
    const fromA = this.a.send(['b'], nonce(), this.nowMs).get('b');
    if (fromA !== undefined) this.b.receive(fromA, isOnly('a'), this.nowMs);
    if (fromB === undefined) return false;
    this.sentByB.push(fromB);
    return this.a.receive(fromB, isOnly('b'), this.nowMs) === 'b';
  }
}

describe('a node', () => {
  it('is alive once it answers, and dead when three in a row do not come', () => {
    const pair = new Pair();
    expect([pair.beat(), pair.beat(), pair.beat()]).toEqual([false, true, true]);
    const dead = [1, 2, 3, 4].map(() => {
      pair.beat({ bSends: false });
      return pair.a.dead(pair.nowMs);
    });
    expect(dead).toEqual([[], [], [], ['b']]);
  });

  it('is not dead where this process was held up itself', () => {
    const pair = new Pair();
    for (let count = 0; count < 3; count++) pair.beat();
    pair.a.dead(pair.nowMs);
    expect(pair.a.dead(pair.nowMs + 5_000)).toEqual([]);
  });

  it('does not live on by what was recorded of it', () => {
    const pair = new Pair();
    for (let count = 0; count < 4; count++) pair.beat();
    for (let count = 0; count < 4; count++) {
      pair.beat({ bSends: false });
      for (const bytes of pair.sentByB)
        expect(pair.a.receive(bytes, isOnly('b'), pair.nowMs)).toBeUndefined();
    }
    // Started anew, it remembers nothing.
    const again = new Heartbeats('a', KEY, TIMING);
    again.send(['b'], 'f'.repeat(16), pair.nowMs);
    for (const bytes of pair.sentByB) expect(again.receive(bytes, isOnly('b'), pair.nowMs)).toBeUndefined();
  });

  it('is none that is no peer, nor one whose words are for another', () => {
    const a = new Heartbeats('a', KEY, TIMING);
    a.send(['b'], message.nonce, 0);
    const told = (from: string, to: string) =>
      encodeHeartbeat({ from, to, nonce: 'a'.repeat(16), echo: message.nonce }, KEY);
    expect(a.receive(told('x', 'a'), isOnly('b'), 1)).toBeUndefined();
    expect(a.receive(told('b', 'c'), isOnly('b'), 1)).toBeUndefined();
    expect(a.receive(told('b', 'a'), isOnly('b'), 1)).toBe('b');
  });

  it('is not looked up among all nodes when anybody may have sent it', () => {
    const a = new Heartbeats('a', KEY, TIMING);
    const forged = encodeHeartbeat({ ...message, to: 'a' }, Buffer.from('another key of some bytes'));
    const isPeer = () => {
      throw new Error('looked up');
    };
    for (const bytes of [forged, Buffer.alloc(60_000), Buffer.concat([forged, Buffer.alloc(60_000)])]) {
      expect(a.receive(bytes, isPeer, 1)).toBeUndefined();
    }
  });
});
