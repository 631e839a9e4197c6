/** Waiting for what a demo or test expects. */
import { setTimeout as sleep } from 'node:timers/promises';

const WITHIN_MS = 10_000;

/** Something was not as it should be; the message is one line. */
export class UnmetExpectation extends Error {}

/** What was not as it should be; undefined: all was. */
export async function unmetIn(play: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await play();
    return undefined;
  } catch (error) {
    if (error instanceof UnmetExpectation) return error.message;
    throw error;
  }
}

/** @throws UnmetExpectation with the fault when it is not so within ten seconds */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  fault: string | (() => string),
): Promise<void> {
  const deadline = performance.now() + WITHIN_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new UnmetExpectation(typeof fault === 'string' ? fault : fault());
    await sleep(50);
  }
}
