/** Objects as the body of an answer: as they are, as their metadata alone, or as rows of a Table (cluster § 8.1). */
import { formatYaml } from '@menwei/yaml/format.ts';
import type { ColumnDefinition } from '../kinds/kind-rules.ts';
import type { Resource } from '../kinds/resource.ts';
import { rulesOf } from '../kinds/rules.ts';
import { canonicalForm } from '../schema/canonical-form.ts';
import { type ApiObject, apiVersionOf } from '../schema/object.ts';
import type { MessageName } from '../schema/shape.ts';
import type { StoredObject } from '../store/store.ts';
import { parseStored } from '../store/stored-object.ts';
import type { Listing } from './listing.ts';
import type { Form } from './negotiation.ts';
import { bytesOf, headOf, shapeOf } from './shapes.ts';

/** What goes into the `object` of a row. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** All that says how objects are written. */
export interface Encoding {
  readonly resource: Resource;
  readonly form: Form;
  readonly includeObject: IncludeObject;
  /** Milliseconds since the epoch; ages in rows are of the moment at which they are written. */
  readonly now: () => number;
}

/** One object. */
export function encodeObject(encoding: Encoding, stored: StoredObject): Buffer {
  const { form, resource } = encoding;
  switch (form.as) {
    case 'Object':
      return inMediaType(form, bytesOf(resource, stored));
    case 'PartialObjectMetadata':
      return inMediaType(
        form,
        Buffer.from(JSON.stringify(partial(form, shapeOf(resource, parseStored(stored))))),
      );
    case 'Table':
      return inMediaType(form, Buffer.from(JSON.stringify(tableOf(encoding, [stored], stored.revision))));
  }
}

/** One that is answered and not kept, of a message of the schema. */
export function encodeReview(form: Form, message: MessageName, object: ApiObject): Buffer {
  const { kind, apiVersion, metadata, ...fields } = canonicalForm(message, object);
  const { resourceVersion: _, ...own } = metadata;
  return encodeAnswer(form, { kind, apiVersion, metadata: own, ...fields });
}

/** A Status. */
export function encodeAnswer(form: Form, object: object): Buffer {
  return inMediaType(form, Buffer.from(JSON.stringify(object)));
}

/** A list in pieces: each is made when it is asked for, so that a long one holds nobody up. */
export function* encodeList(encoding: Encoding, listing: Listing): Iterable<Buffer> {
  if (isPlain(encoding.form)) {
    yield* listPieces(encoding, listing);
  } else {
    yield* formattedPieces(encoding, listing);
  }
}

/** As the whole list would be formatted, but for a long one that takes seconds. */
function* formattedPieces(encoding: Encoding, listing: Listing): Iterable<Buffer> {
  const { form, resource } = encoding;
  const whole = Buffer.concat([...listPieces(encoding, { ...listing, objects: [] })]);
  if (listing.objects.length === 0) {
    yield inMediaType(form, whole);
    return;
  }
  const isYaml = form.mediaType === 'application/yaml';
  const name = itemsOf(form);
  const { [name]: _, ...head } = JSON.parse(whole.toString());
  yield Buffer.from(
    isYaml
      ? `${formatYaml(head)}${name}:\n`
      : `${JSON.stringify(head, undefined, 2).slice(0, -2)},\n  "${name}": [`,
  );
  const headBytes = Buffer.byteLength(headOf(resource));
  let isFirst = true;
  for (const stored of listing.objects) {
    const item: unknown = JSON.parse(Buffer.concat([...itemPieces(encoding, stored, headBytes)]).toString());
    yield Buffer.from(isYaml ? formatYaml([item]) : `${isFirst ? '' : ','}\n${formatItem(item)}`);
    isFirst = false;
  }
  if (!isYaml) yield Buffer.from('\n  ]\n}\n');
}

/** Two levels in. */
function formatItem(item: unknown): string {
  return JSON.stringify(item, undefined, 2).replaceAll(/^/gm, '    ');
}

function* listPieces(encoding: Encoding, listing: Listing): Iterable<Buffer> {
  const { form, resource } = encoding;
  const { revision, continueToken, remainingItemCount } = listing;
  const metadata = JSON.stringify({
    resourceVersion: String(revision),
    continue: continueToken,
    remainingItemCount,
  });
  const [kind, apiVersion] =
    form.as === 'Object'
      ? [`${resource.kind}List`, apiVersionOf(resource)]
      : [form.as === 'Table' ? 'Table' : `${form.as}List`, metaVersion(form)];
  const columns = form.as === 'Table' ? `"columnDefinitions":${JSON.stringify(columnsOf(resource))},` : '';
  yield Buffer.from(
    `{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":${metadata},${columns}"${itemsOf(form)}":[`,
  );
  const headBytes = Buffer.byteLength(headOf(resource));
  let isFirst = true;
  for (const stored of listing.objects) {
    if (!isFirst) yield COMMA;
    isFirst = false;
    yield* itemPieces(encoding, stored, headBytes);
  }
  yield END;
}

/** @param headBytes of the resource's objects: the same for all items */
function* itemPieces(encoding: Encoding, stored: StoredObject, headBytes: number): Iterable<Buffer> {
  const { form, resource } = encoding;
  if (form.as === 'Object') {
    yield BRACE;
    yield bytesOf(resource, stored).subarray(headBytes);
  } else {
    const item =
      form.as === 'Table' ? rowOf(encoding, stored) : partial(form, shapeOf(resource, parseStored(stored)));
    yield Buffer.from(JSON.stringify(item));
  }
}

function itemsOf({ as }: Form): 'rows' | 'items' {
  return as === 'Table' ? 'rows' : 'items';
}

const COMMA = Buffer.from(',');
const BRACE = Buffer.from('{');
const END = Buffer.from(']}');

/** @param columns null: the client has them */
export function tableOf(
  encoding: Encoding,
  rows: readonly StoredObject[],
  revision: number,
  columns: readonly ColumnDefinition[] | null = columnsOf(encoding.resource),
): object {
  return {
    kind: 'Table',
    apiVersion: metaVersion(encoding.form),
    metadata: { resourceVersion: String(revision) },
    columnDefinitions: columns,
    rows: rows.map((stored) => rowOf(encoding, stored)),
  };
}

function rowOf({ resource, form, includeObject, now }: Encoding, stored: StoredObject): object {
  // Rows are made of objects as they are kept, whatever shape is asked for.
  const kept = parseStored(stored);
  const { cells, conditions } = rulesOf(resource).table.row(kept, now());
  const object = includeObject === 'None' ? null : shapeOf(resource, kept);
  const included = object === null || includeObject === 'Object' ? object : partial(form, object);
  return { cells, ...(conditions === undefined ? {} : { conditions }), object: included };
}

function columnsOf(resource: Resource): readonly ColumnDefinition[] {
  return rulesOf(resource).table.columns;
}

function partial(form: Form, { metadata }: Pick<ApiObject, 'metadata'>): object {
  return { kind: 'PartialObjectMetadata', apiVersion: metaVersion(form), metadata };
}

/** The `apiVersion` of what is no object of a kind. */
export function metaVersion({ version }: Form): string {
  return `meta.k8s.io/${version}`;
}

function inMediaType(form: Form, json: Buffer): Buffer {
  if (isPlain(form)) return json;
  const value: unknown = JSON.parse(json.toString());
  const text =
    form.mediaType === 'application/yaml' ? formatYaml(value) : `${JSON.stringify(value, undefined, 2)}\n`;
  return Buffer.from(text);
}

/** What is at hand can be sent as it is. */
function isPlain({ mediaType, isPretty }: Form): boolean {
  return mediaType === 'application/json' && !isPretty;
}
