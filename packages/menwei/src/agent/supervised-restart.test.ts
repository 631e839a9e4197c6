import { describe, expect, it } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { untilAborted } from '../scheduling/pause.ts';
import { type Component, ComponentStates } from './component.ts';
import { supervise } from './supervisor.ts';

describe('a component that is to begin anew', () => {
  it('ends in good order, begins at once, and what needs it with it; nothing has failed', async () => {
    const events: string[] = [];
    const restart = Promise.withResolvers<() => void>();
    const component = (name: string, rest: Partial<Component> = {}): Component => ({
      name,
      onFailure: 'end the process',
      run: async (signal, ready) => {
        events.push(`+${name}`);
        ready();
        await untilAborted(signal);
        events.push(`-${name}`);
      },
      ...rest,
    });
    const components = [
      component('proxy', { onSupervised: restart.resolve }),
      component('watch', { needs: ['proxy'] }),
      component('other'),
    ];
    const states = new ComponentStates();
    const stop = new AbortController();
    const ended = supervise(components, { states, logger: silentLogger }, stop.signal);
    await expect.poll(() => events.toSorted()).toEqual(['+other', '+proxy', '+watch']);
    events.length = 0;
    (await restart.promise)();
    await expect.poll(() => events.toSorted()).toEqual(['+proxy', '+watch', '-proxy', '-watch']);
    await expect
      .poll(() => states.all().map(({ state, restarts }) => [state, restarts]))
      .toEqual([
        ['running', 0],
        ['running', 0],
        ['running', 0],
      ]);
    (await restart.promise)();
    await expect.poll(() => events.filter((event) => event === '+watch')).toHaveLength(2);
    stop.abort();
    await ended;
  });
});
