/**
 * Which flows may lead where they must not, after changes to service ports: as few as possible, and with filters for
 * the kernel that find these few.
 *
 * A look at the kernel's table costs a walk over all of it, and a little for every flow that a filter lets through. So
 * few, narrow filters are best; and when many would be needed, a single wide one is cheaper.
 */
import { type ConntrackFilter, formatFilter } from '@menwei/netlink/conntrack';
import type { AppliedPort, Destination } from '../state/service-port.ts';
import { type Entrance, entrancesOf, type Place, usableDestinations } from './frontends.ts';

/**
 * - `any`: the way in is new or gone: nothing is known of its flows;
 * - `former`: its flows lead to present endpoints or to former ones.
 */
type Look = 'any' | 'former';

/** With three filters or fewer a walk for each costs less than reading all flows of a protocol. */
const MAX_FILTERS = 3;

const NO_ENTRANCES: ReadonlyMap<Place, Entrance> = new Map();
const NO_ENDPOINTS: ReadonlyMap<Place, Destination> = new Map();

export class Suspects {
  readonly #looks = new Map<Place, Look>();
  readonly #formerEndpoints = new Set<Place>();
  /** By their text. */
  readonly #filters = new Map<string, ConntrackFilter>();

  get isEmpty(): boolean {
    return this.#filters.size === 0;
  }

  /** Undefined: the flows that come in there are beyond suspicion. */
  lookAt(entrance: Place): Look | undefined {
    return this.#looks.get(entrance);
  }

  /** Whether flows may be left to this endpoint that came in where none leads to it any more. */
  isFormerEndpoint(endpoint: Place): boolean {
    return this.#formerEndpoints.has(endpoint);
  }

  /** What the kernel is to be asked for, one after another; all suspects are in it, and others. */
  filters(): readonly ConntrackFilter[] {
    const filters = [...this.#filters.values()];
    if (filters.length <= MAX_FILTERS) return filters;
    return [...new Set(filters.map(({ protocol }) => protocol))].map((protocol) => ({ protocol }));
  }

  /** A service port came (before: undefined), went (after: undefined) or changed. */
  note(before: AppliedPort | undefined, after: AppliedPort | undefined): void {
    const protocol = (after ?? before)?.protocol;
    if (protocol === undefined) return;
    const [was, is] = [reachOf(before), reachOf(after)];
    // A way in without endpoints says nothing about what was let through before it was there.
    const isWoken = was.endpoints.size === 0 && is.endpoints.size > 0;
    this.#suspectAny(
      protocol,
      select(is.entrances, (entrance) => isWoken || !was.entrances.has(entrance)),
    );
    const gone = select(was.entrances, (entrance) => !is.entrances.has(entrance));
    const lost = select(was.endpoints, (endpoint) => !is.endpoints.has(endpoint));
    this.#suspectFormer(
      protocol,
      lost.size > 0 ? was.entrances : gone,
      gone.size > 0 ? was.endpoints : lost,
      gone,
    );
  }

  /** Takes in the suspects of others. */
  add(others: Suspects): void {
    for (const [entrance, look] of others.#looks) this.#look(entrance, look);
    for (const endpoint of others.#formerEndpoints) this.#formerEndpoints.add(endpoint);
    for (const [text, filter] of others.#filters) this.#filters.set(text, filter);
  }

  #suspectAny(protocol: AppliedPort['protocol'], fresh: ReadonlyMap<Place, Entrance>): void {
    for (const entrance of fresh.keys()) this.#look(entrance, 'any');
    this.#search(destinationFilters(protocol, fresh.values()));
  }

  /** All flows from one of these ways in to one of these endpoints; so either will do to find them. */
  #suspectFormer(
    protocol: AppliedPort['protocol'],
    entrances: ReadonlyMap<Place, Entrance>,
    endpoints: ReadonlyMap<Place, Destination>,
    gone: ReadonlyMap<Place, Entrance>,
  ): void {
    for (const entrance of entrances.keys()) this.#look(entrance, gone.has(entrance) ? 'any' : 'former');
    for (const endpoint of endpoints.keys()) this.#formerEndpoints.add(endpoint);
    const byDestination = destinationFilters(protocol, entrances.values());
    const byReply = replyFilters(protocol, endpoints.values());
    this.#search(byReply.length <= byDestination.length ? byReply : byDestination);
  }

  #look(entrance: Place, look: Look): void {
    if (this.#looks.get(entrance) !== 'any') this.#looks.set(entrance, look);
  }

  #search(filters: readonly ConntrackFilter[]): void {
    for (const filter of filters) this.#filters.set(formatFilter(filter), filter);
  }
}

interface Reach {
  readonly entrances: ReadonlyMap<Place, Entrance>;
  readonly endpoints: ReadonlyMap<Place, Destination>;
}

function reachOf(port: AppliedPort | undefined): Reach {
  if (port === undefined) return { entrances: NO_ENTRANCES, endpoints: NO_ENDPOINTS };
  return { entrances: entrancesOf(port), endpoints: usableDestinations(port) };
}

function select<T>(all: ReadonlyMap<Place, T>, isWanted: (place: Place) => boolean): ReadonlyMap<Place, T> {
  return new Map([...all].filter(([place]) => isWanted(place)));
}

/** One filter for each port number: the address too if there is just one. */
function destinationFilters(
  protocol: AppliedPort['protocol'],
  entrances: Iterable<Entrance>,
): readonly ConntrackFilter[] {
  const byPort = new Map<number, Entrance>();
  for (const entrance of entrances) {
    const { port } = entrance;
    byPort.set(port, byPort.has(port) ? { port } : entrance);
  }
  return Array.from(byPort.values(), (destination) => ({ protocol, destination }));
}

function replyFilters(
  protocol: AppliedPort['protocol'],
  endpoints: Iterable<Destination>,
): readonly ConntrackFilter[] {
  return Array.from(endpoints, ({ ip, port }) => ({ protocol, replySource: { ip, port } }));
}
