/** Events as an API server keeps them (events.k8s.io/v1): what its validation refuses is refused here, too. */
import { isRecord } from 'menwei/kubernetes/api-error.ts';

interface StoredEvent {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly [field: string]: unknown;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Fields with text that must be there, and how long it may be. */
const TEXTS: Readonly<Record<string, number>> = {
  reportingController: 253,
  reportingInstance: 128,
  action: 128,
  reason: 128,
};
const MICRO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const FIELDS: ReadonlySet<string> = new Set([
  ...['apiVersion', 'kind', 'metadata', 'eventTime', 'series', 'reportingController', 'reportingInstance'],
  ...['action', 'reason', 'regarding', 'related', 'note', 'type'],
]);

export class FakeEvents {
  readonly #events = new Map<string, StoredEvent>();

  /** All that there are, oldest first. */
  all(): readonly StoredEvent[] {
    return [...this.#events.values()];
  }

  /** As when their time is over. */
  expire(): void {
    this.#events.clear();
  }

  /** Undefined: the path is none of events. */
  answer(method: string, path: string, text: string): Answer | undefined {
    const [, namespace, name] =
      /^\/apis\/events\.k8s\.io\/v1\/namespaces\/([^/]+)\/events(?:\/([^/]+))?$/.exec(path) ?? [];
    if (namespace === undefined) return undefined;
    const body: unknown = JSON.parse(text);
    if (!isRecord(body)) return refusal(400, 'not an object');
    if (method === 'POST' && name === undefined) return this.#create(namespace, body);
    if (method === 'PATCH' && name !== undefined) return this.#patch(`${namespace}/${name}`, body);
    return refusal(405, 'the server does not allow this method on the requested resource');
  }

  #create(namespace: string, body: Readonly<Record<string, unknown>>): Answer {
    const { metadata } = body;
    const name = isRecord(metadata) ? String(metadata.name) : '';
    const wrong = findWrong(body, namespace, name);
    if (wrong !== undefined) return refusal(422, `Event.events.k8s.io "${name}" is invalid: ${wrong}`);
    const key = `${namespace}/${name}`;
    if (this.#events.has(key)) return refusal(409, `events.events.k8s.io "${name}" already exists`);
    const stored = { ...body, metadata: { name, namespace } };
    this.#events.set(key, stored);
    return { status: 201, body: stored };
  }

  #patch(key: string, { series, ...others }: Readonly<Record<string, unknown>>): Answer {
    const stored = this.#events.get(key);
    if (stored === undefined) return refusal(404, `events.events.k8s.io "${key.split('/')[1]}" not found`);
    if (Object.keys(others).length > 0 || !isRecord(series)) return refusal(422, 'field is immutable');
    const { count, lastObservedTime } = series;
    if (typeof count !== 'number' || count < 2) return refusal(422, 'series.count: should be at least 2');
    if (!isMicroTime(lastObservedTime)) return refusal(422, 'series.lastObservedTime: must be specified');
    this.#events.set(key, { ...stored, series });
    return { status: 200, body: this.#events.get(key) };
  }
}

function findWrong(
  body: Readonly<Record<string, unknown>>,
  namespace: string,
  name: string,
): string | undefined {
  const unknown = Object.keys(body).find((field) => !FIELDS.has(field));
  if (unknown !== undefined) return `${unknown}: unknown field`;
  if (body.apiVersion !== 'events.k8s.io/v1' || body.kind !== 'Event') return 'apiVersion, kind: no Event';
  if (!NAME.test(name)) return `metadata.name: ${name}: must be a DNS subdomain`;
  if (!isMicroTime(body.eventTime)) return 'eventTime: must be specified';
  for (const [field, most] of Object.entries(TEXTS)) {
    const value = body[field];
    if (typeof value !== 'string' || value === '') return `${field}: must be specified`;
    if (value.length > most) return `${field}: can have at most ${most} characters`;
  }
  if (body.type !== 'Normal' && body.type !== 'Warning') return 'type: has invalid value';
  if (typeof body.note === 'string' && Buffer.byteLength(body.note) > 1024)
    return 'note: can have at most 1024';
  const { regarding } = body;
  if (!isRecord(regarding) || typeof regarding.name !== 'string') return 'regarding: must be specified';
  const home = regarding.namespace ?? 'default';
  return home === namespace ? undefined : 'regarding.namespace: does not match event.namespace';
}

function isMicroTime(value: unknown): boolean {
  return typeof value === 'string' && MICRO_TIME.test(value);
}

function refusal(status: number, message: string): Answer {
  return { status, body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code: status } };
}
