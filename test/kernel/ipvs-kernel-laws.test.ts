/** IPVS as the proxy relies on it, on the real kernel. */
import { describeIpvs } from '../../src/kernel/fake/ipvs-laws.ts';
import { openEmptyIpvs } from './ipvs-kernel.ts';

describeIpvs('the kernel', openEmptyIpvs);
