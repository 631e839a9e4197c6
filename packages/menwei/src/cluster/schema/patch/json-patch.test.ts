import { patch, patched, REJECTED, refusal, service, status, WEB } from '@menwei/testing/cluster/patching.ts';
import { describe, expect, it } from 'vitest';

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
