import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { RelayThread } from './relay-thread.ts';

const NOTHING = { reported: () => undefined, ended: () => undefined };

/** Answers every request with this statement about `id`. */
function answering(answer: string): Worker {
  const script = `
    const { parentPort } = require('node:worker_threads');
    parentPort.on('message', ({ id }) => { ${answer} });`;
  return new Worker(script, { eval: true, execArgv: [] });
}

const FAILURE = {
  key: 'a',
  ip: '0.0.0.0',
  port: 80,
  operation: 'listen',
  object: 'x',
  detail: 'y',
  errno: 98,
};

it('hands on failures as errors of the kernel', async () => {
  const thread = new RelayThread(
    answering(`parentPort.postMessage({ id, failures: [${JSON.stringify(FAILURE)}] })`),
    NOTHING,
  );
  const answer = await thread.apply(new Map());
  expect(answer).toEqual([
    { key: 'a', ip: '0.0.0.0', port: 80, error: expect.objectContaining({ errno: 98, name: 'KernelError' }) },
  ]);
  await thread.terminate();
});

it.each([
  ['throws', "parentPort.postMessage({ id, thrown: 'BUG: x' })", 'a relay thread failed: BUG: x'],
  ['dies', "throw new Error('out of luck')", 'out of luck'],
  ['answers what nobody asked', 'parentPort.postMessage({ id: 77, failures: [] })', /^BUG: .* 77$/],
  ['does not answer', '', 'a relay thread did not answer within 0.2 seconds'],
  ['is stuck', 'for (;;);', 'a relay thread did not answer within 0.2 seconds'],
])('takes nothing for done when the thread %s, and says why it ended', async (_how, answer, reason) => {
  const ended = Promise.withResolvers<Error | undefined>();
  const limitMs = answer === '' || answer.startsWith('for') ? 200 : 60_000;
  const thread = new RelayThread(answering(answer), { ...NOTHING, ended: ended.resolve }, limitMs);
  expect(await thread.apply(new Map())).toBe('ended');
  expect((await ended.promise)?.message).toMatch(reason);
  expect(await thread.apply(new Map())).toBe('ended');
  await thread.close();
});

/** Answers when it is told to end, and ends after that. */
class Tenacious extends Worker {
  override async terminate(): Promise<number> {
    const answered = once(this, 'message');
    this.postMessage('answer now');
    await answered;
    return super.terminate();
  }
}

it('does not hear what comes too late', async () => {
  const ended = Promise.withResolvers<Error | undefined>();
  const script = `
    const { parentPort } = require('node:worker_threads');
    let asked;
    parentPort.on('message', (message) => {
      if (message !== 'answer now') asked = message.id;
      else parentPort.postMessage({ id: asked, failures: [] });
    });`;
  const worker = new Tenacious(script, { eval: true, execArgv: [] });
  const heard: unknown[] = [];
  worker.on('message', (message) => heard.push(message));
  const thread = new RelayThread(worker, { ...NOTHING, ended: ended.resolve }, 100);
  expect(await thread.apply(new Map())).toBe('ended');
  await ended.promise;
  expect(heard).toEqual([{ id: 1, failures: [] }]);
});
