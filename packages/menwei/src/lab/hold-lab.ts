/** The process that holds a lab: hosts, pods and proxies live as long as it does. */
import { join, resolve } from 'node:path';
import { createLab, type Lab } from '@menwei/lab/lab.ts';
import {
  describeHosts,
  type ResidencePaths,
  ResidentLabError,
  serveResidentLab,
} from '@menwei/lab/residence.ts';
import type { LabSpec } from '@menwei/lab/topology.ts';
import * as v from 'valibot';
import { NodeProxyProcess } from './node-proxy-process.ts';

export interface HoldOptions {
  readonly manifests?: string;
  readonly proxyMode: string;
  readonly foreground?: true;
}

type Proxies = ReadonlyMap<string, NodeProxyProcess>;

/** Resolves when the lab answers at its socket. It stays until it is asked to go, or a signal ends it. */
export async function holdLab(spec: LabSpec, options: HoldOptions, paths: ResidencePaths): Promise<void> {
  const lab = await createLab(spec);
  const proxies = startProxies(lab, options, paths);
  const server = await serveResidentLab(paths, {
    status: async () => ({
      pid: process.pid,
      hosts: describeHosts(lab),
      proxies: await Promise.all([...proxies.values()].map((proxy) => proxy.status())),
    }),
    actions: {
      down: async () => {
        await lab.close();
        server.close();
      },
      restart: (input) => restart(proxies, input),
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      server.close();
      void lab.close();
    });
  }
}

function startProxies(lab: Lab, options: HoldOptions, { folder }: ResidencePaths): Proxies {
  const { manifests, proxyMode, foreground } = options;
  if (manifests === undefined) return new Map();
  const proxies = lab.nodes.map((node) => {
    const print = (text: string): void => {
      process.stdout.write(text.replaceAll(/^(?=.)/gm, `${node.name}: `));
    };
    return new NodeProxyProcess(node, {
      source: ['--manifests', resolve(manifests)],
      mode: proxyMode,
      log: join(folder, `${node.name}.log`),
      ...(foreground === true ? { onOutput: print } : {}),
    });
  });
  return new Map(proxies.map((proxy) => [proxy.node, proxy]));
}

const Restart = v.object({ node: v.string(), mode: v.optional(v.string()), flags: v.array(v.string()) });

async function restart(proxies: Proxies, input: unknown): Promise<void> {
  const { node, mode, flags } = v.parse(Restart, input);
  const proxy = proxies.get(node);
  if (proxy === undefined) throw new ResidentLabError(`there is no proxy on ${node}`);
  await proxy.restart(mode, flags);
}
