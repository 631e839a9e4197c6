/**
 * What one kind demands: defaults, validation, warnings, selectable fields, rows of a Table. Pure: an object, and the one before
 * it, as arguments; time as an argument. The steps of a write call these in the order of cluster § 7:
 *
 *   decode → defaults → prepare → (allocation) → validate → canonical form → commit
 */
import type { FieldError } from '../schema/field-error.ts';
import type { ApiObject } from '../schema/object.ts';

/** Methods rather than function properties, so that rules for a Service are rules for an object of a table of all kinds. */
export interface KindRules<Kind extends ApiObject = ApiObject> {
  /** Fills in what was not given; on every write, before all else. With its defaults, an object is as with them again. */
  defaults(object: Kind): Kind;
  /** Whether `metadata.generation` is counted: from 1, and +1 with every change but of metadata and status. */
  readonly countsGeneration?: boolean;
  /** PUT of a name that does not exist creates it. */
  readonly createsOnUpdate?: boolean;
  /** An update must name the resourceVersion that it changes. */
  readonly needsResourceVersion?: boolean;
  /** What a create may not set is dropped (status), what it must have is set. */
  prepareForCreate?(object: Kind, nowMs: number): Kind;
  /** The same for an update of the main path: status stays as it was. */
  prepareForUpdate?(object: Kind, old: Kind): Kind;
  /** The same for an update of `/status`: all but status stays as it was. Absent: the generic one. */
  prepareForStatusUpdate?(object: Kind, old: Kind): Kind;
  /** What the metadata's own validation does not cover; on create and, before {@link validateUpdate}, on update. */
  validate(object: Kind, old?: Kind): readonly FieldError[];
  /** What may not change, and what else only an update must fulfil. */
  validateUpdate?(object: Kind, old: Kind): readonly FieldError[];
  /** On an update of `/status`, in the place of the two above. */
  validateStatusUpdate?(object: Kind, old: Kind): readonly FieldError[];
  /** On an update of `/finalize`, likewise. */
  validateFinalize?(object: Kind, old: Kind): readonly FieldError[];
  /** `metadata.name` must be: a DNS subdomain unless the rules say something else. Errors without the field. */
  validateName?(name: string): readonly string[];
  /** Texts for `Warning` headers, on create and update. */
  warnings?(object: Kind, old?: Kind): readonly string[];
  /** A text for the `Warning` header of every answer about the kind (Endpoints are deprecated). */
  readonly standingWarning?: string;
  /** Field selectors besides `metadata.name` and `metadata.namespace`: each field with its value, `''` where unset. */
  selectableFields?(object: Kind): Readonly<Record<string, string>>;
  /** All names that {@link selectableFields} gives; a selector with another one is refused. Absent: none. */
  readonly fieldNames?: readonly string[];
  readonly table: TableRules<Kind>;
}

/** As a Table has it (meta.k8s.io). */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  /** `name` for the name's column, else empty. */
  readonly format: string;
  readonly description: string;
  /** 1: shown with `-o wide` only. */
  readonly priority: 0 | 1;
}

/** What `kubectl get` shows of a kind. */
export interface TableRules<Kind extends ApiObject = ApiObject> {
  readonly columns: readonly ColumnDefinition[];
  row(object: Kind, nowMs: number): TableRow;
}

/** Cells in the order of the columns. */
export interface TableRow {
  readonly cells: readonly (string | number | boolean)[];
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason: string;
    readonly message: string;
  }[];
}
