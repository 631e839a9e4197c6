/** What a list gives: which objects, of which state, and where the next page begins (cluster § 6.1). */
import { EventLoopTurn } from '../../scheduling/event-loop.ts';
import { badRequest, expired } from '../schema/status-error.ts';
import type { Store, StoredObject } from '../store/store.ts';
import { type ContinueToken, decodeToken, encodeToken, type Place } from './continue-token.ts';
import type { ListOptions } from './list-options.ts';
import type { Revisions } from './revisions.ts';
import type { Selection } from './selection.ts';

export interface Listing {
  readonly objects: readonly StoredObject[];
  /** Of the state that they are of. */
  readonly revision: number;
  readonly continueToken?: string;
  /** Told if all objects are asked for. */
  readonly remainingItemCount?: number;
}

interface ListRequest {
  readonly storedAs: string;
  readonly selection: Selection;
  readonly options: ListOptions;
}

/** @throws StatusError 400, 410 or 504 */
export async function listObjects(
  store: Store,
  revisions: Revisions,
  request: ListRequest,
): Promise<Listing> {
  const { options, selection } = request;
  const { revision } = options;
  if (options.continueToken !== '') {
    if (revision !== undefined && revision > 0)
      throw badRequest('specifying resource version is not allowed when using continue');
    return listPage(store, request, decodeToken(options.continueToken, selection.namespace ?? ''));
  }
  if (revision !== undefined) await revisions.wait(revision, options.timeoutSeconds);
  const isExact =
    revision !== undefined &&
    revision > 0 &&
    (options.match === 'Exact' || (options.limit > 0 && options.match === ''));
  if (!isExact) return take(request, stateNow(store, request), revision === 0 ? 0 : options.limit);
  const state = stateAt(store, request, revision);
  if (state === undefined) throw expired('The resourceVersion for the provided list is too old.');
  return take(request, state, options.limit);
}

/** Objects as they were at a revision. */
interface State {
  readonly revision: number;
  readonly objects: Iterable<StoredObject>;
  /** Of all objects, whatever is selected. */
  readonly count: number;
}

function stateNow(store: Store, { storedAs, selection }: ListRequest): State {
  return {
    revision: store.revision,
    objects: selection.candidates(store, storedAs),
    count: selection.isOfAll ? store.count(storedAs, selection.namespace) : 0,
  };
}

function stateAt(store: Store, request: ListRequest, revision: number): State | undefined {
  if (revision === store.revision) return stateNow(store, request);
  const objects = store.listAt(revision, request.storedAs, request.selection.namespace);
  return objects === undefined ? undefined : { revision, objects, count: objects.length };
}

async function listPage(store: Store, request: ListRequest, token: ContinueToken): Promise<Listing> {
  const state = token.revision === -1 ? stateNow(store, request) : stateAt(store, request, token.revision);
  if (state !== undefined) return take(request, state, request.options.limit, token.after);
  const { namespace } = request.selection;
  throw expired(CONTINUE_EXPIRED, encodeToken({ revision: -1, after: token.after }, namespace !== undefined));
}

/** What matches, in the order of keys, as far as the limit goes. What there is is fixed before the event loop turns. */
async function take(
  { selection }: ListRequest,
  { revision, objects, count }: State,
  limit: number,
  after?: Place,
): Promise<Listing> {
  if (limit === 0) return { revision, objects: await select(selection, objects, after) };
  const page: StoredObject[] = [];
  let passed = 0;
  for (const object of objects) {
    if (page.length === limit) {
      if (!selection.matches(object)) continue;
      const continueToken = tokenAfter(revision, page, selection);
      return selection.isOfAll
        ? { revision, objects: page, continueToken, remainingItemCount: count - passed }
        : { revision, objects: page, continueToken };
    }
    passed++;
    if (isAfter(object, after) && selection.matches(object)) page.push(object);
  }
  return { revision, objects: page };
}

async function select(
  selection: Selection,
  objects: Iterable<StoredObject>,
  after: Place | undefined,
): Promise<readonly StoredObject[]> {
  const all = [...objects];
  if (selection.isOfAll && after === undefined) return all;
  const turn = new EventLoopTurn();
  const selected: StoredObject[] = [];
  for (const object of all) {
    if (isAfter(object, after) && selection.matches(object)) selected.push(object);
    await turn.rest();
  }
  return selected;
}

function tokenAfter(revision: number, page: readonly StoredObject[], selection: Selection): string {
  const last = page.at(-1);
  if (last === undefined) throw new Error('BUG: a page without objects goes on');
  return encodeToken({ revision, after: last }, selection.namespace !== undefined);
}

/** In the order of keys, which a slash is part of. */
function isAfter(place: Place, other: Place | undefined): boolean {
  return other === undefined || keyOf(place) > keyOf(other);
}

function keyOf({ namespace, name }: Place): string {
  return `${namespace}/${name}`;
}

const CONTINUE_EXPIRED =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
  'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
  'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
  'deleted between the time the first chunk was returned and now may show up in the list.';
