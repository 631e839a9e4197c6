/** nf_tables as the proxy relies on it, on the real kernel. */
import { describeNfTables } from '@menwei/testing/kernel/nf-tables-laws.ts';
import { openEmptyNfTables } from './nf-tables-kernel.ts';

describeNfTables('the kernel', openEmptyNfTables);
