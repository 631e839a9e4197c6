import { expect, it, vi } from 'vitest';
import { ObjectTables } from '../state/object-tables.ts';
import { sourceComponent } from './source-component.ts';

it('is ready when all is delivered, each time', async () => {
  const objects = new ObjectTables('');
  let isComplete = true;
  const run = async () => {
    if (isComplete) objects.syncedSources.put('test', { sinceMs: 1 });
  };
  const component = sourceComponent({ run }, objects);
  const ready = vi.fn();
  const next = () => component.run(new AbortController().signal, ready);
  await next();
  expect(ready).toHaveBeenCalledTimes(1);
  isComplete = false;
  await next();
  expect(ready).toHaveBeenCalledTimes(1);
  isComplete = true;
  await next();
  expect(ready).toHaveBeenCalledTimes(2);
});
