/** How an answer is to be written, by the Accept header (cluster § 5.5). Pure. */
import { matchesRange, parseAccept, type Wanted } from '../../http/accept.ts';
import { StatusError } from '../schema/status-error.ts';

/** What the body of an answer is written as. */
export interface Form {
  readonly mediaType: 'application/json' | 'application/yaml';
  /** Objects as they are, their metadata alone, or rows for a person. */
  readonly as: 'Object' | 'PartialObjectMetadata' | 'Table';
  /** Of `meta.k8s.io`, where the form is one of its kinds. */
  readonly version: 'v1' | 'v1beta1';
  /** Indented, for a person. */
  readonly isPretty: boolean;
}

/** What a place can answer with. */
export interface Offer {
  readonly hasTables: boolean;
  /** A watch: no YAML. */
  readonly isStream: boolean;
}

/** Objects and lists; answers that are no objects of a kind, as reviews; watches. */
export const OBJECTS: Offer = { hasTables: true, isStream: false };
export const ANSWERS: Offer = { hasTables: false, isStream: false };
export const STREAM: Offer = { hasTables: true, isStream: true };

const PLAIN: Form = { mediaType: 'application/json', as: 'Object', version: 'v1', isPretty: false };

const MEDIA_TYPES = ['application/json', 'application/yaml'] as const;
const TRANSFORMED: Readonly<Record<string, Form['as']>> = {
  Table: 'Table',
  PartialObjectMetadata: 'PartialObjectMetadata',
  PartialObjectMetadataList: 'PartialObjectMetadata',
};
const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const CBOR = 'application/cbor';

/** @throws StatusError 406 */
export function chooseForm(accept: string | undefined, query: URLSearchParams, offer: Offer): Form {
  return { ...chooseByHeader(accept, offer), isPretty: !offer.isStream && query.get('pretty') === 'true' };
}

function chooseByHeader(accept: string | undefined, offer: Offer): Form {
  if (accept === undefined || accept.trim() === '') return PLAIN;
  const wanted = parseAccept(accept);
  for (const each of wanted) {
    const form = formFor(each, offer);
    if (form !== undefined) return form;
  }
  throw notAcceptable(wanted.some(({ range }) => isKnown(range)));
}

function formFor({ range, parameters }: Wanted, { hasTables, isStream }: Offer): Form | undefined {
  const types = isStream ? MEDIA_TYPES.slice(0, 1) : MEDIA_TYPES;
  const mediaType = types.find((type) => matchesRange(range, type));
  if (mediaType === undefined) return undefined;
  const stream = parameters.get('stream');
  if (stream !== undefined && !(isStream && stream === 'watch')) return undefined;
  const kind = parameters.get('as');
  if (kind === undefined) return { ...PLAIN, mediaType };
  const as = Object.hasOwn(TRANSFORMED, kind) ? TRANSFORMED[kind] : undefined;
  const version = parameters.get('v');
  if (as === undefined || !hasTables || parameters.get('g') !== 'meta.k8s.io') return undefined;
  return version === 'v1' || version === 'v1beta1' ? { ...PLAIN, mediaType, as, version } : undefined;
}

/** A type that can be had, but not with the parameters that were asked for. */
function isKnown(range: string): boolean {
  return [...MEDIA_TYPES, PROTOBUF, CBOR].some((type) => matchesRange(range, type));
}

function notAcceptable(isKnownType: boolean): StatusError {
  const list = MEDIA_TYPES.join(', ');
  return isKnownType
    ? new StatusError({
        code: 406,
        reason: 'NotAcceptable',
        message: `only the following media types are accepted: ${list}`,
      })
    : new StatusError({
        code: 406,
        reason: 'NotAcceptable',
        message: `406: Not Acceptable\n\nAvailable representations: ${list}`,
        details: {},
      });
}
