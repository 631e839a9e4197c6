/**
 * Which conntrack entries may be stale after changes to service ports: as few as possible, and the filters by which the kernel
 * finds these few.
 *
 * To ask the kernel costs a walk over its whole table, and a little for every entry that a filter lets through. So few,
 * narrow filters are best; and when many would be needed, a single wide one is cheaper.
 */
import { type ConntrackAddress, type ConntrackFilter, formatFilter } from '@menwei/netlink/conntrack';
import type { NodeView } from '../services/node-view.ts';
import type { AppliedPort } from '../state/service-port.ts';
import { type Destinations, lostDestinations, usableDestinations } from './destinations.ts';
import type { EntryKind } from './entry-kind.ts';
import { type AddressKey, type Frontend, frontendsOf } from './frontends.ts';

/**
 * - `any`: the frontend is new or gone: nothing is known of its entries;
 * - `former`: its entries lead to present endpoints or to former ones.
 */
type Check = 'any' | 'former';

/**
 * With so many filters or fewer a walk for each costs less than reading all entries of a protocol. Of those that nobody has
 * answered there are few.
 */
const MAX_FILTERS: Readonly<Record<EntryKind, number>> = { lasting: 3, unreplied: 1, reset: 3 };

const NO_FRONTENDS: ReadonlyMap<AddressKey, Frontend> = new Map();

export class Candidates {
  readonly #kind: EntryKind;
  #hasAll = false;
  readonly #checks = new Map<AddressKey, Check>();
  readonly #formerEndpoints = new Set<AddressKey>();
  /** By their text. */
  readonly #filters = new Map<string, ConntrackFilter>();

  constructor(kind: EntryKind) {
    this.#kind = kind;
  }

  get isEmpty(): boolean {
    return this.#filters.size === 0;
  }

  /**
   * Undefined: no entry of this frontend can be stale.
   *
   * @param isOwned a service port has it now
   */
  checkOf(frontend: AddressKey, isOwned: boolean): Check | undefined {
    return isOwned && this.#hasAll ? 'any' : this.#checks.get(frontend);
  }

  /** Whether entries may lead to this endpoint from a frontend that no longer has it. */
  isFormerEndpoint(endpoint: AddressKey): boolean {
    return this.#formerEndpoints.has(endpoint);
  }

  /** What the kernel is to be asked for, one after another; the answers hold all candidates, and others. */
  filters(): readonly ConntrackFilter[] {
    const filters = [...this.#filters.values()];
    if (filters.length <= MAX_FILTERS[this.#kind]) return filters;
    return [...new Set(filters.map(({ protocol }) => protocol))].map((protocol) =>
      this.#filter({ protocol }),
    );
  }

  /** Nothing is known of the entries of these, which are all there are. */
  noteAll(ports: Iterable<AppliedPort>, node: NodeView): void {
    if (this.#kind === 'unreplied') {
      for (const { protocol } of ports) {
        this.#hasAll = true;
        this.#search([{ protocol }]);
        break;
      }
      return;
    }
    // Most often there are few, and all at one port.
    for (const port of ports) this.note(undefined, port, node);
  }

  /** A service port came (before: undefined), went (after: undefined) or changed. */
  note(before: AppliedPort | undefined, after: AppliedPort | undefined, node: NodeView): void {
    const protocol = (after ?? before)?.protocol;
    if (protocol === undefined) return;
    const lost = lostDestinations(this.#kind, before, after, node);
    if (this.#kind === 'reset') {
      if (after !== undefined && lost.size > 0)
        this.#addFormer(protocol, frontendsOf(after), lost, NO_FRONTENDS);
      return;
    }
    const was = frontendsBehind(before);
    const is = frontendsBehind(after);
    // A client whose SYN was earlier than its Service has been told that there is nobody, or soon will be.
    if (this.#kind === 'lasting' && after !== undefined) {
      const isWoken = this.#isWoken(before, after, node);
      this.#addAny(
        protocol,
        select(is, (frontend) => isWoken || !was.has(frontend)),
      );
    }
    if (before === undefined) return;
    const gone = select(was, (frontend) => !is.has(frontend));
    this.#addFormer(
      protocol,
      lost.size > 0 ? was : gone,
      gone.size > 0 ? usableDestinations(this.#kind, before, node) : lost,
      gone,
    );
  }

  /** A frontend without endpoints says nothing about what was let through before it was there. */
  #isWoken(before: AppliedPort | undefined, after: AppliedPort, node: NodeView): boolean {
    const hasSome = (port: AppliedPort) => usableDestinations(this.#kind, port, node).size > 0;
    return !(before !== undefined && hasSome(before)) && hasSome(after);
  }

  /** Takes in the candidates of others. */
  add(others: Candidates): void {
    for (const [frontend, check] of others.#checks) this.#check(frontend, check);
    for (const endpoint of others.#formerEndpoints) this.#formerEndpoints.add(endpoint);
    for (const [text, filter] of others.#filters) this.#filters.set(text, filter);
    this.#hasAll ||= others.#hasAll;
  }

  #addAny(protocol: AppliedPort['protocol'], fresh: ReadonlyMap<AddressKey, Frontend>): void {
    for (const frontend of fresh.keys()) this.#check(frontend, 'any');
    this.#search(destinationFilters(protocol, fresh.values()));
  }

  /** All entries from one of these frontends to one of these endpoints; so either will do to find them. */
  #addFormer(
    protocol: AppliedPort['protocol'],
    frontends: ReadonlyMap<AddressKey, Frontend>,
    endpoints: Destinations,
    gone: ReadonlyMap<AddressKey, Frontend>,
  ): void {
    for (const frontend of frontends.keys()) this.#check(frontend, gone.has(frontend) ? 'any' : 'former');
    for (const endpoint of endpoints.keys()) this.#formerEndpoints.add(endpoint);
    const byDestination = destinationFilters(protocol, frontends.values());
    const byReply = replyFilters(protocol, endpoints.values());
    this.#search(byReply.length <= byDestination.length ? byReply : byDestination);
  }

  #check(frontend: AddressKey, check: Check): void {
    if (this.#checks.get(frontend) !== 'any') this.#checks.set(frontend, check);
  }

  #search(filters: readonly ConntrackFilter[]): void {
    for (const each of filters) {
      const filter = this.#filter(each);
      this.#filters.set(formatFilter(filter), filter);
    }
  }

  #filter(filter: ConntrackFilter): ConntrackFilter {
    return this.#kind === 'unreplied' ? { ...filter, isUnreplied: true } : filter;
  }
}

function frontendsBehind(port: AppliedPort | undefined): ReadonlyMap<AddressKey, Frontend> {
  return port === undefined ? NO_FRONTENDS : frontendsOf(port);
}

function select<T>(
  all: ReadonlyMap<AddressKey, T>,
  isWanted: (key: AddressKey) => boolean,
): ReadonlyMap<AddressKey, T> {
  return new Map([...all].filter(([key]) => isWanted(key)));
}

/** One filter for each port number: the address too if there is just one. */
function destinationFilters(
  protocol: AppliedPort['protocol'],
  frontends: Iterable<Frontend>,
): readonly ConntrackFilter[] {
  const byPort = new Map<number, Frontend>();
  for (const frontend of frontends) {
    const { port } = frontend;
    byPort.set(port, byPort.has(port) ? { port } : frontend);
  }
  return Array.from(byPort.values(), (destination) => ({ protocol, destination }));
}

function replyFilters(
  protocol: AppliedPort['protocol'],
  endpoints: Iterable<ConntrackAddress>,
): readonly ConntrackFilter[] {
  return Array.from(endpoints, ({ ip, port }) => ({ protocol, replySource: { ip, port } }));
}
