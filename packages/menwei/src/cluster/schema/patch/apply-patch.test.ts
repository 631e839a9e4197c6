import { object, POD, patch, patched, refusal, status, WEB } from '@menwei/testing/cluster/patching.ts';
import { describe, expect, it } from 'vitest';
import { patchTypeOf } from './apply-patch.ts';

describe('a merge patch', () => {
  it('merges objects, replaces lists, and null deletes', () => {
    const { spec, metadata } = patched('merge', WEB, {
      metadata: { labels: { a: 'b', gone: null } },
      spec: { ports: [{ port: 81 }], selector: { app: null, run: 'x' }, type: null },
    });
    expect(metadata).toEqual({ name: 'p', labels: { a: 'b' } });
    expect(spec).toEqual({ ports: [{ port: 81 }], selector: { run: 'x' } });
  });

  it('takes fields out of objects in lists, too', () => {
    const { spec } = patched('merge', WEB, { spec: { ports: [{ port: 81, name: null }] } });
    expect(spec.ports).toEqual([{ port: 81 }]);
    const limits = { cpu: null, memory: '1' };
    const pod = object(POD, { spec: { containers: [] } });
    const { containers } = patched('merge', pod, {
      spec: { containers: [{ name: 'a', resources: { limits } }] },
    }).spec;
    expect(containers[0].resources.limits).toEqual({ memory: '1' });
  });

  it.each([
    ['{', status(400, 'BadRequest', 'error decoding patch: unexpected end of JSON input')],
    [
      '[]',
      status(
        400,
        'BadRequest',
        'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
      ),
    ],
  ])('that is %s is refused', (body, expected) => {
    expect(refusal(() => patch('merge', WEB, body))).toEqual(expected);
  });

  it('may not make another kind of the object', () => {
    expect(refusal(() => patch('merge', WEB, { kind: 'Pod' }))).toMatchObject({
      code: 422,
      reason: 'Invalid',
    });
    expect(patched('merge', WEB, { kind: 'Service', apiVersion: 'v1' }).kind).toBe('Service');
  });
});

describe('fields that a patch must not have', () => {
  it('refuse a strict patch, in the words of the reference', () => {
    const message =
      'Invalid value: "map[spec:map[nope:1]]": strict decoding error: unknown field "spec.nope"';
    expect(refusal(() => patch('strategic', WEB, { spec: { nope: 1 } }, 'Strict'))).toEqual(
      status(422, 'Invalid', ` "" is invalid: patch: ${message}`, {
        causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }],
      }),
    );
  });

  it('are warned of, and left out', () => {
    const { object: result, warnings } = patch(
      'merge',
      WEB,
      '{"spec":{"nope":1,"type":"A","type":"NodePort"}}',
    );
    expect(warnings).toEqual(['duplicate field "spec.type"', 'unknown field "spec.nope"']);
    expect(result).toMatchObject({ spec: { type: 'NodePort' } });
    expect(JSON.stringify(result)).not.toContain('nope');
    expect(patch('merge', WEB, { spec: { nope: 1 } }, 'Ignore').warnings).toEqual([]);
    const operation = { op: 'test', path: '/kind', value: 'Service', more: 1 };
    expect(patch('json', WEB, [operation]).warnings).toEqual(['json patch unknown field "[0].more"']);
  });

  it('do not stand in the object as a newer version has left it', () => {
    const newer = { ...WEB, spec: { ...Object(WEB).spec, fromTheFuture: 1 } };
    expect(patch('merge', newer, { metadata: { labels: { a: 'b' } } }, 'Strict').warnings).toEqual([]);
  });

  it('of a wrong type refuse every patch', () => {
    expect(refusal(() => patch('merge', WEB, { spec: { ports: 5 } }, 'Ignore'))).toMatchObject({
      code: 422,
      reason: 'Invalid',
    });
  });
});

it('types of patches are known by their media type, server-side apply not yet', () => {
  expect(patchTypeOf('application/merge-patch+json')).toBe('merge');
  for (const type of ['application/json', 'application/apply-patch+yaml', 'constructor']) {
    expect(refusal(() => patchTypeOf(type))).toMatchObject({
      code: 415,
      message: '415: Unsupported Media Type',
    });
  }
});
