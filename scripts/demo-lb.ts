/** `make demo-lb`: shows a load balancer at work, and its address moving; exit status 1 if anything is not as it should be. */
import { runLoadBalancerDemo } from '@menwei/lab/load-balancer-demo.ts';

const fault = await runLoadBalancerDemo((line) => void process.stdout.write(`${line}\n`));
process.stdout.write(`demo-lb: ${fault ?? 'all was as it should be'}\n`);
process.exitCode = fault === undefined ? 0 : 1;
