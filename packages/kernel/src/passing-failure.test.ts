import { constants } from 'node:os';
import { KernelError } from '@menwei/netlink';
import { describe, expect, it } from 'vitest';
import { askUntilCertain } from './passing-failure.ts';

const { ENOENT, EPERM, ENOMEM, EAGAIN, ENOBUFS, EBUSY } = constants.errno;
const failure = (errno: number) => new KernelError({ operation: 'use', object: 'it', detail: 'no', errno });

/** Asks for these in turn; the last one again and again. */
async function ask(answers: readonly unknown[]): Promise<{ answer: unknown; asked: number }> {
  let asked = 0;
  const next = () => answers[Math.min(asked++, answers.length - 1)];
  const answer = await askUntilCertain(next, new AbortController().signal, 0).catch((thrown: unknown) => ({
    thrown,
  }));
  return { answer, asked };
}

describe('askUntilCertain', () => {
  it.each([
    ['an answer', ['yes']],
    ['what is not there', [failure(ENOENT)]],
    ['what is not allowed', [failure(EPERM)]],
  ])('is content with %s', async (_what, answers) => {
    expect(await ask(answers)).toEqual({ answer: answers[0], asked: 1 });
  });

  it('asks again while the machine is busy or short of something', async () => {
    const passing = [ENOMEM, EAGAIN, ENOBUFS, EBUSY].map(failure);
    expect(await ask([...passing, 'yes'])).toEqual({ answer: 'yes', asked: 5 });
    expect((await ask([...passing, failure(ENOENT)])).answer).toMatchObject({ errno: ENOENT });
  });

  it('takes what does not pass for no answer', async () => {
    expect(await ask([failure(ENOMEM)])).toEqual({
      answer: { thrown: expect.objectContaining({ errno: ENOMEM }) },
      asked: 10,
    });
  });

  it('ends with its signal', async () => {
    const stop = AbortSignal.abort(new Error('over'));
    await expect(askUntilCertain(() => failure(EAGAIN), stop)).rejects.toThrow('aborted');
  });
});
