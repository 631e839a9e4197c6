/** What checks have found out about an endpoint of a service port (health § 3). One that nobody checks has no row. */
import type { ServicePortKey } from './service-port.ts';

/** `down` and `recovering` are not used, all others are. */
export const HEALTH_STATES = ['unknown', 'up', 'failing', 'down', 'recovering'] as const;
export type HealthState = (typeof HEALTH_STATES)[number];

export const CHECK_RESULTS = ['ok', 'refused', 'timeout', 'reset', 'wrong-answer', 'local-error'] as const;
export type CheckResult = (typeof CHECK_RESULTS)[number];

export interface EndpointHealth {
  readonly port: ServicePortKey;
  /** `Endpoint.text` */
  readonly endpoint: string;
  readonly state: HealthState;
  /** Since when in this state; milliseconds since the epoch. */
  readonly sinceMs: number;
  /** The last check that counted, when the row was written: a row is written when the state changes. */
  readonly result: CheckResult;
  /** In words: `HTTP status 503`; empty: the result says all. */
  readonly detail: string;
  /** Names of the nodes whose checks say so; empty: this one's. */
  readonly checkers: readonly string[];
}

/** Key of a row: unique in the table of a family. */
export function healthKey(port: ServicePortKey, endpoint: string): string {
  return `${port} ${endpoint}`;
}

export function isEjected(state: HealthState): boolean {
  return state === 'down' || state === 'recovering';
}
