/** The messages of accounting objects, for the debug switch. */
import { attributes, type MessageSchemas, messages, NFGENMSG } from '../../debug/schema.ts';
import { NFACCT, NFNL_MSG_ACCT } from './constants.ts';

const OBJECT = attributes('NFACCT_', NFACCT, { NAME: 'text', PKTS: 'u64be', BYTES: 'u64be' });

export const NFACCT_MESSAGES: MessageSchemas = messages(
  'NFNL_MSG_ACCT_',
  NFNL_MSG_ACCT,
  NFGENMSG,
  () => OBJECT,
);
