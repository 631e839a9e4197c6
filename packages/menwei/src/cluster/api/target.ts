/** From what a request is about to what the server has: a resource, and what may be done with it. Pure. */
import type { Resource } from '../kinds/resource.ts';
import { findResource, RESOURCES } from '../kinds/resources.ts';
import { StatusError } from '../schema/status-error.ts';
import type { ResourceRequest } from './request-info.ts';

/** One thing that is done with a resource. */
export interface Target {
  readonly resource: Resource;
  readonly verb: string;
  /** Empty for what is cluster-wide, and for all namespaces. */
  readonly namespace: string;
  /** Empty for a collection. */
  readonly name: string;
  readonly subresource: string;
}

/** Which verbs a subresource knows. */
export const SUBRESOURCE_VERBS: Readonly<Record<string, readonly string[]>> = {
  attach: ['create', 'get'],
  binding: ['create'],
  eviction: ['create'],
  exec: ['create', 'get'],
  finalize: ['update'],
  log: ['get'],
  portforward: ['create', 'get'],
  status: ['get', 'patch', 'update'],
  token: ['create'],
};

const ITEM_VERBS: readonly string[] = ['delete', 'get', 'patch', 'update', 'watch'];
const COLLECTION_VERBS: readonly string[] = ['create', 'deletecollection', 'list', 'watch'];

/**
 * @returns undefined: nothing of the group and version is served
 * @throws StatusError 404 for what is not there, 405 for what can't be done with it
 */
export function findTarget(request: ResourceRequest): Target | undefined {
  const { group, version, verb, name, subresource } = request;
  if (!RESOURCES.some((each) => each.group === group && each.version === version)) return undefined;
  const resource = findResource(group, request.resource);
  if (resource === undefined || request.rest.length > 0) throw noSuchResource();
  const namespace = resource.resource === 'namespaces' && group === '' ? '' : request.namespace;
  if (!resource.isNamespaced && namespace !== '') throw noSuchResource();
  if (resource.isNamespaced && name !== '' && namespace === '') throw noSuchResource();
  if (subresource !== '' && !resource.subresources.includes(subresource)) throw noSuchResource();
  if (!verbsAt(resource, name, subresource).includes(verb)) throw methodNotAllowed();
  if (verb === 'create' && resource.isNamespaced && namespace === '') throw methodNotAllowed();
  return { resource, verb, namespace, name, subresource };
}

function verbsAt(resource: Resource, name: string, subresource: string): readonly string[] {
  if (subresource !== '') return SUBRESOURCE_VERBS[subresource] ?? [];
  const place = name === '' ? COLLECTION_VERBS : ITEM_VERBS;
  return place.filter((verb) => resource.verbs.some((own) => own === verb));
}

function noSuchResource(): StatusError {
  return new StatusError({
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
    details: {},
  });
}

/** 405 */
export function methodNotAllowed(): StatusError {
  return new StatusError({
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
    details: {},
  });
}
