import { describe, expect, it } from 'vitest';
import { StatusError } from '../../schema/status-error.ts';
import type { EndpointSlice } from './slice-packing.ts';
import { SliceWriter } from './slice-writer.ts';

type Options = ConstructorParameters<typeof SliceWriter>;

const REFUSAL = new StatusError({ code: 403, reason: 'Forbidden', message: 'no' });
const slice = (name: string): EndpointSlice => ({
  kind: 'EndpointSlice',
  apiVersion: 'discovery.k8s.io/v1',
  metadata: { namespace: 'default', name },
});

/** Writes are answered when `commit` is called; those of the name `refused` are refused. */
function heldRegistry() {
  let asked: string[] = [];
  let waiting: (() => void)[] = [];
  const hold = async (verb: string, name = '') => {
    asked.push(`${verb} ${name}`);
    await new Promise<void>((resolve) => waiting.push(resolve));
    if (name === 'refused') throw REFUSAL;
  };
  const write = (verb: string) => async (_: string, object: { readonly metadata: { name?: string } }) => {
    await hold(verb, object.metadata.name);
    return { stored: { namespace: 'default', name: object.metadata.name } };
  };
  const registry = {
    create: write('create'),
    update: write('update'),
    delete: (_: string, __: string, name: string) => hold('delete', name),
  };
  const commit = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    const together = asked;
    for (const resolve of waiting) resolve();
    [asked, waiting] = [[], []];
    await new Promise((resolve) => setImmediate(resolve));
    return together;
  };
  return { registry: registry as unknown as Options[0], commit };
}

describe('the slices of a Service', () => {
  const foreign = { wrote: () => undefined, deleted: () => undefined };

  it('are written together, and none is removed before the others are there', async () => {
    const { registry, commit } = heldRegistry();
    const written = new SliceWriter(registry, foreign).write('default/web', {
      create: [slice('a'), slice('b')],
      update: [slice('c'), slice('d')],
      remove: [slice('e'), slice('f')],
    });
    expect(await commit()).toEqual(['create a', 'create b']);
    expect(await commit()).toEqual(['update c', 'update d']);
    expect(await commit()).toEqual(['delete e', 'delete f']);
    await written;
  });

  it('stay as they are when one that is to take their endpoints is refused', async () => {
    const { registry, commit } = heldRegistry();
    const written = new SliceWriter(registry, foreign).write('default/web', {
      create: [slice('refused'), slice('b')],
      update: [slice('c')],
      remove: [slice('e')],
    });
    written.catch(() => undefined);
    expect(await commit()).toEqual(['create refused', 'create b']);
    expect(await commit()).toEqual([]);
    await expect(written).rejects.toBe(REFUSAL);
  });
});
