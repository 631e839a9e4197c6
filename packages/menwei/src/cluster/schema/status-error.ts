/**
 * How the API refuses a request: an error that carries the Status which the client gets. Thrown by whatever finds out, so that a
 * transaction is given up wherever it stands.
 */
import { CAUSE_REASONS, type FieldError, formatErrorBody } from './field-error.ts';

/** What names a resource and its kind in messages. */
export interface Subject {
  /** Empty for the core group. */
  readonly group: string;
  /** Plural: `services`. */
  readonly resource: string;
  readonly kind: string;
}

interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

interface Refusal {
  readonly code: number;
  /** Absent where the reference sends none. */
  readonly reason?: string;
  readonly message: string;
  readonly details?: StatusDetails;
  /** `metadata.continue` of an expired list. */
  readonly continueToken?: string;
}

/** A refusal; `message` is the text that the client sees. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly refusal: Refusal;

  constructor(refusal: Refusal, options?: ErrorOptions) {
    super(refusal.message, options);
    this.refusal = refusal;
  }

  get code(): number {
    return this.refusal.code;
  }

  /** The body of the answer. */
  get status(): object {
    const { code, reason, message, details, continueToken } = this.refusal;
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: continueToken === undefined ? {} : { continue: continueToken },
      status: 'Failure',
      message,
      ...(reason === undefined ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code,
    };
  }
}

export function badRequest(message: string): StatusError {
  return new StatusError({ code: 400, reason: 'BadRequest', message });
}

/** A revision that nobody can be told of any more. @param continueToken with which a list may go on nevertheless */
export function expired(message: string, continueToken?: string): StatusError {
  return new StatusError({
    code: 410,
    reason: 'Expired',
    message,
    ...(continueToken === undefined ? {} : { continueToken }),
  });
}

/** @param why `limit is 3145728` */
export function tooLarge(why: string): StatusError {
  return new StatusError({
    code: 413,
    reason: 'RequestEntityTooLarge',
    message: `Request entity too large: ${why}`,
  });
}

export function objectNotFound(subject: Subject, name: string): StatusError {
  const message = `${qualified(subject)} ${JSON.stringify(name)} not found`;
  return new StatusError({ code: 404, reason: 'NotFound', message, details: detailsOf(subject, name) });
}

export function alreadyExists(subject: Subject, name: string): StatusError {
  const message = `${qualified(subject)} ${JSON.stringify(name)} already exists`;
  return new StatusError({ code: 409, reason: 'AlreadyExists', message, details: detailsOf(subject, name) });
}

/** @param why `the object has been modified; please apply your changes to the latest version and try again` */
export function conflict(subject: Subject, name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualified(subject)} ${JSON.stringify(name)}: ${why}`;
  return new StatusError({ code: 409, reason: 'Conflict', message, details: detailsOf(subject, name) });
}

/** @param name empty for a request that names no object */
export function objectForbidden(
  subject: Subject,
  name: string,
  why: string,
  causes?: readonly StatusCause[],
): StatusError {
  const what = name === '' ? qualified(subject) : `${qualified(subject)} ${JSON.stringify(name)}`;
  return new StatusError({
    code: 403,
    reason: 'Forbidden',
    message: `${what} is forbidden: ${why}`,
    details: { ...detailsOf(subject, name), ...(causes === undefined ? {} : { causes }) },
  });
}

/** More of one object's errors help nobody, and could be many times as long as the object. */
const MOST_TOLD = 200;

/** @param errors at least one */
export function objectInvalid(subject: Subject, name: string, errors: readonly FieldError[]): StatusError {
  const kind = subject.group === '' ? subject.kind : `${subject.kind}.${subject.group}`;
  const causes = new Map(
    errors.slice(0, MOST_TOLD).map((error) => {
      const message = formatErrorBody(error);
      const cause: StatusCause = { reason: CAUSE_REASONS[error.type], message, field: error.field };
      return [`${error.field}: ${message}`, cause] as const;
    }),
  );
  const texts: string[] = [...causes.keys()];
  if (errors.length > MOST_TOLD) texts.push(`and ${errors.length - MOST_TOLD} more`);
  const told = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return new StatusError({
    code: 422,
    reason: 'Invalid',
    message: `${kind} ${JSON.stringify(name)} is invalid: ${told}`,
    details: {
      ...(name === '' ? {} : { name }),
      ...(subject.group === '' ? {} : { group: subject.group }),
      kind: subject.kind,
      causes: [...causes.values()],
    },
  });
}

/** What is no fault of the client. @param cause for the log; the client is not told */
export function internalError(message: string, cause?: unknown): StatusError {
  return new StatusError(
    {
      code: 500,
      reason: 'InternalError',
      message: `Internal error occurred: ${message}`,
      details: { causes: [{ message }] },
    },
    { cause },
  );
}

/** `endpointslices.discovery.k8s.io` */
function qualified({ group, resource }: Subject): string {
  return group === '' ? resource : `${resource}.${group}`;
}

function detailsOf({ group, resource }: Subject, name: string): StatusDetails {
  return {
    ...(name === '' ? {} : { name }),
    ...(group === '' ? {} : { group }),
    kind: resource,
  };
}
