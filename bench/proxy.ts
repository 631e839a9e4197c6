/** The proxy's own classes, put together for a benchmark: IPv4, on the node of {@link NODE_VIEW}. */

import type { ToolRunner } from '@menwei/kernel/tool-runner.ts';
import { decodeSequences, KernelError, NetlinkConnection } from '@menwei/netlink';
import type { AnyBackend } from 'menwei/backends/backend.ts';
import { findMode } from 'menwei/backends/modes.ts';
import { type Logger, silentLogger } from 'menwei/log/logger.ts';
import { FamilyProxy } from 'menwei/proxy/family-proxy.ts';
import type { Relays } from 'menwei/relay/contract.ts';
import type { RelayPool } from 'menwei/relay/pool.ts';
import { openRelays } from 'menwei/setup/relays.ts';
import { readSettings } from 'menwei/setup/settings-input.ts';
import { State } from 'menwei/state/state.ts';
import { NODE_VIEW } from './objects.ts';

/** A proxy goes on without a service port that it can't program, and would then be measured doing less. */
const strictLogger: Logger = { ...silentLogger, warn: refuse, error: refuse };

function refuse(fields: object, message: string): never {
  throw new Error(`the proxy says: ${message}`, { cause: 'err' in fields ? fields.err : fields });
}

export type BenchProxy = FamilyProxy<unknown, unknown, unknown>;

/** Programs the network namespace of the calling thread. Throws what the user has to hear about the mode. */
export async function startBackend(
  mode: string,
  runner: ToolRunner,
  relays: Relays | undefined,
  signal: AbortSignal,
): Promise<AnyBackend> {
  const { settings } = await readSettings({ 'proxy-mode': mode });
  const localAddresses = () => NODE_VIEW.localAddresses;
  const surroundings = { runner, relays, logger: strictLogger, localAddresses };
  const backend = await findMode(settings.mode).start(settings, 'IPv4', surroundings, signal);
  if (backend instanceof KernelError) throw backend;
  return backend;
}

/** For a mode that forwards by itself. */
export async function openBenchRelays(mode: string): Promise<RelayPool | undefined> {
  const { settings } = await readSettings({ 'proxy-mode': mode });
  return settings.mode === 'userspace' ? openRelays(settings.userspace, silentLogger) : undefined;
}

export function createProxy(backend: AnyBackend): BenchProxy {
  return new FamilyProxy({
    backend,
    state: new State(NODE_VIEW.name),
    startedAtMs: 0,
    nodeView: () => NODE_VIEW,
    logger: strictLogger,
  });
}

/** What a backend has sent to the kernel since it was started. */
export interface Sent {
  readonly messages: number;
  readonly bytes: number;
}

/** All batches of changes of this process; what is asked, and the making of a set or an interface, is not among them. */
const exchanged = { messages: 0, bytes: 0 };
const { exchange } = NetlinkConnection.prototype;
NetlinkConnection.prototype.exchange = function (datagram) {
  const { first, last } = decodeSequences(datagram);
  exchanged.messages += last - first + 1;
  exchanged.bytes += datagram.length;
  return exchange.call(this, datagram);
};

/** What the mode counts itself, or else all there was; undefined for a mode that does not speak to the kernel itself. */
export function sentBy(backend: AnyBackend): Sent | undefined {
  if (backend.mode === 'iptables') return undefined;
  if (!('sent' in backend) || typeof backend.sent !== 'object' || backend.sent === null)
    return { ...exchanged };
  const { sent } = backend;
  if (!('messages' in sent && typeof sent.messages === 'number')) return undefined;
  if (!('bytes' in sent && typeof sent.bytes === 'number')) return undefined;
  return { messages: sent.messages, bytes: sent.bytes };
}
