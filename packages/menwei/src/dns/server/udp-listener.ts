/** Questions that come as datagrams, on one address. */
import { isMainThread } from 'node:worker_threads';
import { KernelError } from '@menwei/netlink';
import { listenInBatches } from './batch-socket.ts';
import { listenByDatagram } from './datagram-socket.ts';
import type { ServerParts } from './responder.ts';

/** Where the kernel's structs are as the batch socket writes them. */
const MACHINES_OF_64_BITS: readonly string[] = ['arm64', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64'];

/** Listens, or rejects with what the kernel says. Many datagrams a system call, where there are native calls. */
export async function listenUdp(
  place: { readonly address: string; readonly port: number },
  parts: ServerParts,
): Promise<Disposable> {
  if (!isMainThread || !MACHINES_OF_64_BITS.includes(process.arch)) return listenByDatagram(place, parts);
  try {
    return listenInBatches(place, parts);
  } catch (error) {
    if (!(error instanceof KernelError) || error.operation !== 'load') throw error;
    return listenByDatagram(place, parts);
  }
}
