/** Where the objects come from, as the settings say: manifests or an API server. */

import type { AnnounceSettings, Settings } from '../config/settings.ts';
import type { Logger } from '../log/logger.ts';
import {
  announcerFollowing,
  announcingProxyFollowing,
  type Following,
  LOAD_BALANCER_KINDS,
  PROXY,
  PROXY_KINDS,
} from '../sources/following.ts';
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
    const kinds = options.following?.loadBalancing === undefined ? PROXY_KINDS : LOAD_BALANCER_KINDS;
    return createManifestSource({ paths, nodePortRange, kinds, logger, report: options.report });
  }
  // Much of a start is loading what talks HTTP.
  const { openApiServer } = await import('./api-server-source.ts');
  return openApiServer(settings, logger, options);
}

/** What the proxy and, where it announces, the announcer in it look at. */
export function followingOf({ announce }: Pick<Settings, 'announce'>): Following {
  return announce === undefined ? PROXY : announcingProxyFollowing(announce.namespace);
}

/** What an announcer beside another proxy looks at. */
export function announcerFollowingOf({ namespace }: AnnounceSettings): Following {
  return announcerFollowing(namespace);
}
