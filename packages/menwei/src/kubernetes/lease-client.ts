/** Leases (coordination.k8s.io/v1) as their holders need them: read, made, and replaced only as long as nobody else did. */
import type { ApiClient } from './api-client.ts';
import { ApiError, isRecord } from './api-error.ts';
import { readTimeMs } from './decode-metadata.ts';
import { formatMicroTime } from './micro-time.ts';
import { readObject } from './read-object.ts';

const SILENCE_MS = 5_000;

/** What a holder says in a Lease. */
export interface LeaseContent {
  /** Empty: nobody holds it. */
  readonly holderIdentity: string;
  readonly leaseDurationSeconds: number;
  /** Milliseconds since the epoch, on the holder's clock. */
  readonly acquireTimeMs: number;
  /** Milliseconds since the epoch, on the holder's clock. */
  readonly renewTimeMs: number;
  /** How often it has changed hands. */
  readonly leaseTransitions: number;
  /** Others stay as they are; null takes one away. */
  readonly annotations: Readonly<Record<string, string | null>>;
}

/** A Lease as the API server has it. */
export interface StoredLease extends LeaseContent {
  readonly annotations: Readonly<Record<string, string>>;
  /** Is another one after each write, whoever writes. */
  readonly resourceVersion: string;
  /** What else it has, and keeps. */
  readonly object: Readonly<Record<string, unknown>>;
}

/**
 * `written`: as it is now; `lost`: somebody else has made or changed it meanwhile, so that it is to be read again; `missing`:
 * there is none, or no namespace for it.
 */
export type LeaseOutcome =
  | { readonly outcome: 'written'; readonly lease: StoredLease }
  | { readonly outcome: 'lost' | 'missing' };

/** Of all Leases of a namespace. */
export function leasesPath(namespace: string): string {
  return `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;
}

export function leasePath(namespace: string, name: string): string {
  return `${leasesPath(namespace)}/${encodeURIComponent(name)}`;
}

/** All methods throw {@link ApiError}, or the signal's reason when it fires. */
export class LeaseClient {
  readonly #client: Pick<ApiClient, 'get' | 'write' | 'server'>;
  readonly #namespace: string;
  readonly #name: string;

  constructor(client: Pick<ApiClient, 'get' | 'write' | 'server'>, namespace: string, name: string) {
    this.#client = client;
    this.#namespace = namespace;
    this.#name = name;
  }

  /** Undefined: there is none. */
  async read(signal: AbortSignal): Promise<StoredLease | undefined> {
    try {
      return this.#decode(await readObject(this.#client, this.#path, { signal, silenceMs: SILENCE_MS }));
    } catch (error) {
      if (error instanceof ApiError && error.failure === 'not-found') return undefined;
      throw error;
    }
  }

  /** @param about what else its metadata is to have: labels, owners */
  async create(
    content: LeaseContent,
    signal: AbortSignal,
    about: Readonly<Record<string, unknown>> = {},
  ): Promise<LeaseOutcome> {
    const metadata = { ...about, namespace: this.#namespace, name: this.#name };
    return await this.#write('POST', leasesPath(this.#namespace), encodeLease({ metadata }, content), signal);
  }

  /** @param from as it was read or written last */
  async update(from: StoredLease, content: LeaseContent, signal: AbortSignal): Promise<LeaseOutcome> {
    try {
      return await this.#write('PUT', this.#path, encodeLease(from.object, content), signal);
    } catch (error) {
      // Servers would make a Lease that is gone, and find fault with the version that it is not to have then.
      const isRefused = error instanceof ApiError && error.failure === 'refused';
      if (isRefused && (await this.read(signal)) === undefined) return { outcome: 'missing' };
      throw error;
    }
  }

  async #write(
    method: 'POST' | 'PUT',
    path: string,
    body: unknown,
    signal: AbortSignal,
  ): Promise<LeaseOutcome> {
    try {
      const answer = await this.#client.write({ method, path, body, signal, silenceMs: SILENCE_MS });
      return { outcome: 'written', lease: this.#decode(answer) };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.failure === 'conflict') return { outcome: 'lost' };
      if (error.failure === 'not-found') return { outcome: 'missing' };
      throw error;
    }
  }

  get #path(): string {
    return leasePath(this.#namespace, this.#name);
  }

  #decode(value: unknown): StoredLease {
    const lease = decodeLeaseObject(value);
    if (lease !== undefined) return lease;
    throw new ApiError('invalid-answer', `${this.#client.server}${this.#path}: the answer is no Lease`);
  }
}

/** What others have written may have gaps; undefined: it is no Lease. */
function decodeLeaseObject(object: unknown): StoredLease | undefined {
  if (!isRecord(object) || !isRecord(object.metadata)) return undefined;
  const { resourceVersion, annotations } = object.metadata;
  if (typeof resourceVersion !== 'string') return undefined;
  const spec = isRecord(object.spec) ? object.spec : {};
  return {
    holderIdentity: typeof spec.holderIdentity === 'string' ? spec.holderIdentity : '',
    leaseDurationSeconds: readNumber(spec.leaseDurationSeconds),
    acquireTimeMs: readTimeMs(spec.acquireTime),
    renewTimeMs: readTimeMs(spec.renewTime),
    leaseTransitions: readNumber(spec.leaseTransitions),
    annotations: textsOf(annotations),
    resourceVersion,
    object,
  };
}

function encodeLease(object: Readonly<Record<string, unknown>>, content: LeaseContent): unknown {
  const metadata = isRecord(object.metadata) ? object.metadata : {};
  const spec = isRecord(object.spec) ? object.spec : {};
  const { holderIdentity, leaseDurationSeconds, acquireTimeMs, renewTimeMs, leaseTransitions } = content;
  const annotations = { ...textsOf(metadata.annotations), ...content.annotations };
  return {
    ...object,
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      ...metadata,
      annotations: Object.fromEntries(Object.entries(annotations).filter(([, text]) => text !== null)),
    },
    spec: {
      ...spec,
      holderIdentity,
      leaseDurationSeconds,
      acquireTime: formatMicroTime(acquireTimeMs),
      renewTime: formatMicroTime(renewTimeMs),
      leaseTransitions,
    },
  };
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  const entries = isRecord(value) ? Object.entries(value) : [];
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function readNumber(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
