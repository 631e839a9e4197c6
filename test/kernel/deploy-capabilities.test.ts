import { describeGrantedCapabilities } from './granted-capabilities.ts';

describeGrantedCapabilities(['iptables', 'nftables', 'userspace']);
