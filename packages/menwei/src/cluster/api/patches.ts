/** PATCH of an object (cluster § 7.3). */
import { keptShapeOf } from '../kinds/kept-shape.ts';
import type { ApiObject } from '../schema/object.ts';
import { applyPatch, patchTypeOf } from '../schema/patch/apply-patch.ts';
import { mediaTypeOf, readBody } from './body.ts';
import type { Backing, ResourceExchange } from './exchange.ts';
import { OBJECTS } from './negotiation.ts';
import { encodingOf } from './reads.ts';
import { shapeOf } from './shapes.ts';
import { parseWriteOptions } from './write-options.ts';
import { sendWritten, updateOptionsOf } from './writes.ts';

/** PATCH: JSON, merge or strategic merge, by the Content-Type. @throws StatusError */
export async function patchObject(exchange: ResourceExchange, backing: Backing): Promise<void> {
  const { target, query, request, reply } = exchange;
  const { resource, namespace, name } = target;
  const type = patchTypeOf(mediaTypeOf(request.headers['content-type']));
  const encoding = encodingOf(exchange, backing, OBJECTS);
  const { isDryRun, fieldValidation } = parseWriteOptions('PatchOptions', query);
  const patch = { expected: resource, type, body: await readBody(request), fieldValidation };
  let said: readonly string[] = [];
  const change = (current: ApiObject) => {
    const { object, warnings } = applyPatch(patch, shapeOf(resource, current));
    said = warnings;
    return keptShapeOf(resource, object);
  };
  const options = updateOptionsOf(exchange, isDryRun);
  const result = await backing.registry.change(resource, namespace, name, change, options);
  reply.warn(...said);
  sendWritten(exchange, encoding, result);
}
