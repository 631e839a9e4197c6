import { describe, expect, it } from 'vitest';
import { canonicalForm } from '../canonical-form.ts';
import type { ApiObject } from '../object.ts';
import { StatusError } from '../status-error.ts';
import { applyPatch, type PatchRequest, type PatchType, patchTypeOf } from './apply-patch.ts';

const SERVICE = { group: '', version: 'v1', kind: 'Service', message: 'core.v1.Service' } as const;
const POD = { group: '', version: 'v1', kind: 'Pod', message: 'core.v1.Pod' } as const;
const DEPLOYMENT = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  message: 'apps.v1.Deployment',
} as const;

const object = (expected: PatchRequest['expected'], rest: object): ApiObject => {
  const { kind, group, version } = expected;
  return canonicalForm(expected.message, {
    kind,
    apiVersion: group === '' ? version : `${group}/${version}`,
    metadata: { name: 'p' },
    ...rest,
  });
};
const service = (spec: object, metadata: object = { name: 'p' }) => object(SERVICE, { spec, metadata });

function patch(
  type: PatchType,
  current: ApiObject,
  body: unknown,
  fieldValidation: PatchRequest['fieldValidation'] = 'Warn',
) {
  const expected = [SERVICE, POD, DEPLOYMENT].find(({ kind }) => kind === current.kind) ?? SERVICE;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return applyPatch({ expected, type, body: Buffer.from(text), fieldValidation }, current);
}
const patched = (type: PatchType, current: ApiObject, body: unknown) =>
  JSON.parse(JSON.stringify(patch(type, current, body).object));

function refusal(work: () => unknown) {
  try {
    work();
  } catch (error) {
    if (error instanceof StatusError) return error.status;
    throw error;
  }
  throw new Error('it was taken');
}

const status = (code: number, reason: string, message: string, details?: object) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message,
  reason,
  ...(details === undefined ? {} : { details }),
  code,
});
const REJECTED = status(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
const WEB = service({
  ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }],
  selector: { app: 'web' },
  type: 'ClusterIP',
});

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

describe('a JSON patch', () => {
  it('adds, removes, replaces, moves, copies and tests', () => {
    const { spec, metadata } = patched('json', WEB, [
      { op: 'test', path: '/spec/ports/0/port', value: 80 },
      { op: 'add', path: '/metadata/labels', value: { 'a/b~c': '1' } },
      { op: 'copy', from: '/metadata/labels/a~1b~0c', path: '/metadata/labels/constructor' },
      { op: 'move', from: '/metadata/labels/a~1b~0c', path: '/metadata/labels/__proto__' },
      { op: 'add', path: '/spec/ports/0', value: { port: 1 } },
      { op: 'add', path: '/spec/ports/-', value: { port: 99 } },
      { op: 'replace', path: '/spec/ports/1/port', value: 2 },
      { op: 'remove', path: '/spec/selector' },
      { op: 'test', path: '/spec/selector', value: null },
    ]);
    expect(Object.entries(metadata.labels)).toEqual([
      ['constructor', '1'],
      ['__proto__', '1'],
    ]);
    expect(spec.ports.map(({ port }: { port: number }) => port)).toEqual([1, 2, 99]);
    expect(spec.selector).toBeUndefined();
  });

  it.each([
    [{ op: 'test', path: '/spec/type', value: 'NodePort' }],
    [{ op: 'replace', path: '/spec/nope/x', value: 1 }],
    [{ op: 'replace', path: '/spec/nope', value: 1 }],
    [{ op: 'remove', path: '/spec/nope' }],
    [{ op: 'remove', path: '/spec/ports/1' }],
    [{ op: 'remove', path: '/spec/ports/00' }],
    [{ op: 'add', path: '/spec/ports/2', value: {} }],
    [{ op: 'add', path: '/spec/ports/-1', value: {} }],
    [{ op: 'add', path: 'spec', value: {} }],
    [{ op: 'add', path: '/spec/x' }],
    [{ op: 'copy', from: '/nope', path: '/spec' }],
    [{ op: 'move', from: '/spec', path: '/spec/ports' }],
    [{ op: 'foo', path: '/spec' }],
  ])('%j is rejected', (operation) => {
    expect(refusal(() => patch('json', WEB, [operation]))).toEqual(REJECTED);
  });

  it('that is none is refused', () => {
    const notList =
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp';
    expect(refusal(() => patch('json', WEB, { a: 1 }))).toEqual(status(400, 'BadRequest', notList));
    expect(refusal(() => patch('json', WEB, Array(10_001).fill({ op: 'test', path: '' })))).toMatchObject({
      code: 413,
    });
  });

  it('that copies copies ends before it has eaten the memory', () => {
    const doubling = Array.from({ length: 60 }, (_, n) => ({
      op: 'copy',
      from: '',
      path: `/metadata/x${n}`,
    }));
    expect(refusal(() => patch('json', WEB, doubling))).toEqual(REJECTED);
  });

  it('that copies a long text thousands of times is refused', () => {
    const copies = Array.from({ length: 1000 }, (_, n) => ({
      op: 'copy',
      from: '/metadata/annotations/a',
      path: `/metadata/annotations/a${n}`,
    }));
    const long = service({}, { name: 'p', annotations: { a: 'x'.repeat(200_000) } });
    expect(refusal(() => patch('json', long, copies))).toEqual(REJECTED);
    expect(patched('json', long, copies.slice(0, 5)).metadata.annotations).toHaveProperty('a4');
  });
});

describe('a strategic merge patch', () => {
  const ports = (body: unknown, current = WEB) => patched('strategic', current, { spec: body }).spec.ports;

  it('merges ports by their number, new ones first if the patch has them first', () => {
    expect(
      ports({
        ports: [
          { port: 81, name: 'b' },
          { port: 80, name: 'a' },
        ],
      }),
    ).toEqual([
      { port: 81, name: 'b' },
      { protocol: 'TCP', port: 80, targetPort: 80, name: 'a' },
    ]);
  });

  it('deletes an item, replaces a list or a map', () => {
    expect(
      ports({
        ports: [
          { port: 82, name: 'c' },
          { $patch: 'delete', port: 80 },
        ],
      }),
    ).toEqual([{ port: 82, name: 'c' }]);
    expect(ports({ ports: [{ port: 90 }, { $patch: 'replace' }] })).toEqual([{ port: 90 }]);
    const { spec } = patched('strategic', WEB, {
      spec: { selector: { $patch: 'replace', run: 'x' }, type: null },
    });
    expect(spec.selector).toEqual({ run: 'x' });
    expect(spec.type).toBeUndefined();
    expect(
      patched('strategic', WEB, { spec: { selector: { $patch: 'delete' } } }).spec.selector,
    ).toBeUndefined();
  });

  it('merges maps key by key, null deletes', () => {
    const { spec } = patched('strategic', WEB, { spec: { selector: { a: 'b', app: null, nope: null } } });
    expect(spec.selector).toEqual({ a: 'b' });
  });

  it('orders a list as it says, and leaves the others where they stood', () => {
    const current = service({ ports: [1, 2, 3, 4].map((port) => ({ port })) });
    const numbers = (body: unknown) => ports(body, current).map(({ port }: { port: number }) => port);
    expect(numbers({ '$setElementOrder/ports': [{ port: 4 }, { port: 2 }] })).toEqual([1, 3, 4, 2]);
    expect(
      numbers({ '$setElementOrder/ports': [{ port: 9 }, { port: 4 }, { port: 1 }], ports: [{ port: 9 }] }),
    ).toEqual([9, 2, 3, 4, 1]);
    const contradiction = {
      '$setElementOrder/ports': [{ port: 1 }, { port: 9 }],
      ports: [{ port: 9 }, { port: 1 }],
    };
    expect(refusal(() => patch('strategic', current, { spec: contradiction }))).toMatchObject({ code: 400 });
  });

  it('merges sets of plain values, and takes values out of them', () => {
    const current = service({}, { name: 'p', finalizers: ['a', 'b', 'c'] });
    const finalizers = (metadata: object) => patched('strategic', current, { metadata }).metadata.finalizers;
    expect(finalizers({ finalizers: ['d', 'a'] })).toEqual(['d', 'a', 'b', 'c']);
    expect(finalizers({ '$deleteFromPrimitiveList/finalizers': ['b'] })).toEqual(['a', 'c']);
    expect(finalizers({ '$setElementOrder/finalizers': ['c', 'a'] })).toEqual(['b', 'c', 'a']);
  });

  it('keeps of a union only what it names', () => {
    const current = object(DEPLOYMENT, {
      spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } },
    });
    const strategy = { $retainKeys: ['type'], type: 'Recreate' };
    expect(patched('strategic', current, { spec: { strategy } }).spec.strategy).toEqual({ type: 'Recreate' });
    const wrong = { spec: { strategy: { $retainKeys: ['rollingUpdate'], type: 'Recreate' } } };
    expect(refusal(() => patch('strategic', current, wrong))).toEqual(
      status(400, 'BadRequest', 'invalid patch format of retainKeys'),
    );
  });

  it('goes into lists in lists', () => {
    const current = object(POD, {
      spec: { containers: [{ name: 'a', env: [{ name: 'X', value: '1' }], args: ['x'] }] },
    });
    const containers = [{ name: 'a', env: [{ name: 'Y', value: '2' }], args: ['y'] }];
    expect(patched('strategic', current, { spec: { containers } }).spec.containers).toEqual([
      {
        name: 'a',
        env: [
          { name: 'Y', value: '2' },
          { name: 'X', value: '1' },
        ],
        args: ['y'],
      },
    ]);
  });

  it.each([
    [
      { spec: { ports: [{ $patch: 'nope', port: 80 }] } },
      'unknown patch type: nope in map: map[$patch:nope port:80]',
    ],
    [
      { spec: { ports: [{ protocol: 'TCP' }] } },
      'map: map[protocol:TCP] does not contain declared merge key: port',
    ],
    [{ spec: { ports: [{ $patch: 'merge' }] } }, 'merging lists cannot yet be specified in the patch'],
    [{ metadata: { '$deleteFromPrimitiveList/finalizers': 1 } }, 'invalid patch format of primitive list'],
    ['{', 'unexpected end of JSON input'],
  ])('%j is refused', (body, message) => {
    expect(refusal(() => patch('strategic', WEB, body))).toEqual(status(400, 'BadRequest', message));
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
