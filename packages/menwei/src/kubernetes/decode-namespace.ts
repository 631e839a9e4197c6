import type { V1Namespace } from '@kubernetes/client-node';
import { openObject, readTags } from './decode-metadata.ts';
import type { Decoded } from './decode-reader.ts';
import type { Namespace } from './load-balancer-objects.ts';

/** A core/v1 Namespace: its labels, by which pools choose. */
export function decodeNamespace(value: unknown): Decoded<Namespace> {
  const { reader, metadata } = openObject<V1Namespace>('Namespace', value);
  const labels = readTags(reader, 'metadata.labels', metadata.labels);
  return reader.finish(() => ({ kind: 'Namespace', namespace: '', name: reader.ref.name, labels }));
}
