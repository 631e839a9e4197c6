/** Rules that ask IPVS: only a kernel that has it takes them. */
import { describeSavedRules } from './iptables-saved-rules.ts';

describeSavedRules([
  ...['tcp', 'udp', 'sctp'].map(
    (protocol) => `-s 1.2.3.5 -m ipvs --vaddr 1.2.3.5 --vproto ${protocol} --vport 80 -j DROP`,
  ),
  '-m comment --comment a -s 1.2.3.5 -m ipvs --vaddr 1.2.3.5 --vproto udp --vport 65535',
]);
