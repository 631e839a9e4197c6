/** Rules with all the conditions there are, but for those that ask IPVS: see ipvs-rules.test.ts. */
import { describeSavedRules } from './iptables-saved-rules.ts';

describeSavedRules([
  `-m comment --comment "for masquerade purpose with type 'hash ip:port'" -m set --match-set KUBE-NODE-PORT-SCTP-HASH dst,dst -j K2`,
  '-m comment --comment "ip + port with externalTrafficPolicy=local" -m set --match-set KUBE-LB-LOCAL dst,dst -j RETURN',
  `-m comment --comment "it's" -j K2`,
  '-p tcp -m comment --comment "nodeport TCP port" -m set --match-set KUBE-NODE-PORT-TCP dst -j RETURN',
  '-p udp -m comment --comment udp -m set --match-set KUBE-NODE-PORT-UDP dst -j K2',
  '-p sctp -m comment --comment "a b" -m set --match-set KUBE-NODE-PORT-SCTP-HASH dst,dst -j K2',
  '-m comment --comment "a b" -m set --match-set KUBE-CLUSTER-IP dst,dst ! -s 10.0.0.0/8 -j K2',
  '-m comment --comment "a b" -m set --match-set KUBE-CLUSTER-IP dst,dst ! -i veth+ -j K2',
  '-m set --match-set KUBE-LOAD-BALANCER-SOURCE-CID dst,dst,src -j RETURN',
  '-m set --match-set KUBE-EXTERNAL-IP dst,dst -m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL -j ACCEPT',
  '-m set --match-set KUBE-EXTERNAL-IP dst,dst -m addrtype --dst-type LOCAL -j ACCEPT',
  '-m addrtype --src-type LOCAL ! --dst-type LOCAL -j RETURN',
  '-m set --match-set KUBE-HEALTH-CHECK-NODE-PORT dst -j RETURN',
  '-m conntrack --ctstate NEW -m set --match-set KUBE-IPVS-IPS dst -j REJECT',
  '-m conntrack --ctstate NEW -m set --match-set KUBE-IPVS-IPS dst -m comment --comment a',
  '-m mark ! --mark 0x00004000/0x00004000 -j RETURN',
  '-j MARK --xor-mark 0x00004000',
]);
