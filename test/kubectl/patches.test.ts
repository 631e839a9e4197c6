/** Patches as `kubectl patch --local` applies them, which is the code of the reference: random ones, in both places. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { canonicalForm } from 'menwei/cluster/schema/canonical-form.ts';
import { decodeBody, type ExpectedKind } from 'menwei/cluster/schema/decode-body.ts';
import type { ApiObject } from 'menwei/cluster/schema/object.ts';
import { applyPatch, type PatchType } from 'menwei/cluster/schema/patch/apply-patch.ts';
import { afterAll, expect, it } from 'vitest';
import { findKubectl } from '../../scripts/kubectl.ts';

const SERVICE: ExpectedKind = { group: '', version: 'v1', kind: 'Service', message: 'core.v1.Service' };
const POD: ExpectedKind = { group: '', version: 'v1', kind: 'Pod', message: 'core.v1.Pod' };

const folder = mkdtempSync(join(tmpdir(), 'menwei-patches-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NAMES = ['a', 'b', 'c', 'd'] as const;
const name = fc.constantFrom(...NAMES);
const PORTS = [1, 2, 3, 4] as const;
const FINALIZERS = ['x/a', 'x/b', 'x/c', 'x/d'] as const;

/** Some of the members. */
const some = (members: Record<string, fc.Arbitrary<unknown>>) => fc.record(members, { requiredKeys: [] });
const labels = fc.dictionary(name, name, { noNullPrototype: true, minKeys: 1 });
const labelsPatch = fc.oneof(
  fc.dictionary(name, fc.option(name), { noNullPrototype: true }),
  fc.record({ $patch: fc.constant('replace'), z: name }),
);

/**
 * A list by its merge key, as kubectl makes it: perhaps with the order, which then lists all items but those that go, in the
 * order in which they stand in the list.
 */
function listPatch<Key>(list: string, mergeKey: string, keys: readonly Key[], item: fc.Arbitrary<object>) {
  const parts = fc.record({
    order: fc.shuffledSubarray([...keys]),
    items: fc.array(fc.tuple(fc.boolean(), item), { minLength: keys.length, maxLength: keys.length }),
    isOrdered: fc.boolean(),
  });
  return parts.map(({ order, items, isOrdered }) => {
    const changed = order.flatMap((key, at) => {
      const [isChanged, members] = items[at] ?? [];
      return isChanged === true ? [{ ...members, [mergeKey]: key }] : [];
    });
    const gone = keys
      .filter((key) => !order.includes(key))
      .map((key) => ({ $patch: 'delete', [mergeKey]: key }));
    const directive = { [`$setElementOrder/${list}`]: order.map((key) => ({ [mergeKey]: key })) };
    return { [list]: [...changed, ...gone], ...(isOrdered && order.length > 0 ? directive : {}) };
  });
}

/** What is new was taken as it stands by old versions, directives and nulls included. */
const notEmpty = { minLength: 1 };
const port = some({ name, targetPort: fc.constantFrom(8, 'x', null), protocol: fc.constant('UDP') });
const service = fc.record({
  ports: fc.shuffledSubarray([...PORTS], notEmpty),
  finalizers: fc.shuffledSubarray([...FINALIZERS]),
  labels,
});
const servicePatch = fc.record({
  metadata: some({
    labels: labelsPatch,
    finalizers: fc.shuffledSubarray([...FINALIZERS]),
    annotations: fc.constant({ $patch: 'delete' }),
  }),
  spec: fc
    .tuple(
      listPatch('ports', 'port', PORTS, port),
      some({
        selector: labelsPatch,
        type: fc.constantFrom(null, 'NodePort'),
        externalIPs: fc.constant(['192.0.2.1']),
      }),
    )
    .map(([ports, others]) => ({ ...ports, ...others })),
});
const services = service.map(({ ports, finalizers, labels: own }) => ({
  kind: 'Service',
  apiVersion: 'v1',
  metadata: { name: 's', labels: own, finalizers, annotations: { a: 'b' } },
  spec: { ports: ports.map((one) => ({ port: one, name: `n${one}` })), selector: own, type: 'ClusterIP' },
}));

const env = some({ value: fc.option(name) });
const container = fc
  .tuple(some({ image: name, args: fc.array(name, { maxLength: 2 }) }), listPatch('env', 'name', NAMES, env))
  .map(([members, list]) => ({ ...members, ...list }));
const podPatch = fc.record({
  spec: fc
    .tuple(listPatch('containers', 'name', NAMES, container), some({ nodeSelector: labelsPatch }))
    .map(([containers, others]) => ({ ...containers, ...others })),
  status: some({ podIPs: fc.shuffledSubarray([...NAMES]).map((ips) => ips.map((ip) => ({ ip }))) }),
});
const pods = fc
  .tuple(fc.shuffledSubarray([...NAMES], notEmpty), fc.shuffledSubarray([...NAMES], notEmpty))
  .map(([containers, envs]) => ({
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'p' },
    spec: {
      containers: containers.map((one) => ({
        name: one,
        env: envs.map((each) => ({ name: each, value: 'v' })),
      })),
      nodeSelector: { a: 'b' },
    },
    status: { podIPs: [{ ip: 'a' }] },
  }));

const cases = fc.oneof(
  fc.tuple(fc.constant(SERVICE), services, servicePatch),
  fc.tuple(fc.constant(POD), pods, podPatch),
);

function canonical(expected: ExpectedKind, text: string): ApiObject {
  return canonicalForm<ApiObject>(expected.message, decodeBody(expected, Buffer.from(text), 'json').object);
}

function patchHere(expected: ExpectedKind, type: PatchType, current: ApiObject, patch: string): ApiObject {
  const request = { expected, type, body: Buffer.from(patch), fieldValidation: 'Ignore' } as const;
  return canonicalForm(expected.message, applyPatch(request, current).object);
}

/** Undefined: kubectl refuses it. */
function patchThere(type: PatchType, current: ApiObject, patch: string): string | undefined {
  const file = join(folder, 'object.json');
  writeFileSync(file, JSON.stringify(current));
  const args = ['patch', '--local', '-f', file, '--type', type, '-p', patch, '-o', 'json'];
  const kubectl = findKubectl('1.20');
  if (kubectl === undefined) throw new Error('there is no kubectl 1.20: node scripts/kubectl.ts gets it');
  const { status, stdout } = spawnSync(kubectl, args, { encoding: 'utf8' });
  return status === 0 ? stdout : undefined;
}

it.each<PatchType>(['strategic', 'merge'])('a random %s patch gives what kubectl makes of it', (type) => {
  fc.assert(
    fc.property(cases, ([expected, object, patch]) => {
      const current = canonical(expected, JSON.stringify(object));
      const text = JSON.stringify(patch);
      const there = patchThere(type, current, text);
      expect(there).toBeDefined();
      expect(patchHere(expected, type, current, text)).toEqual(canonical(expected, there ?? ''));
    }),
    { numRuns: 25 },
  );
});
