/** GET of one object, and of many: once, or as they change (cluster § 6). */
import { objectNotFound } from '../schema/status-error.ts';
import type { StoredObject } from '../store/store.ts';
import { isCompressed } from './compression.ts';
import { type Encoding, encodeList, encodeObject, type IncludeObject } from './encoding.ts';
import type { Backing, ResourceExchange } from './exchange.ts';
import { parseListOptions, parseRevision, parseWatchOptions, type WatchOptions } from './list-options.ts';
import { listObjects } from './listing.ts';
import { chooseForm, OBJECTS, type Offer, STREAM } from './negotiation.ts';
import { Selection } from './selection.ts';
import { methodNotAllowed } from './target.ts';
import { serveWatch } from './watch.ts';

const KEEP_ALIVE_MS = 30_000;

/** GET of one object. @throws StatusError */
export async function getObject(exchange: ResourceExchange, backing: Backing): Promise<void> {
  const encoding = encodingOf(exchange, backing, OBJECTS);
  const revision = parseRevision(exchange.query.get('resourceVersion') ?? '', 'invalid resource version: ');
  if (revision !== undefined) await backing.revisions.wait(revision);
  sendObject(exchange, encoding, 200, storedObject(exchange, backing));
}

/** @throws StatusError 404 */
export function storedObject({ target, storedAs }: ResourceExchange, { store }: Backing): StoredObject {
  const { resource, namespace, name } = target;
  const stored = store.get(storedAs, namespace, name);
  if (stored === undefined) throw objectNotFound(resource, name);
  return stored;
}

/** GET of a collection. @throws StatusError */
export async function getList(exchange: ResourceExchange, backing: Backing): Promise<void> {
  const { storedAs, query, reply, request } = exchange;
  const { store, revisions } = backing;
  const encoding = encodingOf(exchange, backing, OBJECTS);
  const options = parseListOptions(query);
  const selection = selectionOf(exchange, options);
  const listing = await listObjects(store, revisions, { storedAs, selection, options });
  const bytes = listing.objects.reduce((sum, object) => sum + object.bytes.length, 0);
  const isPacked = isCompressed(request.headers['accept-encoding'], request.socket.remoteAddress, bytes);
  await reply.sendPieces(encoding.form.mediaType, encodeList(encoding, listing), isPacked);
}

/** GET with `watch`: resolves when the watch is over. @throws StatusError before it has begun */
export async function watchList(exchange: ResourceExchange, backing: Backing): Promise<void> {
  const { storedAs, query, reply, request } = exchange;
  // The paths of old, `/watch/…`, are a watch whatever the method.
  if (request.method !== 'GET') throw methodNotAllowed();
  const encoding = encodingOf(exchange, backing, STREAM);
  const options: WatchOptions = parseWatchOptions(query);
  const selection = selectionOf(exchange, options);
  reply.begin(200, encoding.form.mediaType);
  reply.response.flushHeaders();
  // A client that has vanished would be told of changes for ever.
  request.socket.setKeepAlive(true, KEEP_ALIVE_MS);
  await serveWatch(reply.response, { storedAs, selection, options, encoding }, backing);
}

/** @throws StatusError 406 */
export function encodingOf(
  { target, query, request }: ResourceExchange,
  { now }: Backing,
  offer: Offer,
): Encoding {
  return {
    resource: target.resource,
    form: chooseForm(request.headers.accept, query, offer),
    includeObject: includedObject(query.get('includeObject')),
    now,
  };
}

function includedObject(given: string | null): IncludeObject {
  return given === 'None' || given === 'Object' ? given : 'Metadata';
}

/** @throws StatusError 400 */
export function selectionOf(
  { target: { resource, namespace, name } }: ResourceExchange,
  { labelSelector, fieldSelector }: Pick<WatchOptions, 'labelSelector' | 'fieldSelector'>,
): Selection {
  // `/watch/…/<name>`, as clients of old ask for one object.
  const named = name === '' ? fieldSelector : `metadata.name=${name},${fieldSelector}`;
  return new Selection(resource, namespace, labelSelector, named);
}

export function sendObject(
  { reply }: ResourceExchange,
  encoding: Encoding,
  status: number,
  stored: StoredObject,
): void {
  reply.send(status, encoding.form.mediaType, encodeObject(encoding, stored));
}
