/**
 * The schema table: what is known of the shape of every object (Kubernetes' interface numbers and
 * names). All that depends on shape reads it: decoding, pruning, patches, OpenAPI.
 */
import table from './schema.json' with { type: 'json' };

/** One field of a message. */
export interface SchemaField {
  /** Number of the field in protobuf. */
  readonly n: number;
  /** `string bool int32 int64 double bytes`, `map<string,X>`, or the name of a message. */
  readonly t: string;
  /** Name of its type in Go, in errors, where that is not the plain one: `v1.Protocol`. */
  readonly g?: string;
  /** It is a list. */
  readonly r?: number;
  /** Its name in JSON where that differs. */
  readonly j?: string;
  /** Inlined in JSON, nested in protobuf. */
  readonly inl?: number;
  /** A pointer in Go: zero is a value and is kept. */
  readonly p?: number;
  /** Written even when empty; a pointer then as null. */
  readonly z?: number;
  /** Required. */
  readonly q?: number;
  /** Default, where it is a constant. */
  readonly d?: string | number | boolean;
  /** The values that it may have. */
  readonly e?: readonly string[];
  /** Strategy of a strategic merge patch, and the key of its list items. */
  readonly ps?: string;
  readonly pk?: string;
  /** Type of the list for server-side apply, and the keys of its items. */
  readonly lt?: string;
  readonly lk?: readonly string[];
}

interface SchemaMessage {
  /** In the order in which objects are written; the keys are names as protobuf has them. */
  readonly f: Readonly<Record<string, SchemaField>>;
  /** Type of the whole for server-side apply. */
  readonly mt?: string;
}

/** By the name of the message: `core.v1.Service`. */
export type SchemaTable = Readonly<Record<string, SchemaMessage>>;

/** All messages; most code wants `shapeOf` instead. */
export const SCHEMA: SchemaTable = table;
