/** Rules that ask IPVS: only a kernel that has it takes them. */
import { describeVirtualServerMatch } from '@menwei/testing/kernel/iptables-laws.ts';
import { describeSavedRules } from './iptables-saved-rules.ts';
import { describeVariants } from './iptables-variants.ts';

describeVariants((_variant, openKernel) => describeVirtualServerMatch('the kernel', openKernel));

describeSavedRules([
  ...['tcp', 'udp', 'sctp'].map(
    (protocol) => `-s 1.2.3.5 -m ipvs --vaddr 1.2.3.5 --vproto ${protocol} --vport 80 -j DROP`,
  ),
  '-m comment --comment a -s 1.2.3.5 -m ipvs --vaddr 1.2.3.5 --vproto udp --vport 65535',
]);
