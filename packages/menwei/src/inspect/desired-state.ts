/** What the kernel must hold for some objects, all at once: for who only looks and never programs. */
import type { AnyRules, Plan } from '../backends/backend.ts';
import type { Problem } from '../kubernetes/objects.ts';
import { findUnsupported } from '../proxy/unsupported.ts';
import { isLargeCluster, type NodeView } from '../services/node-view.ts';
import { ServiceTracker } from '../services/service-tracker.ts';
import type { ServiceRules } from '../services/wanted-port.ts';
import type { FamilyTables } from '../state/family-tables.ts';
import type { ObjectTables } from '../state/object-tables.ts';
import type { ServicePortKey } from '../state/service-port.ts';

interface Wishes {
  readonly rules: AnyRules;
  readonly objects: ObjectTables;
  /** Of the family of `rules`; may hold what checks have found out, and has the service ports afterwards. */
  readonly tables: FamilyTables;
  readonly nodeView: NodeView;
  readonly serviceRules: ServiceRules;
  readonly report: (problem: Problem) => void;
}

/** The result is a plan of `rules`' mode that is up to date. */
export function desiredPlan({
  rules,
  objects,
  tables,
  nodeView,
  serviceRules,
  report,
}: Wishes): Plan<unknown, unknown> {
  const startedAtMs = Number.POSITIVE_INFINITY;
  const tracker = new ServiceTracker({ objects, tables, startedAtMs, rules: serviceRules });
  for (const problem of tracker.update().problems) report(problem);
  const node = { ...nodeView, largeCluster: isLargeCluster(tracker.endpointCount) };
  const plan = rules.plan();
  const units = new Map<ServicePortKey, unknown>();
  for (const [key, port] of tables.servicePorts.rows) {
    const unsupported = findUnsupported(rules, port);
    if (unsupported !== undefined) {
      report(unsupported);
      continue;
    }
    try {
      units.set(key, rules.compile(port, node));
    } catch (cause) {
      // As in a proxy that runs, the others don't suffer.
      const { namespace, name } = port;
      const message = cause instanceof Error ? cause.message : String(cause);
      report({ object: { kind: 'Service', namespace, name }, field: '', message });
    }
  }
  plan.update(node, units);
  return plan;
}
