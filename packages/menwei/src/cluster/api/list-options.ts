/** The query of a list or a watch, checked (cluster § 6.1, 6.2). Pure. */
import { type FieldError, forbidden, notSupportedInOrder } from '../schema/field-error.ts';
import { badRequest, objectInvalid } from '../schema/status-error.ts';
import { isTrue } from './request-info.ts';

export interface ListOptions {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  /** Undefined: none was given. */
  readonly revision: number | undefined;
  readonly match: 'Exact' | 'NotOlderThan' | '';
  /** 0: none. */
  readonly limit: number;
  /** Empty: none. */
  readonly continueToken: string;
  /** Undefined: none was given. */
  readonly timeoutSeconds: number | undefined;
}

export interface WatchOptions extends ListOptions {
  readonly sendInitialEvents: boolean | undefined;
  readonly allowBookmarks: boolean;
}

const SUBJECT = { group: 'meta.k8s.io', kind: 'ListOptions', resource: '' };
const MATCHES: readonly string[] = ['Exact', 'NotOlderThan', ''];

/** @throws StatusError 400 or 422 */
export function parseListOptions(query: URLSearchParams): ListOptions {
  const options = parseCommon(query, 'invalid resource version: ');
  const match = query.get('resourceVersionMatch') ?? '';
  const errors: FieldError[] = [];
  if (match !== '') {
    const rv = query.get('resourceVersion') ?? '';
    if (rv === '') {
      errors.push(
        forbidden(
          'resourceVersionMatch',
          'resourceVersionMatch is forbidden unless resourceVersion is provided',
        ),
      );
    }
    if (options.continueToken !== '')
      errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden with continue'));
    if (!MATCHES.includes(match)) errors.push(notSupportedInOrder('resourceVersionMatch', match, MATCHES));
    if (match === 'Exact' && rv === '0') {
      errors.push(
        forbidden(
          'resourceVersionMatch',
          'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        ),
      );
    }
  }
  if (query.has('sendInitialEvents'))
    errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  if (errors.length > 0) throw objectInvalid(SUBJECT, '', errors);
  return options;
}

/** @throws StatusError 400 or 422 */
export function parseWatchOptions(query: URLSearchParams): WatchOptions {
  const options = parseCommon(query, '');
  const match = query.get('resourceVersionMatch') ?? '';
  const sends = query.get('sendInitialEvents');
  const errors: FieldError[] = [];
  if (sends !== null && match !== 'NotOlderThan') {
    errors.push(
      forbidden(
        'resourceVersionMatch',
        'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      ),
    );
  }
  if (match !== '' && sends === null) {
    errors.push(
      forbidden(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      ),
    );
  }
  if (match !== '' && match !== 'NotOlderThan')
    errors.push(notSupportedInOrder('resourceVersionMatch', match, ['NotOlderThan']));
  if (errors.length > 0) throw objectInvalid(SUBJECT, '', errors);
  return {
    ...options,
    sendInitialEvents: sends === null ? undefined : isTrue(sends),
    allowBookmarks: isTrue(query.get('allowWatchBookmarks')),
  };
}

function parseCommon(query: URLSearchParams, prefix: string): ListOptions {
  const match = query.get('resourceVersionMatch');
  return {
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    revision: parseRevision(query.get('resourceVersion') ?? '', prefix),
    match: match === 'Exact' || match === 'NotOlderThan' ? match : '',
    limit: Math.max(0, parseInteger(query.get('limit')) ?? 0),
    continueToken: query.get('continue') ?? '',
    timeoutSeconds: parseInteger(query.get('timeoutSeconds')),
  };
}

/**
 * A resourceVersion as a number; undefined for an empty one.
 *
 * @param prefix of the message
 * @throws StatusError 400
 */
export function parseRevision(text: string, prefix: string): number | undefined {
  if (text === '') return undefined;
  if (/^[0-9]+$/.test(text)) return Math.min(Number(text), Number.MAX_SAFE_INTEGER);
  const quoted = JSON.stringify(text);
  throw badRequest(
    `${prefix}resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: invalid syntax`,
  );
}

/** @throws StatusError 400 */
export function parseInteger(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  if (/^[+-]?[0-9]{1,15}$/.test(text)) return Number(text);
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}
