/** The command line of `kube-proxy`: that of `menwei run`, under the name that manifests and scripts of clusters have. */
import { createProgram, runProgram } from './program.ts';
import { addRun } from './run.ts';

const program = createProgram('kube-proxy', 'Menwei in kube-proxy’s place');
addRun(program, 'kube-proxy');
await runProgram(program);
