import { describe, expect, it } from 'vitest';
import { StatusError } from '../schema/status-error.ts';
import { isCompressed } from './compression.ts';
import { ANSWERS, chooseForm, OBJECTS, type Offer, STREAM } from './negotiation.ts';

function chosen(accept: string | undefined, offer: Offer = OBJECTS): string {
  try {
    const { mediaType, as, version } = chooseForm(accept, new URLSearchParams(), offer);
    return as === 'Object' ? mediaType : `${mediaType} ${as} ${version}`;
  } catch (error) {
    return error instanceof StatusError ? error.message : 'failed';
  }
}

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const ONLY = 'only the following media types are accepted: application/json, application/yaml';
const UNKNOWN = '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml';

describe('the form of an answer', () => {
  it.each([
    ['no header', undefined, 'application/json'],
    ['anything', '*/*', 'application/json'],
    ['a kind of type', 'application/*', 'application/json'],
    ['YAML', 'application/yaml', 'application/yaml'],
    ['the more wanted', 'application/json;q=0.5, application/yaml', 'application/yaml'],
    ['what kubectl gets with', `${TABLE},application/json`, 'application/json Table v1'],
    [
      'what old kubectl gets with',
      'application/json;as=Table;v=v1beta1;g=meta.k8s.io',
      'application/json Table v1beta1',
    ],
    [
      'metadata of many',
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
      'application/json PartialObjectMetadata v1',
    ],
    ['what kubectl sends typed', 'application/vnd.kubernetes.protobuf,application/json', 'application/json'],
    ['what kube-proxy sends', 'application/vnd.kubernetes.protobuf, */*', 'application/json'],
    ['protobuf alone', 'application/vnd.kubernetes.protobuf', ONLY],
    ['CBOR alone', 'application/cbor', ONLY],
    ['another type', 'application/nope', UNKNOWN],
    ['another version of Tables', 'application/json;as=Table;v=v9;g=meta.k8s.io', ONLY],
    ['another kind', 'application/json;as=constructor;v=v1;g=meta.k8s.io', ONLY],
    ['a refused type', 'application/json;q=0', UNKNOWN],
  ])('for %s', (_, accept, expected) => {
    expect(chosen(accept)).toBe(expected);
  });

  it('is no Table where there are no objects, and no YAML in a stream', () => {
    expect(chosen(TABLE, ANSWERS)).toBe(ONLY);
    expect(chosen('application/yaml', STREAM)).toBe(ONLY);
    expect(chosen('application/json;stream=watch', STREAM)).toBe('application/json');
    expect(chosen('application/json;stream=watch')).toBe(ONLY);
  });
});

it.each([
  ['gzip', '192.0.2.1', 200_000, true],
  ['deflate, gzip;q=0.5', '2001:db8::1', 200_000, true],
  ['gzip', '192.0.2.1', 100_000, false],
  ['gzip', '127.0.0.1', 200_000, false],
  ['gzip', '::ffff:127.0.0.1', 200_000, false],
  ['gzip', '::1', 200_000, false],
  ['gzip;q=0', '192.0.2.1', 200_000, false],
  ['br', '192.0.2.1', 200_000, false],
  [undefined, '192.0.2.1', 200_000, false],
])('compresses for "%s" from %s %i bytes: %s', (accept, peer, bytes, expected) => {
  expect(isCompressed(accept, peer, bytes)).toBe(expected);
});
