/** Events as the API has them (events.k8s.io/v1), within the bounds that its validation sets. */
import { createHash } from 'node:crypto';
import { formatMicroTime } from '../kubernetes/micro-time.ts';
import type { ClusterEvent, EventSubject } from './event.ts';

/** Who says so: `kube-proxy`, on which node or in which process. */
interface Reporter {
  readonly controller: string;
  readonly instance: string;
}

const MAX_INSTANCE_CHARACTERS = 128;
const MAX_NOTE_BYTES = 1024;
const MAX_NAME_CHARACTERS = 253;

/** Where the events of an object without a namespace are. */
const CLUSTER_NAMESPACE = 'default';

/** Of one event that may happen again and again. */
export interface EventName {
  readonly namespace: string;
  readonly name: string;
}

/**
 * The name of a new event. One that all nodes find has the same name on all of them: the API server takes it from the first.
 *
 * @param nowMs since the epoch; tells it from earlier ones
 * @param salt tells it from those of other nodes
 */
export function nameEvent(event: ClusterEvent, nowMs: number, salt: string): EventName {
  const { subject, reason, note, isSameOnAllNodes = false } = event;
  const identity = isSameOnAllNodes
    ? [subject.uid, reason, note]
    : [subject.uid, reason, salt, String(nowMs)];
  const suffix = `.${createHash('sha256').update(identity.join('\n')).digest('hex').slice(0, 16)}`;
  return {
    namespace: namespaceOf(subject),
    name: subject.name.slice(0, MAX_NAME_CHARACTERS - suffix.length).replace(/[.-]+$/, '') + suffix,
  };
}

/** @param firstMs when it happened, since the epoch */
export function formatEvent(
  event: ClusterEvent,
  { namespace, name }: EventName,
  firstMs: number,
  { controller, instance }: Reporter,
): unknown {
  const { subject, type, reason, action, note } = event;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace, name },
    eventTime: formatMicroTime(firstMs),
    reportingController: controller,
    reportingInstance: `${controller}-${instance}`.slice(0, MAX_INSTANCE_CHARACTERS),
    type,
    reason,
    action,
    regarding: {
      apiVersion: 'v1',
      kind: subject.kind,
      name: subject.name,
      ...(subject.namespace === '' ? {} : { namespace: subject.namespace }),
      ...(subject.uid === '' ? {} : { uid: subject.uid }),
    },
    note: cutToBytes(note, MAX_NOTE_BYTES),
  };
}

/** What has become of an event that happened again, as a merge patch: nothing else of it may change. */
export function formatSeries(count: number, lastMs: number): unknown {
  return { series: { count, lastObservedTime: formatMicroTime(lastMs) } };
}

function namespaceOf({ namespace }: EventSubject): string {
  return namespace === '' ? CLUSTER_NAMESPACE : namespace;
}

function cutToBytes(text: string, bytes: number): string {
  const encoded = Buffer.from(text);
  if (encoded.length <= bytes) return text;
  const ellipsis = '…';
  let end = bytes - Buffer.byteLength(ellipsis);
  // Not in the middle of a character.
  while (end > 0 && ((encoded[end] ?? 0) & 0xc0) === 0x80) end--;
  return encoded.toString('utf8', 0, end) + ellipsis;
}
