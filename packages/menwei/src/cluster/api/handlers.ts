/** Who answers what is asked of a resource. */
import { rulesOf } from '../kinds/rules.ts';
import { requireOpenNamespace } from '../registry/namespace-rules.ts';
import type { Backing, ResourceExchange } from './exchange.ts';
import { patchObject } from './patches.ts';
import { getList, getObject, watchList } from './reads.ts';
import { bindToNode, createReview, createToken, evictPod, refuseRunning } from './subresources.ts';
import { methodNotAllowed } from './target.ts';
import { createObject, deleteObject, deleteObjects, updateObject } from './writes.ts';

type Handler = (exchange: ResourceExchange, backing: Backing) => Promise<void> | void;

const HANDLERS: Readonly<Record<string, Handler>> = {
  get: getObject,
  list: getList,
  watch: watchList,
  create: createObject,
  update: updateObject,
  patch: patchObject,
  delete: deleteObject,
  deletecollection: deleteObjects,
};

const SUBRESOURCES: Readonly<Record<string, Handler>> = {
  attach: refuseRunning,
  binding: bindToNode,
  eviction: evictPod,
  exec: refuseRunning,
  log: refuseRunning,
  portforward: refuseRunning,
  token: createToken,
};

/** @throws StatusError */
export async function answerResource(exchange: ResourceExchange, backing: Backing): Promise<void> {
  const { target } = exchange;
  const { standingWarning } = rulesOf(target.resource);
  if (standingWarning !== undefined) exchange.reply.warn(standingWarning);
  if (target.verb === 'create' && target.subresource !== '') {
    // To the rules of namespaces, what is posted to an object is a new one.
    requireOpenNamespace(backing.store, target.namespace, target.resource, target.name);
  }
  await handlerOf(exchange)(exchange, backing);
}

function handlerOf({ target: { resource, verb, subresource } }: ResourceExchange): Handler {
  if (resource.storedAs === undefined) return createReview;
  const handler = SUBRESOURCES[subresource] ?? HANDLERS[verb];
  if (handler === undefined) throw methodNotAllowed();
  return handler;
}
