/**
 * Which flows are stale: those that lead where the rules would not lead them now (spec § 8, with KQ-10 to KQ-12 mended).
 *
 * Rules decide about the first packet of a flow, and the kernel remembers that for as long as packets come. So what
 * changes later does not reach a client that keeps its source port: it goes on to an endpoint that is gone, or to the
 * virtual address itself if it was earlier than the rules. With D, where its first packet was sent, and R, who answers:
 *
 * - D belongs to a service port: stale unless R is one of its usable endpoints. A flow that was never translated
 *   (R = D) was made before the rules.
 * - D belonged to one and now to nobody: stale if it was translated. What was not never met our rules.
 * - D is a node port: R must be a usable endpoint too; but there are many flows to that port number that have nothing to
 *   do with it (KQ-11). It is ours if it leads to a former endpoint, or if D is an address that accepts node ports.
 *
 * What is not known: where flows led to addresses that no service port has had since this process began. Such flows are
 * left alone, since others may have made them: another proxy (service-proxy-name), or a host port.
 */
import { isLoopback } from '@menwei/addresses/ip.ts';
import { type ConntrackEntry, isSameAddress } from '@menwei/netlink/conntrack';
import type { AppliedPort } from '../state/service-port.ts';
import { type FrontendIndex, nodePortPlace, type Place, placeOf, usableDestinations } from './frontends.ts';
import type { Suspects } from './suspects.ts';

interface StaleFlowContext {
  readonly suspects: Suspects;
  /** As the kernel has them now. */
  readonly frontends: FrontendIndex;
  /** Whether node ports are reached at this address. */
  readonly acceptsNodePorts: (ip: string) => boolean;
}

/** Those among the suspects that are stale. */
export class StaleFlows {
  readonly #context: StaleFlowContext;
  readonly #usable = new Map<AppliedPort, ReadonlyMap<Place, unknown>>();

  constructor(context: StaleFlowContext) {
    this.#context = context;
  }

  has(flow: ConntrackEntry): boolean {
    const { suspects, frontends } = this.#context;
    const entrance = placeOf(flow.protocol, flow.destination);
    const owner = frontends.ownerOf(entrance);
    const look = suspects.lookAt(entrance);
    if (look === undefined) return owner === undefined && this.#isStaleAtNodePort(flow);
    if (owner === undefined) return isTranslated(flow);
    const endpoint = placeOf(flow.protocol, flow.replySource);
    return !this.#isUsable(owner, endpoint) && (look === 'any' || suspects.isFormerEndpoint(endpoint));
  }

  #isStaleAtNodePort(flow: ConntrackEntry): boolean {
    const { suspects, frontends, acceptsNodePorts } = this.#context;
    const { protocol, destination, replySource } = flow;
    const entrance = nodePortPlace(protocol, destination.port);
    const look = suspects.lookAt(entrance);
    if (look === undefined) return false;
    const owner = frontends.ownerOf(entrance);
    const endpoint = placeOf(protocol, replySource);
    if (owner !== undefined && this.#isUsable(owner, endpoint)) return false;
    if (isTranslated(flow) && suspects.isFormerEndpoint(endpoint)) return true;
    if (owner === undefined || look !== 'any' || !acceptsNodePorts(destination.ip)) return false;
    // Not every mode has node ports on the loopback addresses; where they do, they translate.
    return isTranslated(flow) || !isLoopback(destination.ip);
  }

  #isUsable(owner: AppliedPort, endpoint: Place): boolean {
    const usable = this.#usable.get(owner) ?? usableDestinations(owner);
    this.#usable.set(owner, usable);
    return usable.has(endpoint);
  }
}

function isTranslated({ destination, replySource }: ConntrackEntry): boolean {
  return !isSameAddress(destination, replySource);
}
