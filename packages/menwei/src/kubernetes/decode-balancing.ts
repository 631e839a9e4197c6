/** How a Service's annotations say that its connections are to be spread. One that is wrong counts as absent. */
import { readAnnotation } from './decode-annotation.ts';
import type { ObjectReader } from './decode-reader.ts';
import { show } from './decode-text.ts';
import {
  ANNOTATIONS,
  annotationField,
  type Balancing,
  DEFAULT_BALANCING,
  type Forwarding,
  type SchedulerFlag,
} from './objects.ts';

/** Which schedulers there are, the kernel knows; names such as these fit into its field (IP_VS_SCHEDNAME_MAXLEN). */
const SCHEDULER_NAME = /^[a-z]{1,15}$/;
/** The only ones that have a use for flags. */
const HASHING_SCHEDULERS: readonly string[] = ['sh', 'mh'];
const SCHEDULER_FLAGS: readonly SchedulerFlag[] = ['port', 'fallback'];
const NO_FLAGS = 'none';
const FORWARDINGS: readonly Forwarding[] = ['masquerade', 'direct', 'tunnel'];
const DURATION = /^(?=\d)(?:(\d{1,4})h)?(?:(\d{1,4})m)?(?:(\d{1,4})s)?$/;
const MAX_SLOW_START_MS = 3_600_000;

export function readBalancing(reader: ObjectReader, annotations: unknown): Balancing {
  const scheduler = readScheduler(reader, annotations);
  const schedulerFlags = readSchedulerFlags(reader, annotations, scheduler);
  const forwarding = readForwarding(reader, annotations);
  const slowStartMs = readSlowStart(reader, annotations);
  const isDefault =
    scheduler === '' && schedulerFlags === undefined && forwarding === 'masquerade' && slowStartMs === 0;
  return isDefault ? DEFAULT_BALANCING : { scheduler, schedulerFlags, forwarding, slowStartMs };
}

function readScheduler(reader: ObjectReader, annotations: unknown): string {
  const name = readAnnotation(reader, annotations, ANNOTATIONS.scheduler) ?? '';
  if (name === '' || SCHEDULER_NAME.test(name)) return name;
  reader.ignore(
    annotationField(ANNOTATIONS.scheduler),
    `${show(name)} is not the name of a scheduler (lower-case letters, at most 15)`,
  );
  return '';
}

/** Without a scheduler of the Service's own, the flags are for the proxy's default, whichever that is. */
function readSchedulerFlags(
  reader: ObjectReader,
  annotations: unknown,
  scheduler: string,
): readonly SchedulerFlag[] | undefined {
  const text = readAnnotation(reader, annotations, ANNOTATIONS.schedulerFlags);
  if (text === undefined) return undefined;
  const ignore = (message: string) => reader.ignore(annotationField(ANNOTATIONS.schedulerFlags), message);
  if (scheduler !== '' && !HASHING_SCHEDULERS.includes(scheduler)) {
    ignore(`scheduler ${scheduler} has no flags, only ${HASHING_SCHEDULERS.join(' and ')} have`);
    return undefined;
  }
  const names = text === '' || text === NO_FLAGS ? [] : text.split(',').map((name) => name.trim());
  if (names.includes(NO_FLAGS)) {
    ignore(`"${NO_FLAGS}" goes with no other flag`);
    return undefined;
  }
  const unknown = names.find((name) => !SCHEDULER_FLAGS.some((flag) => flag === name));
  if (unknown !== undefined) {
    ignore(`${show(unknown)} is none of ${SCHEDULER_FLAGS.join(', ')}, ${NO_FLAGS}`);
    return undefined;
  }
  return SCHEDULER_FLAGS.filter((flag) => names.includes(flag));
}

function readForwarding(reader: ObjectReader, annotations: unknown): Forwarding {
  const text = readAnnotation(reader, annotations, ANNOTATIONS.forwarding) ?? '';
  const forwarding = FORWARDINGS.find((candidate) => candidate === text);
  if (forwarding === undefined && text !== '') {
    const message = `${show(text)} is none of ${FORWARDINGS.join(', ')}`;
    reader.ignore(annotationField(ANNOTATIONS.forwarding), message);
  }
  return forwarding ?? DEFAULT_BALANCING.forwarding;
}

function readSlowStart(reader: ObjectReader, annotations: unknown): number {
  const text = readAnnotation(reader, annotations, ANNOTATIONS.slowStart) ?? '';
  if (text === '') return DEFAULT_BALANCING.slowStartMs;
  const slowStartMs = parseSlowStart(text);
  if (slowStartMs !== undefined && slowStartMs <= MAX_SLOW_START_MS) return slowStartMs;
  const message =
    slowStartMs === undefined
      ? `${show(text)} is not a duration such as 30s or 1m30s`
      : `${show(text)} is more than an hour`;
  reader.ignore(annotationField(ANNOTATIONS.slowStart), message);
  return DEFAULT_BALANCING.slowStartMs;
}

/** Milliseconds of `30s`, `2m`, `1m30s`, `1h` or `0`; undefined for anything else. */
export function parseSlowStart(text: string): number | undefined {
  if (text === '0') return 0;
  const [matched, hours = '0', minutes = '0', seconds = '0'] = DURATION.exec(text) ?? [];
  if (matched === undefined) return undefined;
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}
