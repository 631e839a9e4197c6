/** The thread that writes the file of a store. */
import { parentPort, workerData } from 'node:worker_threads';
import {
  decodeBatch,
  type Question,
  type ThreadAnswer,
  type ThreadData,
  type ThreadRequest,
} from './file-messages.ts';
import { FileWriter } from './file-writer.ts';

const options: ThreadData = workerData;
const writer = new FileWriter(options);

function perform(question: Question): boolean {
  if ('write' in question) writer.write(decodeBatch(question.write));
  else if ('probe' in question) writer.probe(question.probe);
  else if ('compact' in question) return writer.compact(question.compact);
  else writer.close(question.close);
  return false;
}

function answer({ id, question }: ThreadRequest): ThreadAnswer {
  try {
    return { id, failure: undefined, isMore: perform(question) };
  } catch (error) {
    return { id, failure: error instanceof Error ? error.message : String(error), isMore: false };
  }
}

/** What `normal` may lose. */
const UNSYNCED_MS = 100;
let _timer: NodeJS.Timeout | undefined;

function syncSoon(): void {
  if (!writer.mustSync) return;
  _timer ??= setTimeout(() => {
    _timer = undefined;
    if (writer.mustSync) writer.sync();
  }, UNSYNCED_MS);
}

parentPort?.on('message', (request: ThreadRequest) => {
  parentPort?.postMessage(answer(request));
  syncSoon();
});
