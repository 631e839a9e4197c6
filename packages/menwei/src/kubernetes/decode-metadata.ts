/** The identity of an object, and what hangs on its metadata. */
import type { V1ObjectMeta } from '@kubernetes/client-node';
import { isDnsLabel, isDnsSubdomain, LABEL_RULE, SUBDOMAIN_RULE } from './decode-names.ts';
import { isAbsent, isFields, ObjectReader, type Unchecked } from './decode-reader.ts';
import { intern, show } from './decode-text.ts';
import type { ObjectRef } from './objects.ts';

/** An object whose identity has been read. */
interface OpenObject<T> {
  readonly reader: ObjectReader;
  readonly raw: Unchecked<T>;
  readonly metadata: Unchecked<V1ObjectMeta>;
}

/** Reads the identity of an object; the names in the reference are checked, or shown in a harmless form. */
export function openObject<T extends { metadata?: V1ObjectMeta }>(
  kind: ObjectRef['kind'],
  value: unknown,
): OpenObject<T> {
  const raw: Unchecked<T> = isFields<T>(value) ? value : {};
  const metadata = isFields<V1ObjectMeta>(raw.metadata) ? raw.metadata : {};
  const { name, namespace } = metadata;
  const namespaced =
    !CLUSTER_WIDE.includes(kind) && !(NAMESPACE_OPTIONAL.includes(kind) && isAbsent(namespace));
  const isLabel = kind === 'Service' || kind === 'Namespace';
  const nameIsValid = typeof name === 'string' && (isLabel ? isDnsLabel(name) : isDnsSubdomain(name));
  const namespaceIsValid = !namespaced || (typeof namespace === 'string' && isDnsLabel(namespace));
  const reader = new ObjectReader({
    kind,
    namespace:
      !namespaced || typeof namespace !== 'string'
        ? ''
        : namespaceIsValid
          ? intern(namespace)
          : show(namespace),
    name: nameIsValid ? name : isAbsent(name) ? '(no name)' : show(name),
  });
  if (!isFields(value)) reader.reject('', `${show(value)} is not an object`);
  if (!nameIsValid) {
    const rule = isLabel ? LABEL_RULE : SUBDOMAIN_RULE;
    reader.reject('metadata.name', isAbsent(name) ? 'missing' : `${show(name)} is not a name (${rule})`);
  }
  if (!namespaceIsValid) {
    const message = isAbsent(namespace) ? 'missing' : `${show(namespace)} is not a namespace (${LABEL_RULE})`;
    reader.reject('metadata.namespace', message);
  }
  return { reader, raw, metadata };
}

const CLUSTER_WIDE: readonly ObjectRef['kind'][] = [
  'Node',
  'ServiceCIDR',
  'Namespace',
  'CiliumLoadBalancerIPPool',
  'CiliumL2AnnouncementPolicy',
];
/** Whose namespace plays no part: files need not name one. */
const NAMESPACE_OPTIONAL: readonly ObjectRef['kind'][] = ['IPAddressPool', 'L2Advertisement'];

/** Labels that can't be read must not be taken for none, which might make the object ours. */
export function readLabels(reader: ObjectReader, { labels }: Unchecked<V1ObjectMeta>): unknown {
  return reader.fields('metadata.labels', labels);
}

/** What is wrong with a label that is there and no string: `kubernetes.io/service-name: yes` is a boolean in YAML. */
export function unreadableTag(tags: unknown, key: string): string | undefined {
  const value = isFields<Record<string, string>>(tags) ? tags[key] : undefined;
  return isAbsent(value) || typeof value === 'string' ? undefined : `${show(value)} is not a string`;
}

/**
 * All labels or annotations but those `without`. One that is no string, which only a file can hold, stays under its name with
 * what is written there: left out, it would let a selector that asks for its absence through.
 */
export function readTags(
  reader: ObjectReader,
  field: string,
  tags: unknown,
  without: readonly string[] = [],
): ReadonlyMap<string, string> {
  if (!isFields<Record<string, string>>(tags)) return NO_TAGS;
  const read = new Map<string, string>();
  for (const [key, value] of Object.entries(tags)) {
    if (without.includes(key)) continue;
    if (typeof value === 'string' || isAbsent(value)) read.set(intern(key), value ?? '');
    else {
      const path = `${field}.${show(key)}`;
      const isTold = reader.problems.some((problem) => problem.field === path);
      if (!isTold) reader.note(path, `${show(value)} is not a string`);
      read.set(intern(key), show(value));
    }
  }
  return read.size === 0 ? NO_TAGS : read;
}

const NO_TAGS: ReadonlyMap<string, string> = new Map();

/** Value of a label or annotation; empty when absent or not a string. */
export function tagOf(tags: unknown, key: string): string {
  const value = isFields<Record<string, string>>(tags) ? tags[key] : undefined;
  return typeof value === 'string' ? value : '';
}

/** Whether a label or annotation exists, whatever its value. */
export function hasTag(tags: unknown, key: string): boolean {
  return isFields<Record<string, string>>(tags) && Object.hasOwn(tags, key);
}

/** Absent in what no API server has seen. */
export function readUid({ uid }: Unchecked<V1ObjectMeta>): { readonly uid?: string } {
  return typeof uid === 'string' && uid !== '' ? { uid } : {};
}

/** Milliseconds since the epoch of an RFC 3339 time; 0 when absent or unreadable. */
export function readTimeMs(value: unknown): number {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? 0 : ms;
}
