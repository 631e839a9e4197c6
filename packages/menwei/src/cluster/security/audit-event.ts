/** One request as audit.k8s.io/v1 tells of it, at the level Metadata. Pure. */
import { formatMicroTime } from '../schema/time.ts';
import type { User } from './access.ts';
import { userInfo } from './user-info.ts';

/** A request that is over. */
export interface AuditedRequest {
  readonly auditId: string;
  /** Path and query. */
  readonly url: string;
  readonly verb: string;
  /** Undefined: not known, for the credentials were wrong. */
  readonly user: User | undefined;
  /** Undefined: nobody but {@link user}. */
  readonly actsFor: User | undefined;
  /** Address of the client. */
  readonly peer: string;
  readonly userAgent: string;
  /** 0: the client went before it was answered. */
  readonly status: number;
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Undefined for a path that is no object. */
  readonly object: AuditedObject | undefined;
}

interface AuditedObject {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

/** Who only reads, and may, is not told of. */
export function isAudited({ verb, status }: AuditedRequest): boolean {
  return !READS.includes(verb) || status === 401 || status === 403;
}

const READS: readonly string[] = ['get', 'head', 'list', 'options', 'watch'];

/** A line without its end. */
export function formatAuditEvent(request: AuditedRequest): string {
  const { auditId, url, verb, user, actsFor, peer, userAgent, status, object } = request;
  return JSON.stringify({
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: auditId,
    stage: 'ResponseComplete',
    requestURI: url,
    verb,
    user: user === undefined ? {} : userInfo(user),
    ...(actsFor === undefined ? {} : { impersonatedUser: userInfo(actsFor) }),
    sourceIPs: [peer],
    userAgent,
    ...(object === undefined ? {} : { objectRef: formatObject(object) }),
    responseStatus: { metadata: {}, code: status },
    requestReceivedTimestamp: formatMicroTime(request.startedAtMs),
    stageTimestamp: formatMicroTime(request.endedAtMs),
    annotations: { 'authorization.k8s.io/decision': status === 401 || status === 403 ? 'forbid' : 'allow' },
  });
}

function formatObject({ group, version, resource, subresource, namespace, name }: AuditedObject) {
  const fields = { resource, namespace, name, apiGroup: group, apiVersion: version, subresource };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
}
