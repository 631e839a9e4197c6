import { aNode } from '@menwei/testing/services/testing.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Node, refKey } from '../../kubernetes/objects.ts';
import type { ManifestFile } from './manifest-file.ts';
import { decide, type Held } from './precedence.ts';

function node(name: string, zone: string): Node {
  return aNode({ name, zone });
}

interface Parts {
  readonly objects?: readonly Node[];
  readonly broken?: readonly string[];
  readonly unreadable?: boolean;
}

function file({ objects = [], broken = [], unreadable = false }: Parts): ManifestFile {
  return {
    objects: new Map(objects.map((object) => [refKey(object), { object, line: 3 }])),
    broken: new Set(broken.map((name) => `Node//${name}`)),
    unreadable,
    problems: [],
    errors: [],
    warnings: [],
    ignoredKinds: new Set(),
  };
}

function inForce(...entries: readonly (readonly [string, Node])[]): ReadonlyMap<string, Held> {
  return new Map(entries.map(([from, object]) => [refKey(object), { object, file: from }]));
}

/** `name zone file` of every object held. */
function heldBy(
  files: Readonly<Record<string, ManifestFile>>,
  before: ReadonlyMap<string, Held> = new Map(),
) {
  const { held } = decide(new Map(Object.entries(files)), before);
  return [...held.values()].map(
    ({ object, file: from }) => `${object.name} ${object.kind === 'Node' ? object.zone : ''} ${from}`,
  );
}

const NEW = { objects: [node('n', 'new')] };
const OLD = inForce(['a', node('n', 'old')]);

describe('which version of an object counts', () => {
  it.each([
    ['the only one', { a: file(NEW) }, OLD, ['n new a']],
    ['the first file', { a: file(NEW), b: file({ objects: [node('n', 'other')] }) }, OLD, ['n new a']],
    ['the second when the first is gone', { b: file(NEW) }, OLD, ['n new b']],
    ['none when all are gone', { b: file({}) }, OLD, []],
    ['the old one of a broken document', { a: file({ broken: ['n'] }) }, OLD, ['n old a']],
    [
      'the old one of a broken document, before a later file',
      { a: file({ broken: ['n'] }), b: file(NEW) },
      OLD,
      ['n old a'],
    ],
    ['the old one of an unreadable file', { a: file({ unreadable: true }), b: file(NEW) }, OLD, ['n old a']],
    [
      'the new one of a file that is unreadable elsewhere',
      { a: file({ ...NEW, unreadable: true }) },
      OLD,
      ['n new a'],
    ],
    ['none that another file had when an unreadable one is left', { b: file({ unreadable: true }) }, OLD, []],
    [
      'the old one of a folder in whose place there is an unreadable file',
      { a: file({ unreadable: true }) },
      inForce(['a/b', node('n', 'old')]),
      ['n old a/b'],
    ],
    [
      'none of a folder in whose place there is another file',
      { a: file({}) },
      inForce(['a/b', node('n', 'old')]),
      [],
    ],
    ['the old one of a broken file that was renamed', { z: file({ broken: ['n'] }) }, OLD, ['n old a']],
    [
      'a good one of any file when the broken one never was good',
      { a: file({ broken: ['n'] }), b: file(NEW) },
      new Map(),
      ['n new b'],
    ],
    ['none that never was good', { a: file({ broken: ['n'] }) }, new Map(), []],
  ])('%s', (_, files, before, expected) => {
    expect(heldBy(files, before)).toEqual(expected);
  });

  it('does not depend on what was in force when nothing is broken', () => {
    const nodes = fc.record({ name: fc.constantFrom('a', 'b', 'c'), zone: fc.constantFrom('1', '2') });
    const contents = fc
      .array(nodes)
      .map((list) => file({ objects: list.map(({ name, zone }) => node(name, zone)) }));
    const states = fc
      .dictionary(fc.constantFrom('x', 'y', 'z'), contents)
      .map((files) => new Map(Object.entries(files)));
    fc.assert(
      fc.property(states, states, (before, after) => {
        const fresh = decide(after, new Map());
        expect(decide(after, decide(before, new Map()).held)).toEqual(fresh);
        expect(decide(after, fresh.held)).toEqual(fresh);
      }),
    );
  });

  it('is told of the file that loses', () => {
    const files = new Map([
      ['a', file(NEW)],
      ['b', file(NEW)],
    ]);
    expect(decide(files, new Map()).problems).toEqual([
      {
        object: { kind: 'Node', namespace: '', name: 'n' },
        field: '',
        message: 'is in a too; that one is used',
        file: 'b',
        line: 3,
      },
    ]);
  });
});
