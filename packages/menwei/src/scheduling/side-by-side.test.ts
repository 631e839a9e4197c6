import { describe, expect, it } from 'vitest';
import { untilAborted } from './pause.ts';
import { sideBySide } from './side-by-side.ts';

const never = new AbortController().signal;

describe('what runs side by side', () => {
  it('ends with the signal', async () => {
    const stop = new AbortController();
    const running = sideBySide([untilAborted, untilAborted], stop.signal);
    stop.abort();
    await expect(running).resolves.toBeUndefined();
  });

  it('ends when one of it ends', async () => {
    await expect(sideBySide([untilAborted, async () => undefined], never)).resolves.toBeUndefined();
  });

  it('fails with the first failure, and the others end', async () => {
    const ended = Promise.withResolvers<void>();
    const other = (signal: AbortSignal) => untilAborted(signal).then(ended.resolve);
    const failing = () => Promise.reject(new Error('broken'));
    await expect(sideBySide([other, failing], never)).rejects.toThrow('broken');
    await ended.promise;
  });
});
