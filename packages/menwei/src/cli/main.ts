/** The command line of `menwei`. This file only wires; each command is a file of its own. */
import { VERSION } from '../setup/version.ts';
import { registerAnnounceCommand } from './announce.ts';
import { registerCleanupCommand } from './cleanup.ts';
import { registerClusterCommand } from './cluster.ts';
import { registerDiffCommand } from './diff.ts';
import { registerDnsCommand } from './dns.ts';
import { registerLabCommand } from './lab.ts';
import { registerLbCommand } from './lb.ts';
import { createProgram, runProgram } from './program.ts';
import { registerRenderCommand } from './render.ts';
import { registerRunCommand } from './run.ts';
import { registerStatusCommand } from './status.ts';

const program = createProgram(
  'menwei',
  'A Kubernetes Service proxy: kube-proxy’s job, with or without Kubernetes',
).version(VERSION);

registerRunCommand(program);
registerStatusCommand(program);
registerRenderCommand(program);
registerDiffCommand(program);
registerCleanupCommand(program);
registerLabCommand(program);
registerLbCommand(program);
registerDnsCommand(program);
registerClusterCommand(program);
registerAnnounceCommand(program);

await runProgram(program);
