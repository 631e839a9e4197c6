/** What every cluster has before it is ready: without it, what clients ask first would be refused. */
import type { Component } from '../agent/component.ts';
import { untilAborted } from '../scheduling/pause.ts';
import { SYSTEM_NAMESPACES } from './controllers/namespaces/namespace-contents.ts';
import type { Store } from './store/store.ts';

/** The Service has an address, so that there are networks of addresses, too. */
const WANTED: readonly (readonly [resource: string, namespace: string, name: string])[] = [
  ...SYSTEM_NAMESPACES.map((name) => ['namespaces', '', name] as const),
  ...SYSTEM_NAMESPACES.map((namespace) => ['serviceaccounts', namespace, 'default'] as const),
  ['services', 'default', 'kubernetes'],
];

/** Ready once controllers have made them. @param needs names of the components that do */
export function startObjects(store: Store, needs: readonly string[]): Component {
  return {
    name: 'start-objects',
    needs,
    onFailure: 'restart',
    run: async (signal, ready) => {
      const reader = store.reader([...new Set(WANTED.map(([resource]) => resource))]);
      try {
        reader.take();
        while (!signal.aborted && !WANTED.every((each) => store.get(...each) !== undefined)) {
          await reader.changed(signal);
          reader.take();
        }
        if (signal.aborted) return;
      } finally {
        reader.close();
      }
      ready();
      await untilAborted(signal);
    },
  };
}
