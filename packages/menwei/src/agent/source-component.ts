/** The source of the objects as a component: it lists anew each time it runs. */
import type { ObjectSource } from '../sources/source.ts';
import type { ObjectTables } from '../state/object-tables.ts';
import type { Component } from './component.ts';

export function sourceComponent(source: ObjectSource, objects: ObjectTables, name = 'source'): Component {
  return {
    name,
    onFailure: 'restart',
    run: async (signal, ready) => {
      const synced = objects.syncedSources.reader(ready);
      synced.take();
      try {
        await source.run(objects, signal);
      } finally {
        synced.close();
      }
    },
  };
}
