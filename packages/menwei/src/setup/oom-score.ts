/** How the kernel's out-of-memory killer looks at this process (spec § 10.5). */
import { constants } from 'node:os';
import type { KernelFiles } from '@menwei/kernel/kernel-file.ts';
import { KernelError } from '@menwei/netlink';
import type { Settings } from '../config/settings.ts';
import type { Logger } from '../log/logger.ts';

const FILE = '/proc/self/oom_score_adj';
const { EACCES } = constants.errno;

/** As upstream, a failure ends nothing: less than before is for who has CAP_SYS_RESOURCE. What this process starts later inherits it. */
export function applyOomScore(
  { oomScoreAdj }: Pick<Settings, 'oomScoreAdj'>,
  files: KernelFiles,
  logger: Logger,
): void {
  let found: string | undefined;
  try {
    found = files.read(FILE);
    if (found === String(oomScoreAdj)) return;
    if (files.write(FILE, oomScoreAdj)) return;
    logger.info({ wanted: oomScoreAdj }, 'oom_score_adj not set: this kernel has no such setting');
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    const fields = { wanted: oomScoreAdj, kept: found };
    if (error.errno === EACCES)
      logger.info(fields, 'oom_score_adj not set; it takes CAP_SYS_RESOURCE to lower it');
    else logger.info({ ...fields, err: error }, 'oom_score_adj not set');
  }
}
