/** Events (cluster § 10.5), in the shape in which they are kept; which rules hold depends on the group by which they came. */
import { type FieldError, invalid, required } from '../schema/field-error.ts';
import type { Messages } from '../schema/messages.ts';
import { isSameMessage } from './equality.ts';
import type { KindRules } from './kind-rules.ts';
import { invalidEach, whyNoDnsSubdomain, whyNoLabelKey, whyNoPathSegment } from './syntax.ts';
import { EVENT_TABLE } from './tables/event.ts';

type Event = Messages['core.v1.Event'];

const MAX_BYTES = { reportingInstance: 128, action: 128, reason: 128, message: 1024 };

/** Of what comes by `v1`. */
export const EVENT_RULES: KindRules<Event> = {
  createsOnUpdate: true,
  defaults: (event) => event,
  // They are named after what they are about: an IPAddress may have colons.
  validateName: whyNoPathSegment,
  validate: (event) => errorsOfEither(event, 'reportingComponent'),
  fieldNames: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  selectableFields({ involvedObject = {}, reason = '', reportingComponent = '', source, type = '' }) {
    return {
      'involvedObject.kind': involvedObject.kind ?? '',
      'involvedObject.namespace': involvedObject.namespace ?? '',
      'involvedObject.name': involvedObject.name ?? '',
      'involvedObject.uid': involvedObject.uid ?? '',
      'involvedObject.apiVersion': involvedObject.apiVersion ?? '',
      'involvedObject.resourceVersion': involvedObject.resourceVersion ?? '',
      'involvedObject.fieldPath': involvedObject.fieldPath ?? '',
      reason,
      reportingComponent,
      source: source?.component || reportingComponent,
      type,
    };
  },
  table: EVENT_TABLE,
};

/** Of what comes by `events.k8s.io`. */
export const NEW_EVENT_RULES: KindRules<Event> = {
  ...EVENT_RULES,
  validateName: whyNoDnsSubdomain,
  validate(event, old) {
    const errors = errorsOfEither(event, 'reportingController');
    return old === undefined ? [...errors, ...newEventErrors(event)] : errors;
  },
  validateUpdate(event, old) {
    const isSameSeries = isSameMessage('core.v1.EventSeries', event.series, old.series);
    return [
      ...(isSameSeries ? [] : seriesErrors(event)),
      ...IMMUTABLE.flatMap((field) => {
        const isSame = isSameMessage('core.v1.Event', { [field]: event[field] }, { [field]: old[field] });
        const name = field === 'reportingComponent' ? 'reportingController' : field;
        return isSame ? [] : [invalid(name, event[field], 'field is immutable')];
      }),
    ];
  },
};

/** All but the series. */
const IMMUTABLE = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'type',
  'eventTime',
  'action',
  'related',
  'reportingComponent',
  'reportingInstance',
] as const;

function errorsOfEither(event: Event, controllerField: string): readonly FieldError[] {
  const namespace = event.metadata.namespace ?? '';
  const about = event.involvedObject?.namespace ?? '';
  const isOfNewKind = isSet(event.eventTime);
  const fits = about === '' ? isForClusterWide(namespace, isOfNewKind) : isOfNewKind || about === namespace;
  return [
    ...(fits ? [] : [invalid('involvedObject.namespace', about, 'does not match event.namespace')]),
    ...(isOfNewKind ? errorsOfNewKind(event, controllerField) : []),
    ...invalidEach('namespace', namespace, whyNoDnsSubdomain(namespace)),
  ];
}

/** Where an Event about something without a namespace may be. */
function isForClusterWide(namespace: string, isOfNewKind: boolean): boolean {
  return namespace === 'default' || namespace === (isOfNewKind ? 'kube-system' : '');
}

function errorsOfNewKind(event: Event, controllerField: string): readonly FieldError[] {
  const { reportingComponent = '' } = event;
  return [
    ...(reportingComponent === '' ? [required(controllerField)] : []),
    ...invalidEach(controllerField, reportingComponent, whyNoLabelKey(reportingComponent)),
    ...textErrors(event, 'reportingInstance', true),
    ...textErrors(event, 'action', true),
    ...textErrors(event, 'reason', true),
    ...textErrors(event, 'message', false),
  ];
}

function textErrors(event: Event, field: keyof typeof MAX_BYTES, isRequired: boolean): readonly FieldError[] {
  const { [field]: text = '' } = event;
  if (text === '') return isRequired ? [required(field)] : [];
  const max = MAX_BYTES[field];
  return Buffer.byteLength(text) > max ? [invalid(field, '', `can have at most ${max} characters`)] : [];
}

function newEventErrors(event: Event): readonly FieldError[] {
  const { type = '', source = {}, count = 0 } = event;
  const errors = [...seriesErrors(event)];
  if (!isSet(event.eventTime)) errors.push(required('eventTime'));
  if (type !== 'Normal' && type !== 'Warning') {
    errors.push(invalid('type', '', `has invalid value: ${type}`));
  }
  const unwanted = {
    firstTimestamp: isSet(event.firstTimestamp),
    lastTimestamp: isSet(event.lastTimestamp),
    count: count !== 0,
    source: (source.component ?? '') !== '' || (source.host ?? '') !== '',
  };
  for (const [field, isThere] of Object.entries(unwanted)) {
    if (isThere) errors.push(invalid(field, '', 'needs to be unset'));
  }
  return errors;
}

function seriesErrors({ series }: Event): readonly FieldError[] {
  if (series === undefined) return [];
  return [
    ...((series.count ?? 0) < 2 ? [invalid('series.count', '', 'should be at least 2')] : []),
    ...(isSet(series.lastObservedTime) ? [] : [required('series.lastObservedTime')]),
  ];
}

function isSet(time: string | null | undefined): boolean {
  return time !== undefined && time !== null && time !== '';
}
