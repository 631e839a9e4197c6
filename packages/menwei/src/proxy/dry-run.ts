/** A backend that only says what it would change. */

import type { AnyBackend } from '../backends/backend.ts';
import { untilAborted } from '../scheduling/pause.ts';
import { done } from '../scheduling/steps.ts';

/** Reads the real kernel, prints instead of applying, and from then on takes what it printed for done. */
export function dryRun(backend: AnyBackend, print: (text: string) => void): AnyBackend {
  return {
    mode: backend.mode,
    family: backend.family,
    ...(backend.unsupported === undefined ? {} : { unsupported: (port) => backend.unsupported?.(port) }),
    compile: (port, node, previous) => backend.compile(port, node, previous),
    plan: () => backend.plan(),
    nothing: () => backend.nothing(),
    diff: (from, to) => backend.diff(from, to),
    diffInSteps: (from, to) => backend.diffInSteps?.(from, to) ?? done(backend.diff(from, to)),
    isEmpty: (changes) => backend.isEmpty(changes),
    format: (changes) => backend.format(changes),
    observe: (signal) => backend.observe(signal),
    apply: async (changes) => {
      print(`# dry run: ${backend.family}\n${backend.format(changes)}`);
      return 'applied';
    },
    // What was printed is not there to be watched.
    watch: (_watch, signal) => untilAborted(signal),
    cleanup: async () => undefined,
    close: () => backend.close?.(),
  };
}
