/** How a series of requests was spread: what is wrong with it, and how it looks. */
import type { Tally } from './outcome.ts';

/** Six standard deviations of a fair choice: a sound proxy misses it once in 500 million series. */
const TOLERANCE_SIGMA = 6;

/** What a series shows that it should not. */
export function faultsOf(tally: Tally, expected: readonly string[]): readonly string[] {
  const faults: string[] = [];
  if (tally.failed > 0) faults.push(`${tally.failed} of ${tally.total} requests failed`);
  for (const pod of Object.keys(tally.byPod)) {
    if (!expected.includes(pod))
      faults.push(`${pod} answered ${tally.byPod[pod]} requests and should get none`);
  }
  const shares = expected.map((pod) => tally.byPod[pod] ?? 0);
  const total = shares.reduce((sum, count) => sum + count, 0);
  const probability = 1 / expected.length;
  const tolerance = TOLERANCE_SIGMA * Math.sqrt(total * probability * (1 - probability));
  for (const [index, count] of shares.entries()) {
    if (count === 0 || Math.abs(count - total * probability) > tolerance) {
      faults.push(`${expected[index]} answered ${count} of ${total} requests, which is no fair share`);
    }
  }
  return faults;
}

/** What came of a series, in lines: who answered how often, and which client they saw. */
export function describeTally(title: string, tally: Tally, pods: readonly string[]): readonly string[] {
  return [
    `${title} (${Math.round(tally.elapsedMs)} ms)`,
    ...pods.map((pod) => `  ${bar(pod, tally.byPod[pod] ?? 0, tally.total)}`),
    ...(tally.failed > 0 ? [`  failed   ${tally.failed} ${JSON.stringify(tally.failures)}`] : []),
    `  they saw the client as ${Object.keys(tally.byClient).join(', ')}`,
  ];
}

const BAR_WIDTH = 40;

function bar(name: string, count: number, total: number): string {
  const filled = total === 0 ? 0 : Math.round((count / total) * BAR_WIDTH);
  return `${name.padEnd(8)} ${String(count).padStart(3)} ${'█'.repeat(filled)}`;
}
