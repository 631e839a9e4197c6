/**
 * The names of a cluster (dns §§ 1-3), answered from the objects. An answer that was made once is kept until one of the objects
 * changes that it is made from, and not a moment longer: changes are taken in before every look.
 */
import { familyOf, type IpFamily } from '@menwei/addresses/ip.ts';
import type { Service } from '../../kubernetes/objects.ts';
import { type ObjectKey, objectKey, parseObjectKey } from '../../state/object-key.ts';
import { type Alias, type Answer, bareAnswer, NO_RECORDS } from '../wire/answer.ts';
import { isWithin } from '../wire/name.ts';
import { type Question, RCODE, TYPE } from '../wire/question.ts';
import {
  ASKED,
  encodeRecords,
  offsetOfSuffix,
  type RecordName,
  type ResourceRecord,
} from '../wire/records.ts';
import {
  EMPTY,
  type Holding,
  hostHolding,
  hostLabel,
  parseAddressLabel,
  portHolding,
  protocolHolding,
  type Server,
  serviceHolding,
} from './holding.ts';
import { NamesIndex, type NameTables } from './names-index.ts';
import { parseReverseName } from './reverse-name.ts';
import { Soa } from './soa.ts';
import type { Zone } from './zone.ts';
import type { ClusterZoneOptions } from './zone-options.ts';

/** Version of the DNS specification of Kubernetes. */
const DNS_VERSION = '1.1.0';
const VERSION_TTL_SECONDS = 28_800;
const DNS_PORT = 53;

/** Kept at a time; what is asked for beyond is made anew. */
const MOST_KEPT = 50_000;

type Kept = Map<number, Answer | Alias>;

export class ClusterZone implements Zone {
  readonly #options: ClusterZoneOptions;
  readonly #index: NamesIndex;
  readonly #nowSeconds: () => number;
  readonly #soa: Soa;
  /** By the name of the question. */
  readonly #kept = new Map<string, Kept>();
  /** Which names are kept of what Service, the first under its key. */
  readonly #keptOf = new Map<ObjectKey, Set<string>>();

  /** @param nowSeconds since the epoch */
  constructor(tables: NameTables, options: ClusterZoneOptions, nowSeconds: () => number) {
    this.#options = options;
    this.#index = new NamesIndex(tables);
    this.#nowSeconds = nowSeconds;
    this.#soa = new Soa(options);
    this.#soa.serial = nowSeconds();
  }

  lookup({ name, type }: Question): Answer | Alias | undefined {
    this.#update();
    const known = this.#kept.get(name)?.get(type);
    if (known !== undefined) return known;
    const { domain } = this.#options;
    const zoneStart = name.length - domain.length;
    const asked = { name, type, zoneStart, serviceStart: zoneStart };
    if (name === domain) return this.#apex(asked);
    if (isWithin(name, domain)) return this.#lookupInside(asked);
    return this.#lookupReverse(name, type);
  }

  close(): void {
    this.#index.close();
  }

  #update(): void {
    const concerned = this.#index.takeConcerned();
    if (concerned === undefined) return;
    this.#soa.serial = this.#nowSeconds();
    for (const service of concerned) this.#forget(service);
  }

  #forget(service: ObjectKey): void {
    for (const name of this.#keptOf.get(service) ?? []) this.#kept.delete(name);
    this.#keptOf.delete(service);
  }

  #keep(service: ObjectKey, { name, type }: Asked, answer: Answer | Alias): void {
    if (this.#kept.size >= MOST_KEPT) {
      this.#kept.clear();
      this.#keptOf.clear();
    }
    const kept = this.#kept.get(name) ?? new Map();
    this.#kept.set(name, kept.set(type, answer));
    const names = this.#keptOf.get(service) ?? new Set();
    this.#keptOf.set(service, names.add(name));
  }

  #apex(asked: Asked): Answer | Alias {
    if (asked.type === TYPE.SOA) return { ...FOUND, answer: this.#soa.records(ASKED) };
    if (asked.type === TYPE.NS) return this.#nameServers();
    return this.#answerOf(asked, EMPTY);
  }

  /** The Services that lead here, where there are any. */
  #nameServers(): Answer {
    const { domain, ownAddresses, ttlSeconds } = this.#options;
    const own = this.#ownServices().map((key) => [this.#nameOf(key), this.#addressesOf(key)] as const);
    const servers = own.length > 0 ? own : [[`ns.dns.${domain}`, ownAddresses] as const];
    const nameOf = (server: string) => ({ labels: server.slice(0, -domain.length - 1), at: ASKED.at });
    const answer = servers.map(
      ([server]): ResourceRecord => ({
        name: ASKED,
        ttlSeconds,
        data: { type: 'NS', target: nameOf(server) },
      }),
    );
    const glue = servers.flatMap(([server, ips]) => addressRecords(nameOf(server), ips, ttlSeconds));
    return { ...FOUND, answer: encodeRecords(answer), additional: encodeRecords(glue) };
  }

  /** An address of this machine may be that of other servers, too: only what is reached at port 53 is a name server. */
  #ownServices(): readonly ObjectKey[] {
    const keys = this.#options.ownAddresses.flatMap((ip) => [
      ...this.#index.servicesAt(ip),
      ...this.#index.servicesBehind(ip),
    ]);
    return [...new Set(keys)].filter((key) => {
      const service = this.#index.service(key);
      return service?.type !== 'ExternalName' && service?.ports.some(({ port }) => port === DNS_PORT);
    });
  }

  #addressesOf(key: ObjectKey): readonly string[] {
    const service = this.#index.service(key);
    return (service && this.#serviceHolding(service, []))?.addresses ?? [];
  }

  #nameOf(service: ObjectKey): string {
    const { namespace, name } = parseObjectKey(service);
    return `${name}.${namespace}.svc.${this.#options.domain}`;
  }

  #lookupInside(asked: Asked): Answer | Alias {
    const { name, type, zoneStart } = asked;
    const labels = name
      .slice(0, zoneStart - 1)
      .split('.')
      .reverse();
    const [kind, namespace = '', service, ...more] = labels;
    if (kind === 'svc' && service !== undefined) {
      return this.#lookupService(asked, objectKey(namespace, service), more);
    }
    if (name === `dns-version.${this.#options.domain}` && type === TYPE.TXT) return VERSION;
    return this.#answerOf(asked, this.#fixedHolding(labels));
  }

  /** Of names that are no Service's. */
  #fixedHolding([kind, second, third, ...more]: readonly string[]): Holding | undefined {
    if (more.length > 0) return undefined;
    if (kind === 'dns-version') return second === undefined ? EMPTY : undefined;
    if (kind === 'dns') return this.#nameServerHolding(second, third);
    if (kind !== 'svc' && kind !== 'pod') return undefined;
    if (second === undefined) return EMPTY;
    if (!this.#index.hasNamespace(second)) return undefined;
    return third === undefined ? EMPTY : this.#podHolding(second, third);
  }

  #nameServerHolding(host: string | undefined, more: string | undefined): Holding | undefined {
    if (host === undefined) return EMPTY;
    if (host !== 'ns' || more !== undefined) return undefined;
    return { ...EMPTY, addresses: this.#options.ownAddresses };
  }

  #podHolding(namespace: string, label: string): Holding | undefined {
    const { pods } = this.#options;
    const ip = pods === 'disabled' ? undefined : parseAddressLabel(label);
    if (ip === undefined) return undefined;
    const isThere =
      pods === 'insecure' ||
      this.#index.servicesBehind(ip).some((key) => parseObjectKey(key).namespace === namespace);
    return isThere ? { ...EMPTY, addresses: [ip] } : undefined;
  }

  #lookupService(asked: Asked, key: ObjectKey, more: readonly string[]): Answer | Alias {
    const service = this.#index.service(key);
    const holding = service && this.#serviceHolding(service, more);
    const serviceStart = asked.name.length - this.#nameOf(key).length;
    const answer = this.#answerOf({ ...asked, serviceStart }, holding);
    // Names that are not there are without number.
    if (holding !== undefined) this.#keep(key, asked, answer);
    return answer;
  }

  #serviceHolding(service: Service, [first, second, ...more]: readonly string[]): Holding | undefined {
    const { endpointPodNames } = this.#options;
    if (more.length > 0) return undefined;
    if (first === undefined) return serviceHolding(this.#index, service, endpointPodNames);
    if (second === undefined) {
      return first.startsWith('_')
        ? protocolHolding(this.#index, service, first.slice(1))
        : hostHolding(this.#index, service, first, endpointPodNames);
    }
    if (!first.startsWith('_') || !second.startsWith('_')) return undefined;
    const port = { protocol: first.slice(1), port: second.slice(1) };
    return portHolding(this.#index, service, port, endpointPodNames);
  }

  /** Falls through to others where nobody here has the address. */
  #lookupReverse(name: string, type: number): Answer | undefined {
    const reverse = parseReverseName(name);
    const targets = reverse === undefined ? [] : this.#namesAt(reverse.ip);
    if (reverse === undefined || targets.length === 0) return undefined;
    if (type !== TYPE.PTR) return this.#soa.negative(RCODE.NOERROR, name, reverse.zoneStart);
    const { ttlSeconds } = this.#options;
    const records = targets.map(
      (target): ResourceRecord => ({ name: ASKED, ttlSeconds, data: { type: 'PTR', target } }),
    );
    return { ...FOUND, answer: encodeRecords(records) };
  }

  #namesAt(ip: string): readonly string[] {
    const owner = this.#ownerOf(ip);
    if (owner !== undefined) return [this.#nameOf(owner)];
    return this.#index.servicesBehind(ip).flatMap((key) => this.#endpointNames(key, ip));
  }

  /** Of two Services that claim one address the older one has it, as everywhere. */
  #ownerOf(clusterIP: string): ObjectKey | undefined {
    // Without a time of its own a Service is younger than any that has one.
    const bornMs = (key: ObjectKey) => this.#index.service(key)?.createdAtMs || Number.MAX_VALUE;
    const [owner] = this.#index.servicesAt(clusterIP).toSorted((a, b) => bornMs(a) - bornMs(b));
    return owner;
  }

  /** One, unless slices of the Service call the endpoint by different names. */
  #endpointNames(key: ObjectKey, ip: string): readonly string[] {
    const { endpointPodNames } = this.#options;
    const service = this.#index.service(key);
    if (service === undefined || service.type === 'ExternalName') return [];
    const labels = this.#index
      .endpointsOf(key)
      .filter(({ ready }) => ready.includes(ip))
      .map(({ hosts }) => hostLabel(ip, hosts.get(ip), endpointPodNames));
    return [...new Set(labels)].map((label) => `${label}.${this.#nameOf(key)}`);
  }

  #answerOf(asked: Asked, holding: Holding | undefined): Answer | Alias {
    const { name, type, zoneStart } = asked;
    if (holding === undefined) {
      const rcode = this.#index.isSynced ? RCODE.NXDOMAIN : RCODE.SERVFAIL;
      return this.#soa.negative(rcode, name, zoneStart);
    }
    const { ttlSeconds } = this.#options;
    if (holding.alias !== '' && type !== TYPE.SRV) return aliasOf(type, holding.alias, ttlSeconds);
    const answer = encodeRecords(recordsOf(asked, holding, ttlSeconds));
    if (answer.offsets.length === 1) return this.#soa.negative(RCODE.NOERROR, name, zoneStart);
    const additional =
      type === TYPE.SRV ? encodeRecords(glueOf(asked, holding.servers(), ttlSeconds)) : NO_RECORDS;
    return { ...FOUND, answer, additional, rotates: answer.offsets.length > 2 };
  }
}

interface Asked {
  readonly name: string;
  readonly type: number;
  /** Where in the name the cluster's domain begins. */
  readonly zoneStart: number;
  /** Where the name of the Service begins, if there is one. */
  readonly serviceStart: number;
}

const FOUND: Answer = { ...bareAnswer(RCODE.NOERROR), authoritative: true };

const VERSION: Answer = {
  ...FOUND,
  answer: encodeRecords([
    { name: ASKED, ttlSeconds: VERSION_TTL_SECONDS, data: { type: 'TXT', text: DNS_VERSION } },
  ]),
};

/** The alias itself is all that a question of another type than an address gets. */
function aliasOf(type: number, target: string, ttlSeconds: number): Answer | Alias {
  const cname = encodeRecords([{ name: ASKED, ttlSeconds, data: { type: 'CNAME', target } }]);
  return type === TYPE.A || type === TYPE.AAAA ? { target, cname } : { ...FOUND, answer: cname };
}

function recordsOf(
  { name, type, serviceStart }: Asked,
  { addresses, servers }: Holding,
  ttlSeconds: number,
): readonly ResourceRecord[] {
  if (type === TYPE.A) return addressRecords(ASKED, ofFamily(addresses, 'IPv4'), ttlSeconds);
  if (type === TYPE.AAAA) return addressRecords(ASKED, ofFamily(addresses, 'IPv6'), ttlSeconds);
  if (type !== TYPE.SRV) return [];
  return servers().map(({ host, port, weight }) => {
    const target = `${host === '' ? '' : `${host}.`}${name.slice(serviceStart)}`;
    return { name: ASKED, ttlSeconds, data: { type: 'SRV', priority: 0, weight, port, target } };
  });
}

/** The addresses of all targets, each once. */
function glueOf(
  { name, serviceStart }: Asked,
  servers: readonly Server[],
  ttlSeconds: number,
): readonly ResourceRecord[] {
  const at = offsetOfSuffix(name, serviceStart);
  const hosts = new Map(servers.map((server) => [server.host, server.addresses]));
  return [...hosts].flatMap(([host, addresses]) =>
    addressRecords(host === '' ? { at } : { labels: host, at }, addresses, ttlSeconds),
  );
}

function addressRecords(
  name: RecordName,
  addresses: readonly string[],
  ttlSeconds: number,
): readonly ResourceRecord[] {
  return addresses.map((address) => {
    const type = familyOf(address) === 'IPv4' ? 'A' : 'AAAA';
    return { name, ttlSeconds, data: { type, address } };
  });
}

function ofFamily(addresses: readonly string[], family: IpFamily): readonly string[] {
  return addresses.filter((address) => familyOf(address) === family);
}
