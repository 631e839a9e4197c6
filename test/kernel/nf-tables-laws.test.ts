/** nf_tables as the proxy relies on it, on the real kernel. */
import { describeNfTables } from '../../src/kernel/fake/nf-tables-laws.ts';
import { openEmptyNfTables } from './nf-tables-kernel.ts';

describeNfTables('the kernel', openEmptyNfTables);
