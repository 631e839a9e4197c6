import type { V1Lease, V1LeaseSpec } from '@kubernetes/client-node';
import { openObject, readTags, readTimeMs } from './decode-metadata.ts';
import { type Decoded, isAbsent } from './decode-reader.ts';
import { show } from './decode-text.ts';
import type { Lease } from './load-balancer-objects.ts';

const MOST_SECONDS = 2 ** 31 - 1;

/** A coordination.k8s.io/v1 Lease. One that can't be read is none: the last good version stays, and grows old. */
export function decodeLease(value: unknown): Decoded<Lease> {
  const { reader, raw, metadata } = openObject<V1Lease>('Lease', value);
  const spec = reader.fields<V1LeaseSpec>('spec', raw.spec);
  const holderIdentity = reader.text('spec.holderIdentity', spec.holderIdentity);
  const { leaseDurationSeconds, renewTime } = spec;
  const seconds = isAbsent(leaseDurationSeconds)
    ? 0
    : reader.integer('spec.leaseDurationSeconds', leaseDurationSeconds, 0, MOST_SECONDS);
  const renewTimeMs = readTimeMs(renewTime);
  if (!isAbsent(renewTime) && renewTimeMs === 0) {
    reader.reject('spec.renewTime', `${show(renewTime)} is not a time`);
  }
  const annotations = readTags(reader, 'metadata.annotations', metadata.annotations);
  return reader.finish(() => ({
    kind: 'Lease',
    namespace: reader.ref.namespace,
    name: reader.ref.name,
    holderIdentity,
    leaseDurationMs: seconds * 1000,
    renewTimeMs,
    annotations,
  }));
}
