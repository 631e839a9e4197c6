/** ServiceAccounts: a name that pods and tokens refer to. */
import type { Messages } from '../schema/messages.ts';
import type { KindRules } from './kind-rules.ts';
import { SERVICE_ACCOUNT_TABLE } from './tables/service-account.ts';

export const SERVICE_ACCOUNT_RULES: KindRules<Messages['core.v1.ServiceAccount']> = {
  defaults: (account) => account,
  validate: () => [],
  table: SERVICE_ACCOUNT_TABLE,
};
