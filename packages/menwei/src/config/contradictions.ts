/** What a command line can't mean, whatever its values. */
import type { FieldError } from './document.ts';
import type { GivenFlags } from './flags.ts';

/** By the flag that is to blame. */
export function contradictions(flags: GivenFlags): readonly FieldError[] {
  const { cleanup, manifests } = flags;
  const { 'dry-run': dryRun, 'init-only': initOnly, 'taint-until-ready': taint = '' } = flags;
  const errors: FieldError[] = [];
  const refuse = (name: string, value: unknown, allowed: string) =>
    errors.push({ field: `--${name}`, value, allowed });
  if (dryRun === true && cleanup === true)
    refuse('dry-run', true, 'contradicts --cleanup, which always removes');
  if (dryRun === true && initOnly === true)
    refuse('dry-run', true, 'contradicts --init-only, which changes settings of the kernel');
  if (!Array.isArray(manifests)) return errors;
  if (taint !== '') refuse('taint-until-ready', taint, 'needs an API server, and --manifests has none');
  // Such as a variable of a script that was never set: the API server is not what was meant.
  if (manifests.every((path) => String(path).trim() === ''))
    refuse('manifests', manifests.join(','), 'must name a file or folder');
  return errors;
}
