/** New certificates come into use while the cluster runs: renewed ones of its own, or files that the operator has replaced. */
import type { Logger } from '../log/logger.ts';
import { pause } from '../scheduling/pause.ts';
import type { ServingTls } from './serving-tls.ts';

/** How often files are looked at, and whether certificates are to be renewed. */
const LOOK_EVERY_MS = 60_000;

interface CertificateRenewal {
  /** What is in use, read again. */
  readonly load: () => Promise<ServingTls | undefined>;
  /** Takes them into use for new connections. @throws Error they don't fit together */
  readonly use: (tls: ServingTls) => void;
  /** Writes kubeconfigs with them. */
  readonly write: (tls: ServingTls) => Promise<void>;
  readonly logger: Logger;
  readonly everyMs?: number;
}

/**
 * Until the signal fires. What can't be read leaves those that are there in use; kubeconfigs that can't be written are tried
 * again at each look.
 *
 * @param first in use and written already
 */
export async function renewCertificates(
  { load, use, write, logger, everyMs = LOOK_EVERY_MS }: CertificateRenewal,
  first: ServingTls,
  signal: AbortSignal,
): Promise<void> {
  let inUse = first;
  let written = first;
  let told = '';
  for (;;) {
    await pause(everyMs, signal);
    if (signal.aborted) return;
    let failure = 'certificates can not be renewed; those in use stay';
    try {
      const next = await load();
      if (next !== undefined && JSON.stringify(next) !== JSON.stringify(inUse)) {
        use(next);
        inUse = next;
        logger.info({}, 'certificates were renewed or replaced, and are in use');
      }
      failure = 'kubeconfigs with the new certificates can not be written; trying again';
      if (written !== inUse) await write(inUse);
      written = inUse;
      told = '';
    } catch (err) {
      const message = `${failure}: ${err}`;
      if (message !== told) logger.error({ err }, failure);
      told = message;
    }
  }
}
