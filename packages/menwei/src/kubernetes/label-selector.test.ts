import { describe, expect, it } from 'vitest';
import { matches } from './label-selector.ts';
import type { LabelSelector } from './load-balancer-objects.ts';

type Requirement = LabelSelector['requirements'][number];

const labels = new Map([
  ['app', 'web'],
  ['tier', ''],
]);

describe('a label selector', () => {
  it.each<readonly [boolean, readonly Requirement[]]>([
    [true, []],
    [true, [{ key: 'app', operator: 'In', values: ['api', 'web'] }]],
    [false, [{ key: 'app', operator: 'In', values: ['api'] }]],
    [false, [{ key: 'zone', operator: 'In', values: [''] }]],
    [false, [{ key: 'app', operator: 'NotIn', values: ['web'] }]],
    [true, [{ key: 'app', operator: 'NotIn', values: ['api'] }]],
    [true, [{ key: 'zone', operator: 'NotIn', values: ['a'] }]],
    [true, [{ key: 'tier', operator: 'Exists', values: [] }]],
    [false, [{ key: 'zone', operator: 'Exists', values: [] }]],
    [true, [{ key: 'zone', operator: 'DoesNotExist', values: [] }]],
    [false, [{ key: 'tier', operator: 'DoesNotExist', values: [] }]],
    [
      false,
      [
        { key: 'tier', operator: 'Exists', values: [] },
        { key: 'app', operator: 'In', values: ['api'] },
      ],
    ],
  ])('selects: %s, %j', (isSelected, requirements) => {
    expect(matches({ requirements }, labels)).toBe(isSelected);
  });
});
