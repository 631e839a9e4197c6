/** The OpenAPI documents of all kinds, made from the schema table when somebody first asks (cluster § 5.4). */
import { hash } from 'node:crypto';
import type { Resource } from '../kinds/resource.ts';
import { RESOURCES } from '../kinds/resources.ts';
import type { JsonObject } from '../schema/json.ts';
import { SCHEMA } from '../schema/schema.ts';
import { type Dialect, describeTypes } from './describe-types.ts';
import { encodeDocument } from './gnostic.ts';
import { groupPath, pathsOf } from './operations.ts';

export interface OpenApiDocument {
  readonly bytes: Buffer;
  /** Of the content: for an ETag, and for the `hash` in the index. */
  readonly hash: string;
}

const INFO: JsonObject = { title: 'Kubernetes', version: 'v1.36.2' };
const V2: Dialect = { prefix: '#/definitions/', wrapsReferences: false, allowsOneOf: false };
const V3: Dialect = { prefix: '#/components/schemas/', wrapsReferences: true, allowsOneOf: true };

/** Of each group and version. */
const byPath = Map.groupBy(RESOURCES, groupPath);

/** `/openapi/v3`: where the documents are. */
export const openApiV3Index = once(() => {
  const entries = Array.from(byPath.keys(), (path) => {
    const serverRelativeURL = `/openapi/v3/${path}?hash=${openApiV3Document(path)?.hash}`;
    return [path, { serverRelativeURL }] as const;
  });
  return documentOf(Buffer.from(JSON.stringify({ paths: Object.fromEntries(entries) })));
});

const v3Documents = new Map<string, OpenApiDocument>();

/** @param path `api/v1`, `apis/discovery.k8s.io/v1`. Undefined: there is none. */
export function openApiV3Document(path: string): OpenApiDocument | undefined {
  const resources = byPath.get(path);
  if (resources === undefined) return undefined;
  const known = v3Documents.get(path);
  if (known !== undefined) return known;
  const query = (name: string, type: string) => ({ in: 'query', name, schema: { type } });
  const made = documentOf(
    Buffer.from(
      JSON.stringify({
        openapi: '3.0.0',
        info: INFO,
        paths: pathsOf(resources, query),
        components: { schemas: describeTypes(messagesOf(resources), V3) },
      }),
    ),
  );
  v3Documents.set(path, made);
  return made;
}

const v2Content = once((): JsonObject => {
  const query = (name: string, type: string) => ({ in: 'query', name, type });
  return {
    swagger: '2.0',
    info: INFO,
    paths: pathsOf(RESOURCES, query),
    definitions: describeTypes(messagesOf(RESOURCES), V2),
  };
});

/** `/openapi/v2`; in protobuf as gnostic's `openapi.v2.Document`. */
export const openApiV2 = {
  json: once(() => documentOf(Buffer.from(JSON.stringify(v2Content())))),
  protobuf: once(() => documentOf(encodeDocument(v2Content()))),
};

/** Of the kinds and of their lists. */
function messagesOf(resources: readonly Resource[]): readonly string[] {
  return resources.flatMap(({ message }) => {
    const list = `${message}List`;
    return Object.hasOwn(SCHEMA, list) ? [message, list] : [message];
  });
}

function documentOf(bytes: Buffer): OpenApiDocument {
  return { bytes, hash: hash('sha256', bytes, 'hex').toUpperCase() };
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
