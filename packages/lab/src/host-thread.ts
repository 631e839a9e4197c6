/**
 * The thread of one host. A thread, because a socket belongs to the network namespace of the thread that creates it,
 * and Node creates sockets whenever it sees fit: only a thread that never leaves the namespace is safe.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { hasSctp } from '@menwei/kernel/features.ts';
import { enterNamespace } from '@menwei/kernel/netns.ts';
import { sendToApi } from './api-request.ts';
import { AvailabilityWatch } from './availability.ts';
import { type EchoServer, startEchoServer } from './echo-server.ts';
import type { HostOperations, HostRequest, HostThreadData } from './host-operations.ts';
import { EchoConnection } from './long-lived.ts';
import { getHttp, requestHttp, requestUdp } from './request.ts';
import { IPPROTO_SCTP, requestStream, serveStream } from './sctp.ts';
import { requestSeries } from './series.ts';

const { namespaceFd }: HostThreadData = workerData;
enterNamespace({ fd: namespaceFd });

const servers = new Map<string, readonly EchoServer[]>();
const connections = new Map<number, EchoConnection>();
const watches = new Map<number, AvailabilityWatch>();

function connectionOf(number: number): EchoConnection {
  const connection = connections.get(number);
  if (connection === undefined) throw new Error(`BUG: there is no connection ${number}`);
  return connection;
}

function endWatch(number: number): AvailabilityWatch {
  const watch = watches.get(number);
  if (watch === undefined) throw new Error(`BUG: nothing is watched under ${number}`);
  watches.delete(number);
  return watch;
}

const operations: HostOperations = {
  serve: async (identity, ports, addresses) => {
    const sctp = hasSctp()
      ? ports.flatMap((port) =>
          (addresses ?? ['::']).map((ip) => serveStream(identity, { ip, port }, IPPROTO_SCTP)),
        )
      : [];
    servers.set(identity.pod, [await startEchoServer(identity, ports, addresses), ...sctp]);
  },
  stopServing: async (pod) => {
    for (const server of servers.get(pod) ?? []) await server.close();
    servers.delete(pod);
  },
  http: requestHttp,
  get: getHttp,
  api: sendToApi,
  udp: requestUdp,
  sctp: (target, options) => requestStream(target, options),
  requests: requestSeries,
  open: async (number, target, options) => {
    const { connection, outcome } = await EchoConnection.open(target, options);
    if (connection !== undefined) connections.set(number, connection);
    return outcome;
  },
  echo: (number, text, timeoutMs) => connectionOf(number).echo(text, timeoutMs),
  connectionStatus: async (number) => connectionOf(number).status,
  closeConnection: async (number) => {
    await connectionOf(number).close();
    connections.delete(number);
  },
  watchAvailability: async (number, target, options) => {
    watches.set(number, new AvailabilityWatch(target, options));
  },
  stopWatching: (number) => endWatch(number).stop(),
};

function perform(request: HostRequest): Promise<unknown> {
  // The compiler cannot follow that `input` belongs to `operation`, though every request is built so.
  const operation: (...input: never) => Promise<unknown> = operations[request.operation];
  return Reflect.apply(operation, undefined, request.input);
}

parentPort?.on('message', (request: HostRequest) => {
  const { reply } = request;
  perform(request).then(
    (result) => reply.postMessage({ result }),
    (error: unknown) => reply.postMessage({ thrown: error instanceof Error ? error.message : String(error) }),
  );
});
