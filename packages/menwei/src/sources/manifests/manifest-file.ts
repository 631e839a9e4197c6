/** What one manifest file says: its objects, and what is wrong with it. */

import {
  parseDocuments,
  type RepeatedField,
  type TextDocument,
  type TextError,
} from '@menwei/yaml/documents.ts';
import { type Decoded, decodeObject, watchedKindOf } from '../../kubernetes/decode.ts';
import { openObject } from '../../kubernetes/decode-metadata.ts';
import { isFields } from '../../kubernetes/decode-reader.ts';
import { show } from '../../kubernetes/decode-text.ts';
import { withDefaults } from '../../kubernetes/defaults.ts';
import {
  formatRef,
  type ObjectRef,
  type Problem,
  refKey,
  type WatchedObject,
} from '../../kubernetes/objects.ts';
import { type FollowedKinds, PROXY_KINDS } from '../following.ts';
import { checkAllocations, findUnreadRanges, type PortRange } from './allocation.ts';
import { mirrorEndpoints } from './mirrored-endpoints.ts';
import { findUnknownFields } from './unknown-fields.ts';

/** What is wrong with a file where no object can be named. */
export interface ManifestError {
  readonly file: string;
  readonly line: number | undefined;
  readonly message: string;
}

/** `services.yaml:12: Missing closing "quote` */
export function formatManifestError({ file, line, message }: ManifestError): string {
  return `${file}:${line === undefined ? '' : `${line}:`} ${message}`;
}

interface ManifestObject {
  readonly object: WatchedObject;
  readonly line: number | undefined;
}

/** The objects of a file are keyed by {@link refKey}. */
export interface ManifestFile {
  readonly objects: ReadonlyMap<string, ManifestObject>;
  /** Objects the file means to hold but which can't be used as they stand there. */
  readonly broken: ReadonlySet<string>;
  /** Part of the file could not be read: any object may have stood there. */
  readonly unreadable: boolean;
  readonly problems: readonly Problem[];
  readonly errors: readonly ManifestError[];
  /** What is odd, though it can be used as it is. */
  readonly warnings: readonly ManifestError[];
  /** `v1 ConfigMap`: kinds that are not read. */
  readonly ignoredKinds: ReadonlySet<string>;
}

/** A file of which nothing is known but an error. */
export function unreadableFile(file: string, message: string): ManifestFile {
  return {
    objects: new Map(),
    broken: new Set(),
    unreadable: true,
    problems: [],
    errors: [{ file, line: undefined, message }],
    warnings: [],
    ignoredKinds: new Set(),
  };
}

/**
 * `file` is the name used in messages. Never throws.
 * @param forNames as who answers for names needs it
 */
export function readManifestFile(
  file: string,
  text: string,
  nodePorts: PortRange,
  kinds: FollowedKinds = PROXY_KINDS,
  forNames = false,
): ManifestFile {
  const reading = new FileReading(file, nodePorts, kinds, forNames);
  for (const document of parseDocuments(text)) reading.readDocument(document);
  return reading;
}

/** One value of a document: the document itself, or an item of the list it is. */
interface Item {
  readonly value: unknown;
  readonly line: number | undefined;
  lineOf(field: string): number | undefined;
  readonly repeated: readonly RepeatedField[];
}

const LISTS = new Map<string, { readonly apiVersion: string; readonly kind: string } | undefined>([
  ['v1 List', undefined],
  ['v1 ServiceList', { apiVersion: 'v1', kind: 'Service' }],
  ['v1 NodeList', { apiVersion: 'v1', kind: 'Node' }],
  ['v1 EndpointsList', { apiVersion: 'v1', kind: 'Endpoints' }],
  ['discovery.k8s.io/v1 EndpointSliceList', { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' }],
  ['networking.k8s.io/v1 ServiceCIDRList', { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR' }],
  [
    'networking.k8s.io/v1beta1 ServiceCIDRList',
    { apiVersion: 'networking.k8s.io/v1beta1', kind: 'ServiceCIDR' },
  ],
]);

class FileReading implements ManifestFile {
  readonly objects = new Map<string, ManifestObject>();
  readonly broken = new Set<string>();
  readonly problems: Problem[] = [];
  readonly errors: ManifestError[] = [];
  readonly warnings: ManifestError[] = [];
  readonly ignoredKinds = new Set<string>();
  unreadable = false;
  readonly #file: string;
  readonly #nodePorts: PortRange;

  readonly #kinds: FollowedKinds;
  readonly #forNames: boolean;

  constructor(file: string, nodePorts: PortRange, kinds: FollowedKinds, forNames: boolean) {
    this.#file = file;
    this.#nodePorts = nodePorts;
    this.#kinds = kinds;
    this.#forNames = forNames;
  }

  readDocument(document: TextDocument): void {
    if (document.error !== undefined) this.#addSyntaxProblem(document, document.error);
    else if (document.value !== undefined) this.#readItem(document, true);
  }

  /** A mistake of this program costs the one item that it came to light with. */
  #readItem(item: Item, mayBeList: boolean): void {
    try {
      this.#takeItem(item, mayBeList);
    } catch (error) {
      const name = typeOf(item.value) ?? 'an object';
      const cause = error instanceof Error ? error.message : String(error);
      this.#fail(item.line, `BUG: ${name} could not be read: ${cause}`);
    }
  }

  #addSyntaxProblem(document: TextDocument, { line, message }: TextError): void {
    const kind = this.#kindOf(document.value);
    const reader = kind && openObject(kind, withDefaults(kind, document.value)).reader;
    if (reader === undefined || reader.problems.length > 0) {
      this.#fail(line, message);
    } else {
      this.broken.add(refKey(reader.ref));
      this.#addProblem(reader.ref, '', message, line);
    }
  }

  #takeItem(item: Item, mayBeList: boolean): void {
    const type = typeOf(item.value);
    if (type === undefined) {
      this.#fail(item.lineOf(''), 'not a Kubernetes object: apiVersion or kind is missing');
    } else if (type === 'v1 Endpoints' && this.#kinds.has('EndpointSlice')) {
      this.#warnOfRepeated(
        item,
        formatRef(refOfRaw('EndpointSlice', item.value)).replace(/^\w+/, 'Endpoints'),
      );
      this.#readEndpoints(item);
    } else if (this.#kindOf(item.value) !== undefined) {
      this.#readObject(item, (field) => field);
    } else if (LISTS.has(type)) {
      if (mayBeList) this.#readList(item, type);
      else this.#fail(item.lineOf(''), `${type}: a list within a list`);
    } else {
      this.ignoredKinds.add(type);
    }
  }

  #kindOf(value: unknown): ObjectRef['kind'] | undefined {
    const kind = watchedKindOf(value);
    return kind !== undefined && this.#kinds.has(kind) ? kind : undefined;
  }

  #readList(list: Item, type: string): void {
    const items = isFields<{ items: unknown }>(list.value) ? (list.value.items ?? []) : [];
    if (!Array.isArray(items)) {
      this.#fail(list.lineOf('items'), `${type}: items: ${show(items)} is not a list`);
      return;
    }
    const implied = LISTS.get(type);
    const repeated = shareOut(list.repeated);
    this.#warnOfRepeated({ ...list, repeated: repeated.get(undefined) ?? [] }, type);
    items.forEach((value: unknown, index) => {
      const lineOf = (field: string) => list.lineOf(`items[${index}].${field}`);
      const line = list.line === undefined ? undefined : lineOf('');
      // Items of a typed list don't repeat what they are.
      const object = implied && isFields(value) ? { ...implied, ...value } : value;
      this.#readItem({ value: object, line, lineOf, repeated: repeated.get(index) ?? [] }, false);
    });
  }

  #readEndpoints(item: Item): void {
    const { slices, problem } = mirrorEndpoints(item.value);
    if (problem !== undefined) {
      const { reader } = openObject('EndpointSlice', withDefaults('EndpointSlice', item.value));
      this.#addProblem(reader.ref, problem.field, problem.message, item.lineOf(problem.field));
      this.unreadable = true;
    }
    for (const { value, sourceField } of slices) {
      this.#readObject({ ...item, value, repeated: [] }, sourceField);
    }
  }

  #readObject(item: Item, sourceField: (field: string) => string): void {
    const kind = this.#kindOf(item.value);
    if (kind === undefined) throw new Error('an object of a kind the proxy does not read');
    const raw = withDefaults(kind, item.value);
    const whose = formatRef(refOfRaw(kind, item.value));
    this.#warnOfRepeated(item, whose);
    this.#warnOfUnknown(item, whose);
    const { object, problems } = this.#decode(raw);
    for (const problem of problems) {
      const field = sourceField(problem.field);
      this.#addProblem(problem.object, field, problem.message, item.lineOf(field));
    }
    if (object !== undefined) this.#addObject(object, item);
    else if (problems.length > 0) this.#addBroken(openObject(kind, raw).reader);
  }

  #decode(raw: unknown): Decoded<WatchedObject> {
    const decoded = decodeObject(raw, this.#forNames);
    const { object } = decoded;
    if (object?.kind !== 'Service') return decoded;
    const refused = checkAllocations(raw, object, this.#nodePorts).map((problem) => ({
      object: refOf(object),
      ...problem,
    }));
    const unread = findUnreadRanges(raw, object).map((problem) => ({ object: refOf(object), ...problem }));
    const problems = [...decoded.problems, ...refused, ...unread];
    return { object: refused.length === 0 ? object : undefined, problems };
  }

  #addObject(object: WatchedObject, item: Item): void {
    const key = refKey(object);
    if (!this.objects.has(key)) {
      this.objects.set(key, { object, line: item.line });
      return;
    }
    this.#addProblem(refOf(object), '', 'is in this file twice; the first one is used', item.lineOf(''));
  }

  #addBroken({ ref, problems }: { readonly ref: ObjectRef; readonly problems: readonly Problem[] }): void {
    // An object whose very name can't be read may be any of the file's objects.
    if (problems.length > 0) this.unreadable = true;
    else this.broken.add(refKey(ref));
  }

  #addProblem(object: ObjectRef, field: string, message: string, line: number | undefined): void {
    this.problems.push({ object, field, message, file: this.#file, ...(line === undefined ? {} : { line }) });
  }

  #warnOfRepeated({ repeated }: Item, whose: string): void {
    for (const { field, line } of repeated) {
      const message = `${whose}: ${show(field)} is set more than once; the last one is used`;
      this.warnings.push({ file: this.#file, line, message });
    }
  }

  #warnOfUnknown({ value, lineOf }: Item, whose: string): void {
    for (const field of findUnknownFields(value)) {
      const message = `${whose}: ${show(field)} is not a field of a Service; ignored`;
      this.warnings.push({ file: this.#file, line: lineOf(field), message });
    }
  }

  #fail(line: number | undefined, message: string): void {
    this.unreadable = true;
    this.errors.push({ file: this.#file, line, message });
  }
}

/** `discovery.k8s.io/v1 EndpointSlice`, or undefined for what is no object of Kubernetes. */
function typeOf(value: unknown): string | undefined {
  if (!isFields<{ apiVersion: string; kind: string }>(value)) return undefined;
  const { apiVersion, kind } = value;
  if (typeof apiVersion !== 'string' || apiVersion === '' || typeof kind !== 'string' || kind === '')
    return undefined;
  return `${show(apiVersion)} ${show(kind)}`;
}

function refOf({ kind, namespace, name }: WatchedObject): ObjectRef {
  return { kind, namespace, name };
}

function refOfRaw(kind: ObjectRef['kind'], value: unknown): ObjectRef {
  return openObject(kind, withDefaults(kind, value)).reader.ref;
}

/** Repeated fields of a list by the index of the item they stand in; undefined: in none. */
function shareOut(
  repeated: readonly RepeatedField[],
): ReadonlyMap<number | undefined, readonly RepeatedField[]> {
  return Map.groupBy(
    repeated.map(({ field, line }) => {
      const [, index, inner] = /^items\[(\d+)\]\.(.*)$/s.exec(field) ?? [];
      return inner === undefined ? { field, line } : { index: Number(index), field: inner, line };
    }),
    ({ index }) => index,
  );
}
