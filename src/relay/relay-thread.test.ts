import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { KernelError } from '../kernel/kernel-error.ts';
import { RelayThread } from './relay-thread.ts';

const NOTHING = { reported: () => undefined, ended: () => undefined };

/** A thread that answers every request with this expression of `id`. */
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
  const [failure] = await thread.apply(new Map());
  expect(failure).toMatchObject({ key: 'a', ip: '0.0.0.0', port: 80, error: { errno: 98 } });
  expect(failure?.error).toBeInstanceOf(KernelError);
  await thread.terminate();
});

it('tells what was thrown in the thread', async () => {
  const thread = new RelayThread(answering("parentPort.postMessage({ id, thrown: 'BUG: x' })"), NOTHING);
  await expect(thread.apply(new Map())).rejects.toThrow('a relay thread failed: BUG: x');
  await thread.terminate();
});

it('tells why a thread ended, and leaves nobody waiting for it', async () => {
  const ended = Promise.withResolvers<Error | undefined>();
  const thread = new RelayThread(answering("throw new Error('out of luck')"), {
    ...NOTHING,
    ended: ended.resolve,
  });
  expect(await thread.apply(new Map())).toEqual([]);
  expect((await ended.promise)?.message).toBe('out of luck');
  expect(await thread.apply(new Map())).toEqual([]);
  await thread.close();
});
