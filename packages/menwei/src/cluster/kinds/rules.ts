/** The rules of every kind, by the name of its resource in the store. */
import type { ApiObject } from '../schema/object.ts';
import type { KindRules } from './kind-rules.ts';
import type { Resource } from './resource.ts';

/** For kinds that demand nothing of their own. */
const GENERIC: KindRules = {
  defaults: (object) => object,
  validate: () => [],
  table: {
    columns: [
      { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 },
      { name: 'Created At', type: 'date', format: '', description: '', priority: 0 },
    ],
    row: ({ metadata }: ApiObject) => ({ cells: [metadata.name ?? '', metadata.creationTimestamp ?? ''] }),
  },
};

const RULES: Readonly<Record<string, KindRules>> = {};

export function rulesOf({ storedAs }: Resource): KindRules {
  return (storedAs === undefined ? undefined : RULES[storedAs]) ?? GENERIC;
}
