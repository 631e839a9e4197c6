/**
 * What answers a message (dns § 3, 4, 6): names that are rewritten, the zones, and others for all other names. An alias of ours is
 * followed, inside or outside; what can't be found out about its target is said about it, with the alias (DQ-4).
 */
import type { Forwarder } from '../forward/upstream.ts';
import type { Peer, Responder } from '../server/responder.ts';
import { type Alias, type Answer, bareAnswer } from '../wire/answer.ts';
import { type Age, answerBehindAlias, answerFromMessage } from '../wire/forwarded.ts';
import { encodeQuery, keepQuery, parseQuery, type Query } from '../wire/query.ts';
import { type Question, RCODE } from '../wire/question.ts';
import { buildResponse, type ResponseOptions } from '../wire/response.ts';
import type { Zone } from '../zone/zone.ts';
import type { AnsweredBy, AnswerObserver } from './dns-metrics.ts';

interface ResponderOptions {
  /** In this order: the first that knows the name. */
  readonly zones: readonly Zone[];
  /** Undefined: nobody else is asked. */
  readonly forwarder: Forwarder | undefined;
  /** From the name that is asked to the one that is looked up. */
  readonly rewrites: ReadonlyMap<string, string>;
  /** The largest UDP message that is sent. */
  readonly udpSize: number;
  readonly observer: AnswerObserver;
}

/** An alias of an alias of an alias: more is a loop, or as bad as one. */
const MOST_ALIASES = 8;

const SERVER_FAILURE = bareAnswer(RCODE.SERVFAIL);
const REFUSED = bareAnswer(RCODE.REFUSED);
const NO_SUCH_NAME = bareAnswer(RCODE.NXDOMAIN);

const NEW: Age = { ageMs: 0, isStale: false };

interface Found {
  readonly answer: Answer;
  readonly by: AnsweredBy;
}

type MaybeLater<T> = T | Promise<T>;

export class DnsResponder implements Responder {
  readonly #options: ResponderOptions;

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  answer(bytes: Uint8Array, peer: Peer): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const startMs = performance.now();
    const query = parseQuery(bytes);
    if (query === undefined) return undefined;
    if (query.settled !== undefined) {
      return this.#respond(query, peer, { answer: query.settled, by: 'protocol' }, startMs);
    }
    const found = this.#find(query, 0);
    if (!(found instanceof Promise)) return this.#respond(query, peer, found, startMs);
    const kept = keepQuery(query);
    return found.then((later) => this.#respond(kept, peer, later, startMs));
  }

  #respond(query: Query, { address, transport }: Peer, { answer, by }: Found, startMs: number): Uint8Array {
    const { udpSize, forwarder, observer } = this.#options;
    const options: ResponseOptions = {
      transport,
      udpSize,
      recursionAvailable: forwarder !== undefined,
      start: answer.rotates ? Math.random() : 0,
    };
    const response = buildResponse(query, answer, options);
    observer.answered({
      isTcp: transport === 'tcp',
      isIPv6: address.includes(':'),
      type: query.question.type,
      dnssec: query.edns?.dnssec === true,
      rcode: answer.rcode,
      by,
      querySize: query.bytes.length,
      responseSize: response.length,
      durationMs: performance.now() - startMs,
    });
    return response;
  }

  #find(query: Query, aliases: number): MaybeLater<Found> {
    const { rewrites } = this.#options;
    const other = rewrites.size === 0 ? undefined : rewrites.get(query.question.name);
    return other === undefined ? this.#lookup(query, aliases) : this.#findRewritten(query, other, aliases);
  }

  #lookup(query: Query, aliases: number): MaybeLater<Found> {
    const { question } = query;
    for (const zone of this.#options.zones) {
      const found = zone.lookup(question);
      if (found === undefined) continue;
      return 'target' in found ? this.#follow(query, found, aliases) : { answer: found, by: 'zone' };
    }
    return this.#forward(query);
  }

  #forward(query: Query): MaybeLater<Found> {
    const { forwarder } = this.#options;
    const { question, edns } = query;
    if (forwarder === undefined) {
      return { answer: isReverse(question) ? NO_SUCH_NAME : REFUSED, by: 'none' };
    }
    const given = forwarder.forward(question, { dnssec: edns?.dnssec === true });
    if (!(given instanceof Promise)) return forwarded(query, given.message, given);
    const kept = keepQuery(query);
    return given.then((later) => {
      if ('message' in later) return forwarded(kept, later.message, later);
      return { answer: later.failure === 'overload' ? REFUSED : SERVER_FAILURE, by: 'forward' };
    });
  }

  /** The alias, and behind it what is said of its target. */
  #follow(query: Query, alias: Alias, aliases: number): MaybeLater<Found> {
    const target = queryFor({ ...query.question, name: alias.target }, query);
    const kept = keepQuery(query);
    const put = (found: Found) => behindAlias(kept, alias, target, found);
    if (target === undefined || aliases >= MOST_ALIASES) {
      return behindAlias(kept, alias, target, { answer: SERVER_FAILURE, by: 'zone' });
    }
    const found = this.#lookup(target, aliases + 1);
    return found instanceof Promise ? found.then(put) : put(found);
  }

  /** As if the other name had been asked; the client sees the one it asked for. */
  #findRewritten(query: Query, name: string, aliases: number): MaybeLater<Found> {
    const other = queryFor({ ...query.question, name }, query);
    if (other === undefined) return { answer: SERVER_FAILURE, by: 'none' };
    const kept = keepQuery(query);
    const found = this.#lookup(other, aliases);
    const put = ({ answer, by }: Found): Found => {
      const again = answerFromMessage(kept, messageOf(other, answer), NEW) ?? SERVER_FAILURE;
      const { authoritative, rotates } = answer;
      return { answer: { ...again, authoritative, rotates }, by };
    };
    return found instanceof Promise ? found.then(put) : put(found);
  }
}

function forwarded(query: Query, message: Uint8Array, age: Age): Found {
  return { answer: answerFromMessage(query, message, age) ?? SERVER_FAILURE, by: 'forward' };
}

function behindAlias(query: Query, alias: Alias, target: Query | undefined, { answer, by }: Found): Found {
  const rcode = answer === REFUSED ? RCODE.SERVFAIL : answer.rcode;
  const bare = { ...bareAnswer(rcode), authoritative: true, answer: alias.cname };
  const whole = target && answerBehindAlias(query, alias, messageOf(target, { ...answer, rcode }));
  return { answer: whole ?? bare, by };
}

/** Of the program's own, for a name that another one leads to; undefined: there can be no such name. */
function queryFor(question: Question, { edns }: Query): Query | undefined {
  const bytes = encodeQuery(question, { id: 0, recursionDesired: true, edns });
  return bytes && parseQuery(bytes);
}

function messageOf(query: Query, answer: Answer): Uint8Array {
  const start = answer.rotates ? Math.random() : 0;
  return buildResponse(query, answer, { transport: 'tcp', udpSize: 512, recursionAvailable: true, start });
}

function isReverse({ name }: Question): boolean {
  return name.endsWith('.in-addr.arpa') || name.endsWith('.ip6.arpa');
}
