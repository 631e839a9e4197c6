/** What is no object: health, version, discovery, metrics (cluster § 5.2, 5.3). */
import { createHash } from 'node:crypto';
import { parseAccept } from '../../http/accept.ts';
import { NOT_FOUND, PLAIN_TEXT } from '../../http/answer.ts';
import { sendCacheable } from './cacheable.ts';
import {
  aggregatedDiscovery,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  NAMED_GROUPS,
} from './discovery.ts';
import type { Exchange } from './exchange.ts';
import { type HealthCheck, PING, reportHealth } from './health-checks.ts';
import { answerOpenApi } from './openapi.ts';
import { methodNotAllowed } from './target.ts';

interface BuildInfo {
  readonly major: string;
  readonly minor: string;
  /** `v1.36.2+menwei.0.1.0` */
  readonly version: string;
  /** `linux/amd64` */
  readonly platform: string;
}

export interface PathOptions {
  readonly build: BuildInfo;
  /** What must be well before the server is ready. */
  readonly checks: readonly HealthCheck[];
  /** What clients are told of where the server is: `192.0.2.10:6443`. */
  readonly serverAddress: () => string;
  /** Answers a scrape of `/metrics`. */
  readonly scrape: (exchange: Exchange) => void;
}

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** @throws StatusError 405 */
export function answerPath(path: string, verb: string, exchange: Exchange, options: PathOptions): void {
  if (verb !== 'get' && verb !== 'head') throw methodNotAllowed();
  const clean = path.length > 1 ? path.replace(/\/+$/, '') : path;
  const [, first = '', second = ''] = clean.split('/');
  if (PROBES.includes(first)) answerHealth(first, second, exchange, options.checks);
  else if (clean === '/') sendJson(exchange, { paths: PATHS });
  else if (clean === '/version') sendJson(exchange, versionOf(options.build));
  else if (clean === '/metrics') options.scrape(exchange);
  else if (clean === '/api') answerDiscovery(exchange, [''], apiVersions(options.serverAddress()));
  else if (clean === '/apis') answerDiscovery(exchange, NAMED_GROUPS, apiGroupList());
  else if (first !== 'openapi' || !answerOpenApi(clean, exchange)) answerLegacy(clean, exchange);
}

const PROBES: readonly string[] = ['healthz', 'livez', 'readyz'];

function answerLegacy(path: string, exchange: Exchange): void {
  const document = legacyDiscovery(path);
  if (document === undefined) exchange.reply.send(404, PLAIN_TEXT, NOT_FOUND);
  else sendJson(exchange, document);
}

function legacyDiscovery(path: string): object | undefined {
  if (path === '/api/v1') return apiResourceList('', 'v1');
  const [, apis, group = '', version, ...more] = path.split('/');
  if (apis !== 'apis' || group === '' || more.length > 0) return undefined;
  if (version === undefined) return apiGroup(group);
  return apiResourceList(group, version);
}

function answerHealth(
  probe: string,
  name: string,
  { reply, query }: Exchange,
  readiness: readonly HealthCheck[],
): void {
  const all = [PING, ...(probe === 'readyz' ? readiness : [])];
  const checks = name === '' ? all : all.filter((check) => check.name === name);
  if (checks.length === 0) {
    reply.send(404, PLAIN_TEXT, NOT_FOUND);
    return;
  }
  const { status, text } = reportHealth(probe, checks, query);
  reply.send(status, PLAIN_TEXT, text, { 'X-Content-Type-Options': 'nosniff' });
}

/** All in one document for who asks for that; clients may cache it, since it is the same most of the time. */
function answerDiscovery(exchange: Exchange, groups: readonly string[], legacy: object): void {
  if (!wantsAggregated(exchange.request.headers.accept)) {
    sendJson(exchange, legacy);
    return;
  }
  const body = JSON.stringify(aggregatedDiscovery(groups));
  const etag = createHash('sha512').update(body).digest('hex').toUpperCase();
  sendCacheable(exchange, {
    contentType: AGGREGATED,
    body,
    etag,
    headers: { Vary: 'Accept', 'Cache-Control': 'public' },
  });
}

function wantsAggregated(accept: string | undefined): boolean {
  for (const { range, parameters } of parseAccept(accept ?? '')) {
    const [group, version, kind] = ['g', 'v', 'as'].map((name) => parameters.get(name));
    if (kind === undefined) return false;
    const isIt = group === 'apidiscovery.k8s.io' && version === 'v2' && kind === 'APIGroupDiscoveryList';
    if (range === 'application/json' && isIt) return true;
  }
  return false;
}

function sendJson({ reply, query }: Exchange, document: object): void {
  const indent = query.get('pretty') === 'true' ? 2 : undefined;
  reply.send(200, 'application/json', JSON.stringify(document, undefined, indent));
}

function versionOf({ major, minor, version, platform }: BuildInfo): object {
  return {
    major,
    minor,
    emulationMajor: major,
    emulationMinor: minor,
    minCompatibilityMajor: major,
    minCompatibilityMinor: String(Number(minor) - 1),
    gitVersion: version,
    gitCommit: '',
    gitTreeState: '',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: 'node24',
    compiler: 'node',
    platform,
  };
}

const PATHS: readonly string[] = [
  '/api',
  '/api/v1',
  '/apis',
  ...NAMED_GROUPS.flatMap((group) => [`/apis/${group}`, `/apis/${group}/v1`]),
  '/healthz',
  '/livez',
  '/metrics',
  '/openapi/v2',
  '/openapi/v3',
  '/readyz',
  '/version',
];
