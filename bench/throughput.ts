/** Bytes a second over one connection and over many, through a Service and to its pods directly. */
import type { NetworkNamespace } from '@menwei/kernel/netns.ts';
import { median, round } from './figures.ts';
import { ratioOfTurns } from './new-connections.ts';
import type { Target, Traffic } from './traffic.ts';

const CONCURRENCY = [1, 64];
const LOAD = { turnSeconds: 0.2, turns: 4 };

/** `mbPerSec1`, `ratioToDirect1`, `mbPerSec64` … */
export async function measureThroughput(
  traffic: Traffic,
  client: NetworkNamespace,
  targets: Readonly<Record<'service' | 'direct', Target>>,
  rounds: number,
): Promise<Readonly<Record<string, number>>> {
  const figures: Record<string, number> = {};
  for (const concurrency of CONCURRENCY) {
    const [service, direct]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      const load = { ...LOAD, concurrency };
      const paths = await traffic.stream(client, [targets.service, targets.direct], load);
      service.push(...(paths[0] ?? []));
      direct.push(...(paths[1] ?? []));
    }
    figures[`mbPerSec${concurrency}`] = round(median(service) / 1e6, 0);
    figures[`throughputToDirect${concurrency}`] = round(ratioOfTurns(service, direct), 3);
  }
  return figures;
}
