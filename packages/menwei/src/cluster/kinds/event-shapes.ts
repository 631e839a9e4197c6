/** One Event in its two shapes: as `v1` has it, which is how it is kept, and as `events.k8s.io/v1` has it (cluster § 10.5). */
import type { Messages } from '../schema/messages.ts';

type CoreEvent = Messages['core.v1.Event'];
type NewEvent = Messages['events.v1.Event'];

/** From what a client of events.k8s.io wrote. */
export function toCoreEvent(event: NewEvent): CoreEvent {
  const { metadata, regarding, note, deprecatedSource, deprecatedCount, reportingController } = event;
  const { eventTime, series, action, related, reason, type, reportingInstance } = event;
  return present({
    kind: 'Event',
    apiVersion: 'v1',
    metadata,
    involvedObject: regarding,
    reason,
    message: note,
    source: deprecatedSource,
    firstTimestamp: event.deprecatedFirstTimestamp,
    lastTimestamp: event.deprecatedLastTimestamp,
    count: deprecatedCount,
    type,
    eventTime,
    series,
    action,
    related,
    reportingComponent: reportingController,
    reportingInstance,
  });
}

/** For a client of events.k8s.io. */
export function toNewEvent(event: CoreEvent): NewEvent {
  const { metadata, involvedObject, message, source, firstTimestamp, lastTimestamp, count } = event;
  const { eventTime, series, action, related, reason, type, reportingInstance, reportingComponent } = event;
  return present({
    kind: 'Event',
    apiVersion: 'events.k8s.io/v1',
    metadata,
    eventTime,
    series,
    reportingController: reportingComponent,
    reportingInstance,
    action,
    reason,
    regarding: involvedObject,
    related,
    note: message,
    type,
    deprecatedSource: source,
    deprecatedFirstTimestamp: firstTimestamp,
    deprecatedLastTimestamp: lastTimestamp,
    deprecatedCount: count,
  });
}

type Present<Fields> = {
  [Name in keyof Fields as undefined extends Fields[Name] ? never : Name]: Fields[Name];
} & {
  [Name in keyof Fields as undefined extends Fields[Name] ? Name : never]?: Exclude<Fields[Name], undefined>;
};

/** Without the fields that are not set. */
function present<Fields extends object>(fields: Fields): Present<Fields>;
function present(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
