/** What the tool calls the flags of schedulers, behind the name of the scheduler: `sh-port`. */
import { SERVER_SCHEDULER_FALLBACK, SERVER_SCHEDULER_PORT } from '@menwei/netlink/ipvs';

export const SCHEDULER_FLAGS = [
  [SERVER_SCHEDULER_FALLBACK, 'fallback'],
  [SERVER_SCHEDULER_PORT, 'port'],
] as const;
