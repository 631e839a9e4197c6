import { runLoadBalancerDemo } from '@menwei/lab/load-balancer-demo.ts';
import { expect, it } from 'vitest';

it('the demo of load balancers shows what it says', { timeout: 240_000 }, async () => {
  const lines: string[] = [];
  expect(await runLoadBalancerDemo((line) => void lines.push(line)), lines.join('\n')).toBeUndefined();
});
