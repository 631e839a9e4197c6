/**
 * A lab that stays: one process holds it, and others reach it through a socket under the runtime folder. The socket
 * speaks HTTP: `GET /status` tells what there is, `POST /down` ends it.
 */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { join } from 'node:path';
import * as v from 'valibot';
import type { HostProcess } from './host-process.ts';
import type { Lab } from './lab.ts';

const ANSWER_WITHIN_MS = 5_000;

const StatusSchema = v.object({
  pid: v.number(),
  hosts: v.array(
    v.object({
      name: v.string(),
      kind: v.picklist(['node', 'pod', 'client', 'wire']),
      addresses: v.array(v.string()),
      /** Opens the host's network namespace while the lab is up. */
      namespacePath: v.string(),
    }),
  ),
  proxies: v.array(v.object({ node: v.string(), isRunning: v.boolean() })),
});

export type ResidentLabStatus = v.InferOutput<typeof StatusSchema>;

/** Where a resident lab of that name is reached and leaves its log. */
export interface ResidencePaths {
  readonly socket: string;
  readonly log: string;
}

const RUNTIME_FOLDER = '/run/menwei';

/** Creates the runtime folder, which only root may enter. */
export function residencePaths(name: string): ResidencePaths {
  mkdirSync(RUNTIME_FOLDER, { recursive: true });
  chmodSync(RUNTIME_FOLDER, 0o700);
  return { socket: join(RUNTIME_FOLDER, `lab-${name}.sock`), log: join(RUNTIME_FOLDER, `lab-${name}.log`) };
}

/** The status of the lab behind the socket; undefined when there is none. */
export async function findResidentLab(paths: ResidencePaths): Promise<ResidentLabStatus | undefined> {
  const body = await ask(paths.socket, 'GET', '/status');
  return body === undefined ? undefined : v.parse(StatusSchema, JSON.parse(body));
}

/** Asks the lab to end. Resolves when its hosts are gone; its process ends right after. */
export async function endResidentLab(paths: ResidencePaths): Promise<void> {
  await ask(paths.socket, 'POST', '/down');
}

/** Serves the lab on its socket. Calls `onDown` for `POST /down` and answers when that is done. */
export function serveResidentLab(
  paths: ResidencePaths,
  lab: Lab,
  proxies: ReadonlyMap<string, HostProcess>,
  onDown: () => Promise<void>,
): Promise<Server> {
  const server = createServer((incoming, response) => {
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
    };
    if (incoming.method === 'GET' && incoming.url === '/status') answer(200, statusOf(lab, proxies));
    else if (incoming.method === 'POST' && incoming.url === '/down') {
      onDown().then(
        () => answer(200, {}),
        (error: unknown) => answer(500, { error: String(error) }),
      );
    } else answer(404, {});
  });
  // Nobody answered here a moment ago, so what lies there is left over from a lab that was killed.
  rmSync(paths.socket, { force: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(paths.socket, () => resolve(server));
  });
}

function statusOf(lab: Lab, proxies: ReadonlyMap<string, HostProcess>): ResidentLabStatus {
  const nodes = new Set(lab.nodes.map(({ name }) => name));
  const pods = new Set(lab.pods.map(({ name }) => name));
  return {
    pid: process.pid,
    hosts: lab.hosts.map((host) => ({
      name: host.name,
      kind: nodes.has(host.name)
        ? 'node'
        : pods.has(host.name)
          ? 'pod'
          : host.name === 'wire'
            ? 'wire'
            : 'client',
      addresses: [host.ip, host.ip6].filter((ip) => ip !== undefined),
      namespacePath: host.namespace.path,
    })),
    proxies: [...proxies].map(([node, proxy]) => ({ node, isRunning: proxy.isRunning })),
  };
}

/** The body of the answer, or undefined when nobody listens. */
function ask(socketPath: string, method: string, path: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, timeout: ANSWER_WITHIN_MS, agent: false });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${socketPath}: no answer from the lab`)));
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      else reject(error);
    });
    outgoing.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`${socketPath}: the lab answers ${response.statusCode}: ${body.trim()}`));
      });
      response.on('error', reject);
    });
    outgoing.end();
  });
}
