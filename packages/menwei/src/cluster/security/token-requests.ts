/** `serviceaccounts/<name>/token`: what somebody asks for, checked, and the token. */
import type { Resource } from '../kinds/resource.ts';
import { resourceOf } from '../kinds/resources.ts';
import { type FieldError, invalid } from '../schema/field-error.ts';
import type { Messages } from '../schema/messages.ts';
import { conflict, objectInvalid, objectNotFound } from '../schema/status-error.ts';
import { formatTime } from '../schema/time.ts';
import type { StoredObject, StoreView } from '../store/store.ts';
import { ISSUER, type ServiceAccountTokens, type TokenSubject } from './service-account-tokens.ts';

type TokenRequest = Messages['authentication.v1.TokenRequest'];
type BoundTo = Messages['authentication.v1.BoundObjectReference'];

const HOUR_SECONDS = 3600;
const SHORTEST_SECONDS = 600;
const LONGEST_SECONDS = 2 ** 32;

const ACCOUNTS = resourceOf('', 'serviceaccounts');
const SUBJECT = { group: 'authentication.k8s.io', resource: 'tokenrequests', kind: 'TokenRequest' };

interface Issuer {
  readonly tokens: ServiceAccountTokens;
  readonly objects: Pick<StoreView, 'get'>;
  readonly nowMs: number;
}

/** @throws StatusError */
export function answerTokenRequest(
  namespace: string,
  name: string,
  request: TokenRequest,
  { tokens, objects, nowMs }: Issuer,
): TokenRequest {
  const account = objects.get(ACCOUNTS.resource, namespace, name);
  if (account === undefined) throw objectNotFound(ACCOUNTS, name);
  const { audiences, expirationSeconds: wanted, boundObjectRef: bound } = request.spec ?? {};
  const expirationSeconds = wanted ?? HOUR_SECONDS;
  const boundObjectRef = bound ?? undefined;
  const errors = validate(expirationSeconds, boundObjectRef);
  if (errors.length > 0) throw objectInvalid(SUBJECT, '', errors);
  const subject: TokenSubject = {
    namespace,
    ...boundTo(namespace, boundObjectRef, objects),
    serviceaccount: { name, uid: account.uid },
  };
  const issuedAtSeconds = Math.floor(nowMs / 1000);
  const expiresAtSeconds = issuedAtSeconds + expirationSeconds;
  const goodFor = audiences?.length ? audiences : [ISSUER];
  const token = tokens.issue(subject, goodFor, { issuedAtSeconds, expiresAtSeconds });
  return {
    ...request,
    metadata: { name, namespace, creationTimestamp: formatTime(issuedAtSeconds * 1000) },
    spec: {
      audiences: goodFor,
      expirationSeconds,
      ...(boundObjectRef === undefined ? {} : { boundObjectRef }),
    },
    status: { token, expirationTimestamp: formatTime(expiresAtSeconds * 1000) },
  };
}

function validate(seconds: number, bound: BoundTo | undefined): readonly FieldError[] {
  const errors: FieldError[] = [];
  const field = 'spec.expirationSeconds';
  if (seconds < SHORTEST_SECONDS)
    errors.push(invalid(field, seconds, 'may not specify a duration less than 10 minutes'));
  if (seconds > LONGEST_SECONDS)
    errors.push(invalid(field, seconds, 'may not specify a duration larger than 2^32 seconds'));
  if (bound !== undefined && boundResource(bound) === undefined) {
    errors.push(
      invalid(
        'spec.boundObjectRef',
        `${bound.apiVersion}, Kind=${bound.kind}`,
        'is neither a Pod nor a Node',
      ),
    );
  }
  return errors;
}

function boundResource({ apiVersion, kind }: BoundTo): Resource | undefined {
  if (apiVersion !== 'v1' && apiVersion !== undefined) return undefined;
  if (kind === 'Pod') return resourceOf('', 'pods');
  return kind === 'Node' ? resourceOf('', 'nodes') : undefined;
}

function boundTo(
  namespace: string,
  bound: BoundTo | undefined,
  objects: Pick<StoreView, 'get'>,
): Pick<TokenSubject, 'pod' | 'node'> {
  const resource = bound && boundResource(bound);
  if (bound === undefined || resource === undefined) return {};
  const { name = '', uid = '' } = bound;
  const found = objects.get(resource.resource, resource.isNamespaced ? namespace : '', name);
  if (found === undefined) throw objectNotFound(resource, name);
  if (uid !== '' && uid !== found.uid) throw otherOne(resource, name, uid, found);
  const claim = { name, uid: found.uid };
  return resource.kind === 'Pod' ? { pod: claim } : { node: claim };
}

function otherOne(resource: Resource, name: string, uid: string, found: StoredObject) {
  return conflict(
    resource,
    name,
    `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated (${found.uid})`,
  );
}
