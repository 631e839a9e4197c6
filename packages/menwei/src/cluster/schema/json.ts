/** JSON as values. Objects have no prototype: `__proto__` is a key like any other. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: JsonValue;
}
