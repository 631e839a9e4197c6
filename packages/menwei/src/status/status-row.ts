/** One service port as `/status` tells of it (docs/status.md), checked when it comes from another process. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import * as v from 'valibot';
import {
  CHECK_RESULTS,
  type CheckResult,
  HEALTH_STATES,
  type HealthState,
} from '../state/endpoint-health.ts';

export interface StatusRow {
  /** `<namespace>/<name>[:<port name>]/<protocol>`; without the protocol when no port of the Service could be used. */
  readonly servicePort: string;
  readonly family: IpFamily;
  readonly state: 'pending' | 'programmed' | 'error';
  /** Since when the state and its reason are the same, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Why, when the state is error. */
  readonly error?: string | undefined;
  /** What keeps a frontend from being used, whatever the state. */
  readonly warning?: string | undefined;
  /** The node that tells this. */
  readonly node?: string | undefined;
  /** The proxy mode. */
  readonly mode?: string | undefined;
  /** Why that one runs: it was set, is the default, was chosen, or stands in for another. */
  readonly modeReason?: string | undefined;
  /** Absent when another Service owns the address, or no port of the Service could be used; so are the other fields. */
  readonly clusterIP?: string | undefined;
  readonly port?: number | undefined;
  /** Absent when there is none. */
  readonly nodePort?: number | undefined;
  /** Load-balancer addresses that nodes serve (ipMode VIP); absent when there is none. */
  readonly loadBalancerIPs?: readonly string[] | undefined;
  /** Of those: for which the node answers pings and refuses other ports; absent when there is none. */
  readonly answeredIPs?: readonly string[] | undefined;
  readonly endpoints?: EndpointCounts | undefined;
  /** What checks have found out; absent when the endpoints are not checked. */
  readonly health?: PortHealthRow | undefined;
}

interface PortHealthRow {
  /** The kind: `http`. */
  readonly check: string;
  /** Too many are down: all are used. */
  readonly panic?: boolean | undefined;
  /** How many endpoints are in each state; what is 0 is missing. */
  readonly states: { readonly [state in HealthState]?: number | undefined };
  /** Those whose checks fail, or failed lately. */
  readonly unhealthy: readonly UnhealthyEndpoint[];
}

interface UnhealthyEndpoint {
  readonly endpoint: string;
  readonly state: HealthState;
  /** Since when; RFC 3339, UTC. */
  readonly since: string;
  /** Of the last check when the state changed. */
  readonly result: CheckResult;
  /** The result in words: `HTTP status 503`. */
  readonly detail?: string | undefined;
  /** The nodes whose checks say so; absent: those of this node. */
  readonly checkers?: readonly string[] | undefined;
}

interface EndpointCounts {
  /** Those this node sends traffic to. */
  readonly used: number;
  /** Those of them that run on this node. */
  readonly local: number;
  /** All that the EndpointSlices name, whatever their condition. */
  readonly total: number;
  /** Of these, those that this node is to send no traffic to, by the reason; what is 0 is missing. */
  readonly unused?: UnusedCounts | undefined;
}

interface UnusedCounts {
  readonly notReady?: number | undefined;
  /** Ready, but down by their health checks. */
  readonly unhealthy?: number | undefined;
  /** Ready, but of weight 0. */
  readonly weight?: number | undefined;
  /** Ready, but not on this node, and all traffic of the service port has traffic policy Local. */
  readonly trafficPolicy?: number | undefined;
  /** Ready, but meant for another zone or node by their hints. */
  readonly hints?: number | undefined;
}

const COUNT = v.pipe(v.number(), v.integer(), v.minValue(0));

const ROW = v.object({
  servicePort: v.string(),
  family: v.picklist(['IPv4', 'IPv6']),
  state: v.picklist(['pending', 'programmed', 'error']),
  sinceMs: v.number(),
  error: v.optional(v.string()),
  warning: v.optional(v.string()),
  node: v.optional(v.string()),
  mode: v.optional(v.string()),
  modeReason: v.optional(v.string()),
  clusterIP: v.optional(v.string()),
  port: v.optional(COUNT),
  nodePort: v.optional(COUNT),
  loadBalancerIPs: v.optional(v.array(v.string())),
  answeredIPs: v.optional(v.array(v.string())),
  endpoints: v.optional(
    v.object({
      ...{ used: COUNT, local: COUNT, total: COUNT },
      unused: v.optional(
        v.object({
          notReady: v.optional(COUNT),
          unhealthy: v.optional(COUNT),
          weight: v.optional(COUNT),
          trafficPolicy: v.optional(COUNT),
          hints: v.optional(COUNT),
        }),
      ),
    }),
  ),
  health: v.optional(
    v.object({
      check: v.string(),
      panic: v.optional(v.boolean()),
      states: v.partial(
        v.object({ unknown: COUNT, up: COUNT, failing: COUNT, down: COUNT, recovering: COUNT }),
      ),
      unhealthy: v.array(
        v.object({
          endpoint: v.string(),
          state: v.picklist(HEALTH_STATES),
          since: v.string(),
          result: v.picklist(CHECK_RESULTS),
          detail: v.optional(v.string()),
          checkers: v.optional(v.array(v.string())),
        }),
      ),
    }),
  ),
});

const ROWS = v.array(ROW);

/** A service port that is gone. */
export interface DeletedRow extends Pick<StatusRow, 'servicePort' | 'family'> {
  readonly state: 'deleted';
}

/** After all that there was when it was asked. */
interface ListedLine {
  readonly listed: true;
}

const LINE = v.union([
  ROW,
  v.object({
    servicePort: v.string(),
    family: v.picklist(['IPv4', 'IPv6']),
    state: v.literal('deleted'),
  }),
  v.object({ listed: v.literal(true) }),
]);

/** @returns undefined when the text is not what `/status` gives. */
export function parseStatus(text: string): readonly StatusRow[] | undefined {
  return parse(ROWS, text);
}

/** @returns undefined when the text is not a line of `/status?watch`. */
export function parseStatusLine(text: string): StatusRow | DeletedRow | ListedLine | undefined {
  return parse(LINE, text);
}

/** @param text what `/components` gives */
export function isSourceRunning(text: string): boolean {
  return componentsIn(text).some(({ name, state }) => name === 'source' && state === 'running');
}

/**
 * Whether all objects are read, and every family has made its first sync with them.
 *
 * @param text what `/components` gives
 */
export function isSynced(text: string): boolean {
  const proxies = componentsIn(text).filter(({ name }) => name.startsWith('proxy-'));
  return isSourceRunning(text) && proxies.length > 0 && proxies.every(({ state }) => state === 'running');
}

const COMPONENTS = v.array(v.object({ name: v.string(), state: v.string() }));

function componentsIn(text: string): v.InferOutput<typeof COMPONENTS> {
  return parse(COMPONENTS, text) ?? [];
}

function parse<Schema extends v.GenericSchema>(
  schema: Schema,
  text: string,
): v.InferOutput<Schema> | undefined {
  try {
    const parsed = v.safeParse(schema, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** What a row is about: one service port in one IP family. */
export function rowKey({ servicePort, family }: Pick<StatusRow, 'servicePort' | 'family'>): string {
  return `${family} ${servicePort}`;
}
