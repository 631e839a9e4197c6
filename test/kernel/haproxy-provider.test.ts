/** HAProxy itself does what every provider must do. */
import { describeProvider } from '@menwei/testing/loadbalancer/conformance.ts';
import { HAProxyBench } from './haproxy-bench.ts';

describeProvider('HAProxy', async () => await HAProxyBench.start());
