import { runClusterDemo } from '@menwei/lab/cluster-demo.ts';
import { expect, it } from 'vitest';

it('the demo of the cluster shows what it says', { timeout: 90_000 }, async () => {
  const lines: string[] = [];
  expect(await runClusterDemo((line) => void lines.push(line)), lines.join('\n')).toBeUndefined();
});
