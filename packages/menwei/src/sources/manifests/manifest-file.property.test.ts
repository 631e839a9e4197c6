import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../kubernetes/objects.ts';
import { DEFAULT_NODE_PORT_RANGE } from './allocation.ts';
import { formatManifestError, readManifestFile } from './manifest-file.ts';

describe('a file of any text', () => {
  const whole = [
    'apiVersion: v1\nkind: Service\nmetadata: {name: web, labels: {app: web}}\nspec:\n  clusterIP: 172.30.0.41\n  ports:\n  - port: 80\n',
    'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Endpoints, metadata: {name: web}, subsets: [{addresses: [{ip: 10.0.0.1}]}]}\n',
    '{\n "apiVersion": "v1",\n "kind": "Service",\n "metadata": {"name": "db"},\n "spec": {"clusterIP": "172.30.0.42"}\n}\n',
  ].join('---\n');
  const pieces = fc.constantFrom(
    ...[
      '\n',
      '---\n',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '"',
      ': ',
      ',',
      '&a ',
      '*a',
      '<<: ',
      'yes',
      '~',
      '1e9',
      'apiVersion',
      'v1',
    ],
    ...['__proto__: {', 'kind', 'List', 'items', 'metadata: 1\n', '\u0000'],
  );
  const edits = fc.array(fc.tuple(fc.nat(whole.length), fc.nat(20), fc.oneof(pieces, fc.string())), {
    maxLength: 6,
  });

  it('gives objects, or says in one line each what is wrong', () => {
    const property = fc.property(edits, (all) => {
      const text = all.reduce(
        (old, [at, gone, piece]) => old.slice(0, at) + piece + old.slice(at + gone),
        whole,
      );
      const file = readManifestFile('services.yaml', text, DEFAULT_NODE_PORT_RANGE);
      const complaints = [...file.errors, ...file.warnings].map(formatManifestError);
      for (const message of [...file.problems.map(formatProblem), ...complaints]) {
        expect(message).toMatch(/^services\.yaml:[ -~…]+$/);
        expect(message).not.toContain('BUG');
      }
      for (const { object } of file.objects.values()) expect(object.name).toMatch(/^[-.a-z0-9]+$/);
    });
    fc.assert(property, { numRuns: 500 });
  });
});
