/** Programs that run inside a host of a lab, with this terminal. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { openNamespace, withNamespace } from '@menwei/kernel/netns.ts';
import { LAUNCHER } from '@menwei/lab/node-proxy.ts';
import { UserError } from '../setup/failure.ts';
import { labKubeconfig } from './lab-kubeconfig.ts';
import { DIRECT } from './node-proxy-process.ts';
import { usePodResolver } from './pod-resolver.ts';
import { hostOf, type NameOption, pathsOf, proxyOf, residentOf } from './resident-lab.ts';

/** `menwei lab run`: ends as the command ends. */
export async function run(host: string, command: readonly string[], options: NameOption): Promise<void> {
  const paths = pathsOf(options);
  const { namespacePath, kind } = hostOf(await residentOf(paths), host);
  if (kind === 'pod') usePodResolver(paths.folder, host);
  await runInside(namespacePath, command);
}

/** `menwei lab diff`: `menwei diff` on a node, with the flags of the proxy there. */
export async function diff(node: string, options: NameOption): Promise<void> {
  const lab = await residentOf(pathsOf(options));
  const { flags } = proxyOf(lab, node);
  await runInside(hostOf(lab, node).namespacePath, [LAUNCHER, 'diff', ...flags], {
    env: { ...process.env, ...DIRECT },
  });
}

/** `menwei lab kubectl`: a kubectl of this machine, where the lab's API server is. */
export async function kubectl(args: readonly string[], options: NameOption): Promise<void> {
  const paths = pathsOf(options);
  const { namespacePath } = hostOf(await residentOf(paths), 'wire');
  await runInside(namespacePath, ['kubectl', ...args], {
    env: { ...process.env, ...DIRECT, KUBECONFIG: labKubeconfig(paths.folder, 'admin') },
    missing: 'lab: there is no kubectl on this machine (Debian has it in the package kubernetes-client)',
  });
}

interface InsideOptions {
  /** That of this process unless given. */
  readonly env?: NodeJS.ProcessEnv;
  /** What to say when there is no such program. */
  readonly missing?: string;
}

async function runInside(
  namespacePath: string,
  [file = '', ...argv]: readonly string[],
  { env = process.env, missing = `lab: ${file}: command not found` }: InsideOptions = {},
): Promise<void> {
  using namespace = openNamespace(namespacePath);
  const child = withNamespace(namespace, () => spawn(file, argv, { stdio: 'inherit', env }));
  // The terminal sends these to the command as well, and it is the command that decides.
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.on(signal, () => undefined);
  process.exitCode = await new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ENOENT' ? new UserError(missing) : error);
    });
    child.once('exit', (code, signal) =>
      resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]),
    );
  });
}
