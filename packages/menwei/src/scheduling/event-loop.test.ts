import { describe, expect, it } from 'vitest';
import { EventLoopTurn } from './event-loop.ts';

describe('a turn of the event loop', () => {
  it('lets other work run after some milliseconds', async () => {
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    const turn = new EventLoopTurn();
    await turn.rest();
    expect(turned).toBe(false);
    for (const untilMs = performance.now() + 15; performance.now() < untilMs; );
    expect(turn.isOver).toBe(true);
    await turn.rest();
    expect(turned).toBe(true);
    expect(turn.isOver).toBe(false);
  });
});
