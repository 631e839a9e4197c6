/** The command line of `kube-proxy`: that of `menwei run`, under the name that manifests and scripts of clusters have. */
import { createProgram, runProgram } from './program.ts';
import { addRun } from './run.ts';

/** The release of Kubernetes whose kube-proxy this stands in for. */
const KUBERNETES_VERSION = 'v1.36.2';

const program = createProgram('kube-proxy', 'Menwei in kube-proxy’s place').version(
  `Kubernetes ${KUBERNETES_VERSION}`,
  '--version',
);
addRun(program);
await runProgram(program);
