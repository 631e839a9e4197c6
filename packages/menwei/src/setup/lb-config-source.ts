/** Pools and advertisements of files beside those of the API server (`--lb-config`). */
import type { Problem } from '../kubernetes/objects.ts';
import type { Logger } from '../log/logger.ts';
import { CONFIGURATION_KINDS } from '../sources/following.ts';
import { createManifestSource } from '../sources/manifests/manifest-source.ts';
import type { ObjectSource } from '../sources/source.ts';
import { requireManifestsOrFail } from './manifests-input.ts';

/** Undefined: no paths are given. Throws UserError. */
export async function openLbConfig(
  paths: readonly string[],
  logger: Logger,
  report: (problem: Problem) => void,
): Promise<ObjectSource | undefined> {
  if (paths.length === 0) return undefined;
  await requireManifestsOrFail(paths);
  return createLbConfigSource(paths, logger, report);
}

export function createLbConfigSource(
  paths: readonly string[],
  logger: Logger,
  report: (problem: Problem) => void,
): ObjectSource {
  return createManifestSource({ paths, kinds: CONFIGURATION_KINDS, origin: 'lb-config', logger, report });
}
