/** What may happen to a node of a lab, done by the process that holds it. */
import type { Lab, LabNode } from '@menwei/lab/lab.ts';
import { ResidentLabError } from '@menwei/lab/residence.ts';
import * as v from 'valibot';
import { StatusError } from '../cluster/schema/status-error.ts';
import type { LabKubelet } from './lab-kubelet.ts';
import type { NodeProxyProcess } from './node-proxy-process.ts';

interface Faulty {
  readonly lab: Lab;
  readonly kubelet: LabKubelet;
  readonly proxies: ReadonlyMap<string, NodeProxyProcess>;
}

type Action = (input: unknown) => Promise<void>;

const Link = v.object({ node: v.string(), state: v.picklist(['down', 'isolated', 'up']) });
const Signal = v.object({ node: v.string(), signal: v.picklist(['SIGKILL', 'SIGSTOP', 'SIGCONT']) });
const Power = v.object({ node: v.string(), isOn: v.boolean() });
const Drain = v.object({ node: v.string(), isDraining: v.boolean() });

/** Each throws {@link ResidentLabError} for what the user can put right. */
export function faultActions(faulty: Faulty): Readonly<Record<string, Action>> {
  const { kubelet } = faulty;
  return {
    link: async (input) => {
      const { node, state } = v.parse(Link, input);
      await setLink(nodeOf(faulty, node), state);
    },
    signal: async (input) => {
      const { node, signal } = v.parse(Signal, input);
      proxyOf(faulty.proxies, node).signal(signal);
    },
    power: async (input) => {
      const { node, isOn } = v.parse(Power, input);
      await setPower(faulty, node, isOn);
    },
    drain: async (input) => {
      const { node, isDraining } = v.parse(Drain, input);
      await withRefusals(kubelet.setDraining(nodeOf(faulty, node).name, isDraining));
    },
  };
}

async function setLink({ link }: LabNode, state: v.InferOutput<typeof Link>['state']): Promise<void> {
  if (state === 'down') await link.down();
  else if (state === 'isolated') await link.isolate();
  else await link.up();
}

/** Its proxy has no time to say anything, and its pods are cut off with it. */
async function setPower(faulty: Faulty, name: string, isOn: boolean): Promise<void> {
  const { link } = nodeOf(faulty, name);
  const proxy = faulty.proxies.get(name);
  if (!isOn) {
    // Before the kernel closes connections for a process that is gone.
    await link.isolate();
    if (proxy?.isRunning === true) proxy.signal('SIGKILL');
    return;
  }
  await link.up();
  await proxy?.restart(undefined, undefined);
}

function nodeOf({ lab }: Faulty, name: string): LabNode {
  const node = lab.nodes.find((candidate) => candidate.name === name);
  if (node === undefined) throw new ResidentLabError(`there is no node ${name}`);
  return node;
}

/** @throws ResidentLabError where there is none */
export function proxyOf(proxies: Faulty['proxies'], name: string): NodeProxyProcess {
  const proxy = proxies.get(name);
  if (proxy === undefined) throw new ResidentLabError(`there is no proxy on ${name}`);
  return proxy;
}

/** @throws ResidentLabError with the words of the cluster where it refuses */
export async function withRefusals<T>(write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (error) {
    throw error instanceof StatusError ? new ResidentLabError(error.message) : error;
  }
}
