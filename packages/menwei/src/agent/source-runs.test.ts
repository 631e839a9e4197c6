import { describe, expect, it, vi } from 'vitest';
import type { ObjectRef } from '../kubernetes/objects.ts';
import type { ObjectSink } from '../sources/source.ts';
import { SourceRuns } from './source-runs.ts';

const WEB: ObjectRef = { kind: 'Service', namespace: 'default', name: 'web' };
const DB: ObjectRef = { kind: 'Service', namespace: 'default', name: 'db' };

const run = (deliver: readonly ((sink: ObjectSink) => void)[]) => {
  const stale = new Map<string, string>();
  const sink: ObjectSink = {
    upsert: () => undefined,
    remove: ({ name }) => stale.delete(name),
    synced: () => undefined,
    report: () => undefined,
    stale: ({ name }, reason) => {
      if (reason === undefined) stale.delete(name);
      else stale.set(name, reason);
    },
  };
  const runs = [...deliver];
  const source = { run: async (to: ObjectSink) => runs.shift()?.(to) };
  const component = new SourceRuns(source, sink).component();
  const ready = vi.fn();
  return { stale, ready, next: () => component.run(new AbortController().signal, ready) };
};

describe('a source that is begun anew', () => {
  it('makes what it says nothing bad of any more good again, but not before it has said everything', async () => {
    let seen: readonly string[] = [];
    const { stale, next } = run([
      (sink) => {
        sink.stale(WEB, 'no ports');
        sink.stale(DB, 'no ports');
        sink.synced();
      },
      (sink) => {
        sink.stale(DB, 'still no ports');
        seen = [...stale.values()];
        sink.synced();
      },
    ]);
    await next();
    await next();
    expect(seen).toEqual(['no ports', 'still no ports']);
    expect([...stale]).toEqual([['db', 'still no ports']]);
  });

  it('is ready when all is delivered, each time', async () => {
    const { ready, next } = run([(sink) => sink.synced(), () => undefined, (sink) => sink.synced()]);
    await next();
    expect(ready).toHaveBeenCalledTimes(1);
    await next();
    expect(ready).toHaveBeenCalledTimes(1);
    await next();
    expect(ready).toHaveBeenCalledTimes(2);
  });
});
