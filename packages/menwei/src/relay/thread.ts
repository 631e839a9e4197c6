/** A thread of the pool: relays, and what they report. */
import { parentPort, workerData } from 'node:worker_threads';
import { formatErrorStack } from '../log/error-text.ts';
import type { ListenFailure } from './contract.ts';
import { SharedDescriptorBudget } from './descriptor-budget.ts';
import { EventTally } from './event-tally.ts';
import {
  encodeFailure,
  type OpenCounts,
  type ThreadData,
  type ThreadMessage,
  type ThreadRequest,
} from './thread-messages.ts';
import { ThreadRelays } from './thread-relays.ts';

const REPORT_MS = 1000;

const data: ThreadData = workerData;
const tally = new EventTally();
const relays = new ThreadRelays({
  limits: data.limits,
  descriptors: new SharedDescriptorBudget(data.descriptors, data.number),
  report: (event) => tally.count(event),
  random: Math.random,
  // With other threads, and with another process of this program that comes or goes.
  sharesPorts: true,
});
let told: OpenCounts = { connections: 0, flows: 0 };

function tell(message: ThreadMessage): void {
  parentPort?.postMessage(message);
}

function report(): void {
  const open = relays.openCounts();
  const news = tally.take();
  if (news === undefined && open.connections === told.connections && open.flows === told.flows) return;
  told = open;
  tell({ report: { open, tally: news } });
}

async function perform(request: ThreadRequest): Promise<readonly ListenFailure[]> {
  if ('apply' in request) return relays.apply(request.apply);
  await relays.close();
  report();
  return [];
}

parentPort?.on('message', (request: ThreadRequest) => {
  const { id } = request;
  perform(request).then(
    (failures) => tell({ id, failures: failures.map(encodeFailure) }),
    (error: unknown) => tell({ id, thrown: formatErrorStack(error) }),
  );
});
setInterval(report, REPORT_MS).unref();
