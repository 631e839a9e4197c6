import { arbitraryMessage } from '@menwei/testing/cluster/arbitrary-objects.ts';
import { encodeBody } from '@menwei/testing/cluster/protobuf.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalForm } from './canonical-form.ts';
import { type BodyFormat, decodeBody } from './decode-body.ts';
import type { JsonObject } from './json.ts';
import type { ApiObject } from './object.ts';
import { applyPatch, type PatchType } from './patch/apply-patch.ts';
import { StatusError } from './status-error.ts';

const kind = <Message extends string>(group: string, name: string, message: Message) => ({
  group,
  version: 'v1',
  kind: name,
  message,
});
const KINDS = [
  kind('', 'Service', 'core.v1.Service'),
  kind('', 'Endpoints', 'core.v1.Endpoints'),
  kind('', 'Pod', 'core.v1.Pod'),
  kind('', 'Node', 'core.v1.Node'),
  kind('', 'Event', 'core.v1.Event'),
  kind('', 'ConfigMap', 'core.v1.ConfigMap'),
  kind('discovery.k8s.io', 'EndpointSlice', 'discovery.v1.EndpointSlice'),
  kind('coordination.k8s.io', 'Lease', 'coordination.v1.Lease'),
  kind('networking.k8s.io', 'Ingress', 'networking.v1.Ingress'),
  kind('apps', 'Deployment', 'apps.v1.Deployment'),
  kind('authorization.k8s.io', 'SubjectAccessReview', 'authorization.v1.SubjectAccessReview'),
] as const;
type Kind = (typeof KINDS)[number];

const ANY_KIND = fc.constantFrom(...KINDS);
const anyObject = ANY_KIND.chain((expected) =>
  arbitraryMessage(expected.message).map((body) => ({
    expected,
    object: { ...headerOf(expected), ...body },
  })),
);

function headerOf({ kind: name, group, version }: Kind): JsonObject {
  return { kind: name, apiVersion: group === '' ? version : `${group}/${version}` };
}

const jsonBytes = (object: unknown) => Buffer.from(JSON.stringify(object));
const canonicalText = (expected: Kind, body: Uint8Array, format: BodyFormat) =>
  JSON.stringify(canonicalForm(expected.message, decodeBody(expected, body, format).object));

describe('an object of any kind', () => {
  it('is the same, whether it came as JSON or as protobuf', () => {
    fc.assert(
      fc.property(anyObject, ({ expected, object }) => {
        const asJson = decodeBody(expected, jsonBytes(object), 'json');
        const asProtobuf = decodeBody(expected, encodeBody(expected.message, object), 'protobuf');
        expect(asJson.faults).toEqual([]);
        expect(asProtobuf).toEqual(asJson);
      }),
      { numRuns: 150 },
    );
  });

  it('is the same, whether it came as JSON or as YAML', () => {
    fc.assert(
      fc.property(anyObject, ({ expected, object }) => {
        const body = jsonBytes(object);
        expect(canonicalText(expected, body, 'yaml')).toBe(canonicalText(expected, body, 'json'));
      }),
      { numRuns: 100 },
    );
  });

  it('has one canonical form, which reads as itself', () => {
    fc.assert(
      fc.property(anyObject, ({ expected, object }) => {
        const once = canonicalText(expected, jsonBytes(object), 'json');
        expect(canonicalText(expected, Buffer.from(once), 'json')).toBe(once);
        expect(JSON.parse(once).metadata).toHaveProperty('resourceVersion');
      }),
      { numRuns: 150 },
    );
  });

  it('stays as it is when it is merged with itself', () => {
    fc.assert(
      fc.property(anyObject, ({ expected, object }) => {
        const { object: decoded } = decodeBody(expected, jsonBytes(object), 'json');
        const current = canonicalForm<ApiObject>(expected.message, decoded);
        const patch = {
          expected,
          type: 'merge',
          body: jsonBytes(current),
          fieldValidation: 'Strict',
        } as const;
        const patched = canonicalForm(expected.message, applyPatch(patch, current).object);
        expect(JSON.stringify(patched)).toBe(JSON.stringify(current));
      }),
      { numRuns: 200 },
    );
  });
});

/** What `work` is refused with, or undefined. Anything else is thrown on. */
function refusalOf(work: () => unknown): StatusError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
}

const isClientsFault = (refusal: StatusError | undefined) =>
  refusal === undefined || (refusal.code >= 400 && refusal.code < 500);

/** Right bodies with some bytes changed, left out or put in. */
const damaged = (body: fc.Arbitrary<Uint8Array>) =>
  fc
    .tuple(
      body,
      fc.array(fc.tuple(fc.nat(), fc.nat({ max: 2 }), fc.uint8Array({ maxLength: 3 })), { maxLength: 4 }),
    )
    .map(([right, edits]) => {
      let bytes = Buffer.from(right);
      for (const [where, length, instead] of edits) {
        const at = where % (bytes.length + 1);
        bytes = Buffer.concat([bytes.subarray(0, at), instead, bytes.subarray(at + length)]);
      }
      return bytes;
    });

const anyBody = (format: BodyFormat) =>
  fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    damaged(
      anyObject.map(({ expected, object }) =>
        format === 'protobuf' ? encodeBody(expected.message, object) : jsonBytes(object),
      ),
    ),
  );

describe('any bytes', () => {
  it.each<BodyFormat>(['json', 'yaml', 'protobuf'])('as %s give an object or a refusal', (format) => {
    fc.assert(
      fc.property(ANY_KIND, anyBody(format), (expected, body) => {
        const refusal = refusalOf(() => canonicalText(expected, body, format));
        expect(isClientsFault(refusal)).toBe(true);
      }),
      { numRuns: 250 },
    );
  });

  it.each<PatchType>(['json', 'merge', 'strategic'])('as a %s patch give an object or a refusal', (type) => {
    const values = fc.oneof(
      fc.constantFrom('delete', 'replace', 'merge', 80, null, '/spec', '/metadata/labels/a', 'add', 'copy'),
      fc.jsonValue(),
    );
    const keys = fc.constantFrom(
      'spec',
      'metadata',
      'ports',
      'port',
      'containers',
      'name',
      'finalizers',
      'labels',
      'op',
      'path',
      'from',
      'value',
      '$patch',
      '$retainKeys',
      '$setElementOrder/ports',
      '$setElementOrder/finalizers',
      '$deleteFromPrimitiveList/finalizers',
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        values,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(keys, tie('tree'), { maxKeys: 4 }),
      ),
    }));
    const patches = fc.oneof(tree.map(jsonBytes), damaged(tree.map(jsonBytes)));
    fc.assert(
      fc.property(anyObject, patches, ({ expected, object }, body) => {
        const { object: decoded } = decodeBody(expected, jsonBytes(object), 'json');
        const current = canonicalForm<ApiObject>(expected.message, decoded);
        const refusal = refusalOf(() => {
          const patched = applyPatch({ expected, type, body, fieldValidation: 'Warn' }, current);
          canonicalForm(expected.message, patched.object);
        });
        expect(isClientsFault(refusal)).toBe(true);
      }),
      { numRuns: 250 },
    );
  });
});
