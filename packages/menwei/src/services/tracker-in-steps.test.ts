import { aService, aSlice } from '@menwei/testing/services/testing.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { State } from '../state/state.ts';
import { ServiceTracker } from './service-tracker.ts';

const NAMES = ['a', 'b', 'c', 'd'];

function filled(version: (name: string) => number) {
  const { objects, families } = new State('node-a');
  for (const name of NAMES) {
    objects.put(aService({ name }));
    objects.put(sliceOf(name, version(name)));
  }
  const tables = families.IPv4;
  return { objects, tables, tracker: new ServiceTracker({ objects, tables, startedAtMs: 0 }) };
}

function sliceOf(serviceName: string, version: number) {
  const trigger = { lastChangeTriggerTimeMs: version + 1 };
  return aSlice({ name: `${serviceName}-1`, serviceName, endpoints: [`10.0.0.${version}`], ...trigger });
}

it('gives way between Services, and misses nothing of what changes meanwhile', () => {
  const changes = fc.array(fc.record({ name: fc.constantFrom(...NAMES), step: fc.nat(NAMES.length - 1) }));
  fc.assert(
    fc.property(changes, (plan) => {
      const versions = new Map(NAMES.map((name) => [name, 1]));
      const { objects, tables, tracker } = filled(() => 1);
      let steps = 0;
      const change = () => {
        for (const { name, step } of plan) {
          if (step !== steps) continue;
          const version = (versions.get(name) ?? 0) + 1;
          versions.set(name, version);
          objects.put(sliceOf(name, version));
        }
      };
      change();
      const times: number[] = [];
      const update = tracker.updateInSteps();
      for (let step = update.next(); ; step = update.next()) {
        if (step.done === true) {
          times.push(...step.value.triggerTimesMs);
          break;
        }
        steps++;
        change();
      }
      expect(steps).toBe(NAMES.length - 1);
      times.push(...tracker.update().triggerTimesMs);

      const fresh = filled((name) => versions.get(name) ?? 0);
      fresh.tracker.update();
      expect(new Map(tables.servicePorts.rows)).toEqual(new Map(fresh.tables.servicePorts.rows));
      expect(times).toHaveLength(NAMES.length + plan.length);
      expect(tracker.update()).toEqual({ problems: [], triggerTimesMs: [] });
    }),
  );
});
