/**
 * A lab that stays: one process holds it, and others reach it through a socket under the runtime folder. The socket
 * speaks HTTP: `GET /status` tells what there is, `POST /down`, `/restart` and the like do something.
 */
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Lab } from './lab.ts';

const ANSWER_WITHIN_MS = 60_000;

const HostSchema = v.object({
  name: v.string(),
  kind: v.picklist(['node', 'pod', 'client', 'wire']),
  addresses: v.array(v.string()),
  /** Opens the host's network namespace while the lab is up. */
  namespacePath: v.string(),
  /** Of a pod. */
  isReady: v.optional(v.boolean()),
});

type HostStatus = v.InferOutput<typeof HostSchema>;

const ProxySchema = v.object({
  node: v.string(),
  mode: v.string(),
  /**
   * `starting`: it has not read all objects yet. `syncing`: some service ports are not programmed yet. `incomplete`: some
   * can't be, see `reasons`. `ended`: its last words are in `reasons`.
   */
  state: v.picklist(['starting', 'syncing', 'programmed', 'incomplete', 'ended']),
  /** How many service ports are programmed, of how many it knows. */
  programmed: v.number(),
  total: v.number(),
  reasons: v.array(v.string()),
  /** The flags that it runs with. */
  flags: v.array(v.string()),
  /** The file with all that it has written. */
  log: v.string(),
  /** Why it has not what came last. */
  logFault: v.optional(v.string()),
});

export type ProxyStatus = v.InferOutput<typeof ProxySchema>;

const LoadBalancerSchema = v.object({
  /** `default/web` */
  service: v.string(),
  addresses: v.array(v.string()),
  /** It has its addresses, and some node announces them, or it needs none. */
  isReady: v.boolean(),
  /** Of its condition `menwei.dev/LoadBalancerReady`; empty while it has none. */
  reason: v.string(),
  message: v.string(),
});

export type LoadBalancerStatus = v.InferOutput<typeof LoadBalancerSchema>;

const StatusSchema = v.object({
  pid: v.number(),
  hosts: v.array(HostSchema),
  proxies: v.array(ProxySchema),
  /** Services of type LoadBalancer, where there is a controller for them. */
  loadBalancers: v.array(LoadBalancerSchema),
});

export type ResidentLabStatus = v.InferOutput<typeof StatusSchema>;

/** Why a resident lab did not do what it was asked. The message is one line for the user. */
export class ResidentLabError extends Error {
  override readonly name = 'ResidentLabError';
}

/** Where a resident lab of that name is reached and leaves its files. */
export interface ResidencePaths {
  readonly folder: string;
  readonly socket: string;
  /** Of the process that holds the lab. */
  readonly log: string;
}

const RUNTIME_FOLDER = '/run/menwei';

/** Creates the runtime folder, which only root may enter. */
export function residencePaths(name: string): ResidencePaths {
  mkdirSync(RUNTIME_FOLDER, { recursive: true });
  chmodSync(RUNTIME_FOLDER, 0o700);
  const folder = join(RUNTIME_FOLDER, `lab-${name}`);
  return {
    folder,
    socket: join(folder, 'socket'),
    log: join(folder, 'log'),
  };
}

/**
 * An empty folder for a lab that this process brings up; what another one left there is removed.
 *
 * @throws ResidentLabError if another process is at it
 */
export function makeResidence({ folder }: ResidencePaths): void {
  const other = builderOf(folder);
  if (other !== undefined) throw new ResidentLabError(`process ${other} is bringing it up already`);
  rmSync(folder, { recursive: true, force: true });
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) === 'EEXIST')
      throw new ResidentLabError('another process is bringing it up already');
    throw error;
  }
  writeFileSync(join(folder, BUILDER), `${process.pid}\n`);
}

const BUILDER = 'builder';

/** The process that brings a lab up there, if it still runs. */
function builderOf(folder: string): string | undefined {
  try {
    const pid = readFileSync(join(folder, BUILDER), 'utf8').trim();
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    // Another program may have the number by now.
    return argv.includes('lab') && argv.includes('up') ? pid : undefined;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** The status of the lab behind the socket; undefined when there is none. */
export async function findResidentLab(paths: ResidencePaths): Promise<ResidentLabStatus | undefined> {
  const body = await ask(paths.socket, 'GET', '/status', '');
  return body === undefined ? undefined : v.parse(StatusSchema, JSON.parse(body));
}

/**
 * Asks the lab to do something, and waits until it is done.
 *
 * @throws ResidentLabError what the lab says against it, and when there is none
 */
export async function askResidentLab(
  paths: ResidencePaths,
  action: string,
  input: object = {},
): Promise<void> {
  const body = await ask(paths.socket, 'POST', `/${action}`, JSON.stringify(input));
  if (body === undefined) throw new ResidentLabError('it is not running any more');
}

/** What a lab does when it is asked. An action throws {@link ResidentLabError} for what the user can put right. */
interface ResidentLab {
  status(): Promise<ResidentLabStatus>;
  readonly actions: Readonly<Record<string, (input: unknown) => Promise<void>>>;
}

export function serveResidentLab({ socket }: ResidencePaths, lab: ResidentLab): Promise<Server> {
  const server = createServer((incoming, response) => {
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
    };
    respond(incoming, lab).then(
      (body) => (body === undefined ? answer(404, { error: 'unknown to this lab' }) : answer(200, body)),
      (error: unknown) => answer(500, { error: error instanceof Error ? error.message : String(error) }),
    );
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, () => resolve(server));
  });
}

async function respond(incoming: IncomingMessage, lab: ResidentLab): Promise<object | undefined> {
  const { method, url = '' } = incoming;
  if (method === 'GET') return url === '/status' ? await lab.status() : undefined;
  const name = url.slice(1);
  const action = Object.hasOwn(lab.actions, name) ? lab.actions[name] : undefined;
  if (action === undefined) return undefined;
  await action(JSON.parse(await textOf(incoming)));
  return {};
}

/** The hosts of a lab, as its status tells of them. */
export function describeHosts(lab: Lab, unreadyPods: ReadonlySet<string>): HostStatus[] {
  const kinds = new Map<string, HostStatus['kind']>([
    ...lab.nodes.map(({ name }) => [name, 'node'] as const),
    ...lab.pods.map(({ name }) => [name, 'pod'] as const),
    ['wire', 'wire'],
  ]);
  return lab.hosts.map((host) => ({
    name: host.name,
    kind: kinds.get(host.name) ?? 'client',
    addresses: [host.ip, host.ip6].filter((ip) => ip !== undefined),
    namespacePath: host.namespace.path,
    ...(kinds.get(host.name) === 'pod' ? { isReady: !unreadyPods.has(host.name) } : {}),
  }));
}

/** The body of the answer, or undefined when nobody listens. */
function ask(socketPath: string, method: string, path: string, body: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, timeout: ANSWER_WITHIN_MS, agent: false });
    outgoing.on('timeout', () => outgoing.destroy(new ResidentLabError('it does not answer')));
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      else reject(error);
    });
    outgoing.on('response', (response) => {
      textOf(response).then((text) => {
        if (response.statusCode === 200) resolve(text);
        else reject(new ResidentLabError(errorIn(text)));
      }, reject);
    });
    outgoing.end(body);
  });
}

async function textOf(message: IncomingMessage): Promise<string> {
  message.setEncoding('utf8');
  let text = '';
  for await (const piece of message) text += piece;
  return text;
}

function errorIn(text: string): string {
  return v.parse(v.object({ error: v.string() }), JSON.parse(text)).error;
}
