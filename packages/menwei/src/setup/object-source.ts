/** Where the objects come from, as the settings say: manifests or an API server. */

import type { Settings } from '../config/settings.ts';
import type { Logger } from '../log/logger.ts';
import { createManifestSource } from '../sources/manifests/manifest-source.ts';
import type { ObjectSource } from '../sources/source.ts';
import type { SourceOptions } from './api-server-source.ts';
import { requireManifestsOrFail } from './manifests-input.ts';

export async function openSource(
  settings: Settings,
  logger: Logger,
  options: SourceOptions,
): Promise<ObjectSource> {
  if (settings.manifests.length > 0) {
    const { manifests: paths, nodePortRange } = settings;
    await requireManifestsOrFail(paths);
    return createManifestSource({ paths, nodePortRange, logger, report: options.report });
  }
  // Much of a start is loading what talks HTTP.
  const { openApiServer } = await import('./api-server-source.ts');
  return openApiServer(settings, logger, options);
}
