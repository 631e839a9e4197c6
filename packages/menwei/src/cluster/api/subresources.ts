/** POST to what is no part of an object: reviews, tokens, evictions; and what needs pods that run (cluster § 3.2, 8). */
import { bindPod, checkBinding } from '../kinds/pod/binding.ts';
import type { DeleteOptions } from '../registry/registry.ts';
import { enforceFieldValidation } from '../schema/field-validation.ts';
import type { ApiObject } from '../schema/object.ts';
import { badRequest, StatusError } from '../schema/status-error.ts';
import { decodeRequest } from './body.ts';
import { readDeleteOptions } from './delete-options.ts';
import { encodeAnswer, encodeReview } from './encoding.ts';
import type { Backing, ResourceExchange } from './exchange.ts';
import { ANSWERS } from './negotiation.ts';
import { encodingOf, storedObject } from './reads.ts';
import { parseWriteOptions } from './write-options.ts';

const EVICTION = { group: 'policy', version: 'v1', kind: 'Eviction', message: 'policy.v1.Eviction' } as const;
const BINDING = { group: '', version: 'v1', kind: 'Binding', message: 'core.v1.Binding' } as const;
const TOKEN_REQUEST = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenRequest',
  message: 'authentication.v1.TokenRequest',
} as const;

const DONE = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };

/** An object that is answered and not kept. */
export async function createReview(exchange: ResourceExchange, backing: Backing): Promise<void> {
  const { target, query, request, reply, user } = exchange;
  const { form } = encodingOf(exchange, backing, ANSWERS);
  const { fieldValidation } = parseWriteOptions('CreateOptions', query);
  const { object, faults } = await decodeRequest(request, target.resource);
  reply.warn(...enforceFieldValidation(target.resource, faults, fieldValidation));
  const answered = backing.access.review(target.resource, target.namespace, object, user);
  reply.send(201, form.mediaType, encodeReview(form, target.resource.message, answered));
}

/** `serviceaccounts/<name>/token` */
export async function createToken(exchange: ResourceExchange, backing: Backing): Promise<void> {
  const { target, request, reply } = exchange;
  const { form } = encodingOf(exchange, backing, ANSWERS);
  const { object } = await decodeRequest(request, TOKEN_REQUEST);
  const answered = backing.access.issueToken(target.namespace, target.name, object);
  reply.send(201, form.mediaType, encodeReview(form, TOKEN_REQUEST.message, answered));
}

/** `pods/<name>/eviction`: a deletion that would heed disruption budgets if there were any. */
export async function evictPod(exchange: ResourceExchange, backing: Backing): Promise<void> {
  const { target, query, request, reply } = exchange;
  const { form } = encodingOf(exchange, backing, ANSWERS);
  const { isDryRun } = parseWriteOptions('CreateOptions', query);
  const { object } = await decodeRequest(request, EVICTION);
  const { name = '' } = object.metadata;
  if (name !== '' && name !== target.name)
    throw badRequest(`name in URL does not match name in Eviction object: ${target.name} != ${name}`);
  const options: DeleteOptions = readDeleteOptions(new URLSearchParams(), object.deleteOptions ?? {});
  await backing.registry.delete(target.resource, target.namespace, target.name, {
    ...options,
    ...(isDryRun ? { isDryRun } : {}),
  });
  reply.send(201, form.mediaType, encodeAnswer(form, DONE));
}

/** `pods/<name>/binding`: what a scheduler says. */
export async function bindToNode(exchange: ResourceExchange, backing: Backing): Promise<void> {
  const { target, query, request, reply } = exchange;
  const { form } = encodingOf(exchange, backing, ANSWERS);
  const { isDryRun } = parseWriteOptions('CreateOptions', query);
  const { object: binding } = await decodeRequest(request, BINDING);
  checkBinding(binding, target.name);
  const bind = (pod: ApiObject) => bindPod(pod, binding, Date.now());
  await backing.registry.change(target.resource, target.namespace, target.name, bind, {
    subresource: 'binding',
    ...(isDryRun ? { isDryRun } : {}),
  });
  reply.send(201, form.mediaType, encodeAnswer(form, DONE));
}

/** What only a kubelet could do. @throws StatusError 404 or 501 */
export function refuseRunning(exchange: ResourceExchange, backing: Backing): never {
  storedObject(exchange, backing);
  const { resource, name, subresource } = exchange.target;
  throw new StatusError({
    code: 501,
    reason: 'NotImplemented',
    message: `${resource.resource} ${JSON.stringify(name)}: ${subresource} is not possible here: no pod runs in this cluster; use "menwei lab run" for what runs in a lab`,
    details: { name, kind: resource.resource },
  });
}
