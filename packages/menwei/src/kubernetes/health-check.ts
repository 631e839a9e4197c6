/** How a Service wants its endpoints checked: annotation `menwei.dev/health-check` (health § 2). */

/** Status codes, both included. */
export interface StatusRange {
  readonly first: number;
  readonly last: number;
}

export type HealthProbe =
  | { readonly kind: 'tcp' }
  | {
      readonly kind: 'http' | 'https';
      readonly path: string;
      /** Empty: the address of the endpoint. */
      readonly host: string;
      readonly expect: StatusRange;
    }
  /** An empty service asks for the whole server. */
  | { readonly kind: 'grpc'; readonly service: string }
  | { readonly kind: 'dns'; readonly name: string }
  /** Without `expect` only a refusal by ICMP is a failure. */
  | { readonly kind: 'udp'; readonly send: Uint8Array; readonly expect: Uint8Array | undefined };

export interface HealthCheck {
  readonly probe: HealthProbe;
  /** Undefined: the endpoint's own, and each service port is checked by itself; else one check stands for all of them. */
  readonly port: number | { readonly name: string } | undefined;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** The interval while a verdict is about to change. */
  readonly fastMs: number;
  /** Failures in a row until an endpoint is down, successes until it is up again. */
  readonly fall: number;
  readonly rise: number;
  /** A new endpoint is used before its first check, or only after `rise` successes. */
  readonly initial: 'up' | 'down';
  /** 0-100: when fewer than so many of a hundred endpoints would be left, all are used. */
  readonly panicPercent: number;
  /** What becomes of connections of an endpoint that goes down. */
  readonly onDown: 'drain' | 'reset';
  /** Names of headless Services leave out endpoints that are down. */
  readonly dns: boolean;
}

/** What a Service says: how it wants to be checked, that it does not, or something that can't be read. */
export type HealthCheckWish = HealthCheck | 'none' | { readonly mistake: string };

/** How the endpoints of a Service are to be checked; undefined: not at all. What can't be read is no wish for the default. */
export function checkInForce(
  wish: HealthCheckWish | undefined,
  byDefault: HealthCheck | undefined,
): HealthCheck | undefined {
  if (wish === undefined) return byDefault;
  return wish === 'none' || 'mistake' in wish ? undefined : wish;
}
