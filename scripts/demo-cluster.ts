/** `make demo-cluster`: shows `menwei cluster` with kubectl, curl and real traffic; exit status 1 if anything is not as it should be. */
import { runClusterDemo } from '@menwei/lab/cluster-demo.ts';

const fault = await runClusterDemo((line) => void process.stdout.write(`${line}\n`));
process.stdout.write(`demo-cluster: ${fault ?? 'all was as it should be'}\n`);
process.exitCode = fault === undefined ? 0 : 1;
