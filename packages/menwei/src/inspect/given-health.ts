/** What checks have found out, from a file: for who looks at what a node would program. */
import { readFileSync } from 'node:fs';
import { parseVerdicts, type Verdict } from '../checks/verdict-file.ts';
import { errorCode } from '../log/error-text.ts';
import { UserError } from '../setup/failure.ts';
import { healthKey } from '../state/endpoint-health.ts';
import type { FamilyTables } from '../state/family-tables.ts';

/** Undefined: there is no such file. Throws UserError for one that can't be read, or does not say all it means. */
export function readVerdicts(path: string): readonly Verdict[] | undefined {
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  const parsed = parseVerdicts(path, text);
  if ('mistake' in parsed) throw new UserError(parsed.mistake);
  return parsed.verdicts;
}

export function putVerdicts(
  verdicts: readonly Verdict[],
  { family, health }: Pick<FamilyTables, 'family' | 'health'>,
): void {
  for (const { family: its, row } of verdicts)
    if (its === family) health.put(healthKey(row.port, row.endpoint), row);
}

/** Verdicts that make no difference, and why, a line each: a slip of the pen. Those of the other family are passed over. */
export function describeStrangers(
  path: string,
  verdicts: readonly Verdict[],
  { family, servicePorts }: Pick<FamilyTables, 'family' | 'servicePorts'>,
): readonly string[] {
  return verdicts.flatMap(({ family: its, field, row: { port: key, endpoint } }) => {
    if (its !== family) return [];
    const port = servicePorts.get(key);
    const tell = (why: string) => [`${path}: ${field}: ${why}`];
    if (port === undefined) return tell(`the objects have no service port ${key} over ${family}`);
    if (port.health === undefined)
      return tell(
        `the endpoints of ${port.displayName} are not checked: no annotation menwei.dev/health-check`,
      );
    if (port.endpoints.some(({ text }) => text === endpoint)) return [];
    return tell(`${port.displayName} has no endpoint ${endpoint}`);
  });
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return undefined;
    throw new UserError(`${path} can't be read: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}
