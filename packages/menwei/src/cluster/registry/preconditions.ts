/** What a request demands of the object that it changes. */
import { meaningOf } from '../kinds/equality.ts';
import type { KindRules } from '../kinds/kind-rules.ts';
import type { Resource } from '../kinds/resource.ts';
import { invalid } from '../schema/field-error.ts';
import type { ObjectMeta } from '../schema/object.ts';
import { badRequest, conflict, objectForbidden, objectInvalid } from '../schema/status-error.ts';
import type { StoredObject } from '../store/store.ts';
import type { DeleteOptions } from './registry.ts';

const MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again';

/**
 * The new version of an object names the one it changes, or leaves that open.
 *
 * @throws StatusError 400 the name or namespace is another one; 409 the version or uid is; 422 the version must be named
 */
export function checkIdentity(
  resource: Resource,
  rules: KindRules,
  name: string,
  given: ObjectMeta,
  old: StoredObject,
): void {
  checkName(name, given);
  if (old.namespace !== '' && (given.namespace ?? '') !== '' && given.namespace !== old.namespace) {
    throw badRequest(
      `the namespace of the object (${given.namespace}) does not match the namespace on the request (${old.namespace})`,
    );
  }
  checkVersion(resource, rules, name, given.resourceVersion ?? '', old);
  if ((given.uid ?? '') !== '' && given.uid !== old.uid) {
    const why = `Precondition failed: UID in precondition: ${given.uid}, UID in object meta: ${old.uid}`;
    throw conflict(resource, name, why);
  }
}

/** @throws StatusError 400 */
export function checkName(name: string, given: ObjectMeta): void {
  if ((given.name ?? '') === '') {
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (given.name !== name) {
    throw badRequest(`the name of the object (${given.name}) does not match the name on the URL (${name})`);
  }
}

function checkVersion(
  resource: Resource,
  rules: KindRules,
  name: string,
  version: string,
  old: StoredObject,
): void {
  if (version === '' || version === '0') {
    if (rules.needsResourceVersion !== true) return;
    // The one refusal that names the resource in the place of the kind.
    throw objectInvalid({ ...resource, kind: resource.resource }, name, [
      invalid('metadata.resourceVersion', 0, 'must be specified for an update'),
    ]);
  }
  if (!/^\d{1,19}$/.test(version)) {
    throw objectInvalid(resource, name, [
      invalid('metadata.resourceVersion', version, 'must be the resourceVersion of an object'),
    ]);
  }
  if (Number(version) !== old.revision) throw conflict(resource, name, MODIFIED);
}

/** @throws StatusError 409 */
export function checkDeletePreconditions(
  { kind }: Resource,
  name: string,
  { preconditions }: DeleteOptions,
  old: StoredObject,
): void {
  // The reference names the kind here and not the resource.
  const subject = { group: '', resource: kind, kind };
  const { uid, resourceVersion } = preconditions ?? {};
  if (uid !== undefined && uid !== old.uid) {
    throw conflict(
      subject,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${old.uid}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== String(old.revision)) {
    throw conflict(
      subject,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${old.revision}). The object might have been modified`,
    );
  }
}

/** @throws StatusError 403 */
export function checkStatusAlone(resource: Resource, name: string, given: ObjectMeta, old: ObjectMeta): void {
  const [now, before] = [given, old].map((metadata) =>
    meaningOf('meta.ObjectMeta', { ...metadata, resourceVersion: '' }),
  );
  if (now !== before)
    throw objectForbidden(resource, name, 'only its status may be changed, not its metadata');
}
