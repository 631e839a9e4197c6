/** IPVS as the proxy relies on it, on the real kernel. */
import { describeIpvs } from '@menwei/testing/kernel/ipvs-laws.ts';
import { openEmptyIpvs } from './ipvs-kernel.ts';

describeIpvs('the kernel', openEmptyIpvs);
