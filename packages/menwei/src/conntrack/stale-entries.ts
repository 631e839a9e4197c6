/**
 * Which conntrack entries are stale: those that lead where the rules would not lead them now (spec § 8, with KQ-10 to KQ-12 mended).
 *
 * Rules decide about the first packet of a connection, and the kernel remembers that for as long as packets come. So what
 * changes later does not reach a client that keeps its source port: it goes on to an endpoint that is gone, or to the
 * virtual address itself if it was earlier than the rules. With D, where its first packet was sent, and R, who answers:
 *
 * - D belongs to a service port: stale unless R is one of its usable endpoints. An entry that was never translated
 *   (R = D) was made before the rules.
 * - D belonged to one and now to nobody: stale if it was translated. What was not never met our rules.
 * - D is a node port: R must be a usable endpoint too; but there are many entries to that port number that have nothing to
 *   do with it (KQ-11). It is ours if it leads to a former endpoint, or if D is an address that accepts node ports.
 *
 * What is not known: where entries led to addresses that no service port has had since this process began. Such entries are
 * left alone, since others may have made them: another proxy (service-proxy-name), or a host port.
 */
import { isLoopback } from '@menwei/addresses/ip.ts';
import { type ConntrackEntry, isSameAddress } from '@menwei/netlink/conntrack';
import type { NodeView } from '../services/node-view.ts';
import type { AppliedPort } from '../state/service-port.ts';
import type { Candidates } from './candidates.ts';
import { usableDestinations } from './destinations.ts';
import type { EntryKind } from './entry-kind.ts';
import { type AddressKey, addressKey, type FrontendIndex, nodePortKey } from './frontends.ts';

interface StaleEntryContext {
  readonly kind: EntryKind;
  readonly node: NodeView;
  readonly candidates: Candidates;
  /** As the kernel has them now. */
  readonly frontends: FrontendIndex;
  /** Whether node ports are reached at this address. */
  readonly acceptsNodePorts: (ip: string) => boolean;
}

/** Those among the candidates that are stale. */
export class StaleEntries {
  readonly #context: StaleEntryContext;
  readonly #usable = new Map<AppliedPort, ReadonlyMap<AddressKey, unknown>>();

  constructor(context: StaleEntryContext) {
    this.#context = context;
  }

  has(entry: ConntrackEntry): boolean {
    const { candidates, frontends } = this.#context;
    const frontend = addressKey(entry.protocol, entry.destination);
    const owner = frontends.ownerOf(frontend);
    const check = candidates.checkOf(frontend, owner !== undefined);
    if (check === undefined) return owner === undefined && this.#isStaleAtNodePort(entry);
    if (owner === undefined) return isTranslated(entry);
    const endpoint = addressKey(entry.protocol, entry.replySource);
    return !this.#isUsable(owner, endpoint) && (check === 'any' || candidates.isFormerEndpoint(endpoint));
  }

  #isStaleAtNodePort(entry: ConntrackEntry): boolean {
    const { candidates, frontends, acceptsNodePorts } = this.#context;
    const { protocol, destination, replySource } = entry;
    const frontend = nodePortKey(protocol, destination.port);
    const owner = frontends.ownerOf(frontend);
    const check = candidates.checkOf(frontend, owner !== undefined);
    if (check === undefined) return false;
    const endpoint = addressKey(protocol, replySource);
    if (owner !== undefined && this.#isUsable(owner, endpoint)) return false;
    if (isTranslated(entry) && candidates.isFormerEndpoint(endpoint)) return true;
    if (owner === undefined || check !== 'any' || !acceptsNodePorts(destination.ip)) return false;
    // Not every mode has node ports on the loopback addresses; where they do, they translate.
    return isTranslated(entry) || !isLoopback(destination.ip);
  }

  #isUsable(owner: AppliedPort, endpoint: AddressKey): boolean {
    const { kind, node } = this.#context;
    const usable = this.#usable.get(owner) ?? usableDestinations(kind, owner, node);
    this.#usable.set(owner, usable);
    return usable.has(endpoint);
  }
}

function isTranslated({ destination, replySource }: ConntrackEntry): boolean {
  return !isSameAddress(destination, replySource);
}
