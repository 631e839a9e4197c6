/** POST, PUT, PATCH and DELETE of objects: from requests to the registry, and back (cluster § 7). */
import { keptShapeOf } from '../kinds/kept-shape.ts';
import type { UpdateOptions, WriteResult } from '../registry/registry.ts';
import { type BodyFormat, decodeDeleteOptions } from '../schema/decode-body.ts';
import { enforceFieldValidation, type FieldValidation } from '../schema/field-validation.ts';
import type { ApiObject } from '../schema/object.ts';
import { NODES } from '../security/fixed-roles.ts';
import { decodeRequest, formatOf, readBody } from './body.ts';
import { readDeleteOptions } from './delete-options.ts';
import { encodeAnswer, encodeList } from './encoding.ts';
import type { Backing, ResourceExchange } from './exchange.ts';
import { parseListOptions } from './list-options.ts';
import { OBJECTS } from './negotiation.ts';
import { encodingOf, selectionOf, sendObject } from './reads.ts';
import { parseWriteOptions } from './write-options.ts';

/** POST. @throws StatusError */
export async function createObject(exchange: ResourceExchange, backing: Backing): Promise<void> {
  const { target, query } = exchange;
  const encoding = encodingOf(exchange, backing, OBJECTS);
  const { isDryRun, fieldValidation } = parseWriteOptions('CreateOptions', query);
  const object = await readObject(exchange, fieldValidation);
  const { resource, namespace } = target;
  const result = await backing.registry.create(resource, namespace, object, { isDryRun });
  exchange.reply.warn(...result.warnings);
  sendObject(exchange, encoding, 201, result.stored);
}

/** PUT. @throws StatusError */
export async function updateObject(exchange: ResourceExchange, backing: Backing): Promise<void> {
  const { target, query } = exchange;
  const encoding = encodingOf(exchange, backing, OBJECTS);
  const { isDryRun, fieldValidation } = parseWriteOptions('UpdateOptions', query);
  const object = await readObject(exchange, fieldValidation);
  const { resource, namespace, name } = target;
  const options = updateOptionsOf(exchange, isDryRun);
  const result = await backing.registry.update(resource, namespace, name, object, options);
  sendWritten(exchange, encoding, result);
}

/** The object as it is now: 201 if it is new. */
export function sendWritten(
  exchange: ResourceExchange,
  encoding: Parameters<typeof sendObject>[1],
  { stored, isNew, warnings }: WriteResult,
): void {
  exchange.reply.warn(...warnings);
  sendObject(exchange, encoding, isNew ? 201 : 200, stored);
}

/** What the registry is told of a PUT or PATCH besides the object. */
export function updateOptionsOf({ target, user }: ResourceExchange, isDryRun: boolean): UpdateOptions {
  const { subresource } = target;
  if (subresource !== 'status' && subresource !== 'finalize') return { isDryRun };
  // Which Services a pod belongs to is not for its node to say.
  const statusAlone = target.resource.resource === 'pods' && user.groups.includes(NODES);
  return { isDryRun, subresource, statusAlone };
}

/** The object of a body, in the shape in which it is kept. @throws StatusError 400, 413 or 415 */
async function readObject(exchange: ResourceExchange, validation: FieldValidation): Promise<ApiObject> {
  const { request, reply, target } = exchange;
  const { object, faults } = await decodeRequest(request, target.resource);
  reply.warn(...enforceFieldValidation(target.resource, faults, validation));
  return keptShapeOf(target.resource, object);
}

/** DELETE of one object: answers a Status, or the object where that stays or its kind is answered whole. @throws StatusError */
export async function deleteObject(exchange: ResourceExchange, backing: Backing): Promise<void> {
  const { target, reply } = exchange;
  const { resource, namespace, name } = target;
  const encoding = encodingOf(exchange, backing, OBJECTS);
  const options = await readOptions(exchange);
  const { stored, isGone } = await backing.registry.delete(resource, namespace, name, options);
  if (!isGone || ANSWERED_WHOLE.includes(resource.resource))
    return sendObject(exchange, encoding, 200, stored);
  const { group } = resource;
  const answer = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(group === '' ? {} : { group }), kind: resource.resource, uid: stored.uid },
  };
  reply.send(200, encoding.form.mediaType, encodeAnswer(encoding.form, answer));
}

/** Kinds whose deletion answers the object that was. */
const ANSWERED_WHOLE: readonly string[] = ['namespaces', 'pods', 'serviceaccounts', 'services'];

/** DELETE of a collection: answers the list of what was deleted. @throws StatusError */
export async function deleteObjects(exchange: ResourceExchange, backing: Backing): Promise<void> {
  const { target, query, reply } = exchange;
  const { resource, namespace } = target;
  const encoding = encodingOf(exchange, backing, OBJECTS);
  const selection = selectionOf(exchange, parseListOptions(query));
  const options = await readOptions(exchange);
  const objects = await backing.registry.deleteCollection(
    resource,
    namespace === '' ? undefined : namespace,
    (stored) => selection.matches(stored),
    options,
  );
  const listing = { objects, revision: backing.store.revision };
  await reply.sendPieces(encoding.form.mediaType, encodeList(encoding, listing), false);
}

async function readOptions({ request, query }: ResourceExchange) {
  const body = await readBody(request);
  const format: BodyFormat = body.length === 0 ? 'json' : formatOf(request.headers['content-type']);
  return readDeleteOptions(query, decodeDeleteOptions(body, format));
}
