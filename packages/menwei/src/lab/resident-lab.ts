/** How commands find a lab that is up, by its name. */
import {
  askResidentLab,
  findResidentLab,
  type ProxyStatus,
  type ResidencePaths,
  ResidentLabError,
  type ResidentLabStatus,
  residencePaths,
} from '@menwei/lab/residence.ts';
import { UserError } from '../setup/failure.ts';

export interface NameOption {
  readonly name: string;
}

export function requireRoot(): void {
  if (process.getuid?.() !== 0)
    throw new UserError('lab: making network namespaces needs root: run it with sudo');
}

export function pathsOf({ name }: NameOption): ResidencePaths {
  if (!/^[a-z0-9-]{1,40}$/.test(name)) {
    throw new UserError(`--name ${name}: a lab's name is lower-case letters, digits and dashes`, 2);
  }
  requireRoot();
  return residencePaths(name);
}

export async function residentOf(paths: ResidencePaths): Promise<ResidentLabStatus> {
  const found = await findResidentLab(paths);
  if (found === undefined) throw new UserError('lab: not running; start one with menwei lab up -f FILE');
  return found;
}

/** The host of that name. */
export function hostOf({ hosts }: ResidentLabStatus, name: string): ResidentLabStatus['hosts'][number] {
  const host = hosts.find((candidate) => candidate.name === name);
  if (host !== undefined) return host;
  throw new UserError(`lab: there is no host ${name}, but ${hosts.map((other) => other.name).join(', ')}`);
}

/** The proxy on the node of that name. */
export function proxyOf(lab: ResidentLabStatus, node: string): ProxyStatus {
  const proxy = lab.proxies.find((candidate) => candidate.node === node);
  if (proxy !== undefined) return proxy;
  const nodes = lab.hosts.filter(({ kind }) => kind === 'node').map(({ name }) => name);
  if (!nodes.includes(node)) throw new UserError(`lab: there is no node ${node}, but ${nodes.join(', ')}`);
  throw new UserError(`lab: no proxy of the lab's runs on ${node}: it was brought up without any`);
}

/** Has the lab do something; what it says against it is the user's to read. */
export async function orderLab(paths: ResidencePaths, action: string, input: object): Promise<void> {
  try {
    await askResidentLab(paths, action, input);
  } catch (error) {
    throw error instanceof ResidentLabError ? new UserError(`lab: ${error.message}`) : error;
  }
}
