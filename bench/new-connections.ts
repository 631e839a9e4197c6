/** New connections a second, and the time of one request, on several paths at once. */
import type { NetworkNamespace } from '@menwei/kernel/netns.ts';
import { median, round } from './figures.ts';
import type { Target, Traffic, TrafficOutcome } from './traffic.ts';

/** Enough to keep two processors busy. */
const RATE = { concurrency: 64, turnSeconds: 0.05, turns: 8 };
/** One request at a time: how long it takes, not how long it waits for others. */
const LATENCY = { concurrency: 1, turnSeconds: 0.05, turns: 4 };

interface ConnectionFigures {
  readonly connPerSecOfTurns: readonly number[];
  readonly p50Ms: number;
  readonly p99Ms: number;
}

type PathName = 'service' | 'direct' | 'plain';
const PATH_NAMES: readonly PathName[] = ['service', 'direct', 'plain'];
type Paths<T> = Readonly<Record<PathName, T>>;

export async function measureNewConnections(
  traffic: Traffic,
  client: NetworkNamespace,
  targets: Paths<Target>,
  rounds: number,
): Promise<Paths<ConnectionFigures>> {
  const order = PATH_NAMES.map((name) => targets[name]);
  const rates: (readonly TrafficOutcome[])[] = [];
  const latencies: (readonly TrafficOutcome[])[] = [];
  await traffic.connect(client, order, LATENCY);
  for (let turn = 0; turn < rounds; turn++) {
    rates.push(await traffic.connect(client, order, RATE));
    latencies.push(await traffic.connect(client, order, LATENCY));
  }
  const figuresOf = (name: PathName): ConnectionFigures => {
    const of = (outcomes: readonly (readonly TrafficOutcome[])[]) =>
      outcomes.flatMap((paths) => paths[PATH_NAMES.indexOf(name)] ?? []);
    return {
      connPerSecOfTurns: of(rates).flatMap(({ turns }) =>
        turns.map(({ answered, seconds }) => answered / seconds),
      ),
      p50Ms: median(of(latencies).map(({ p50Ns }) => p50Ns)) / 1e6,
      p99Ms: median(of(latencies).map(({ p99Ns }) => p99Ns)) / 1e6,
    };
  };
  return { service: figuresOf('service'), direct: figuresOf('direct'), plain: figuresOf('plain') };
}

export function describeNewConnections({
  service,
  direct,
  plain,
}: Paths<ConnectionFigures>): Readonly<Record<string, number>> {
  return {
    connPerSec: round(median(service.connPerSecOfTurns), 0),
    ratioToDirect: round(ratioOfTurns(service.connPerSecOfTurns, direct.connPerSecOfTurns), 3),
    ratioToPlain: round(ratioOfTurns(service.connPerSecOfTurns, plain.connPerSecOfTurns), 3),
    p50Ms: round(service.p50Ms, 3),
    p99Ms: round(service.p99Ms, 3),
    directConnPerSec: round(median(direct.connPerSecOfTurns), 0),
    directP50Ms: round(direct.p50Ms, 3),
    directP99Ms: round(direct.p99Ms, 3),
    plainConnPerSec: round(median(plain.connPerSecOfTurns), 0),
    plainP50Ms: round(plain.p50Ms, 3),
    plainP99Ms: round(plain.p99Ms, 3),
  };
}

/** The turns of all paths follow each other closely, and what else the machine did then slowed all of them. */
export function ratioOfTurns(a: readonly number[], b: readonly number[]): number {
  return median(a.map((figure, turn) => figure / (b[turn] ?? Number.NaN)));
}
