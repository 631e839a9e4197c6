/** Whether NodePorts answer on 127.0.0.1 (spec § 4.4). */
import { cidrContains, type IpFamily, isLoopback } from '@menwei/addresses/ip.ts';
import type { Settings } from '../../config/settings.ts';

export function takesLocalhostNodePorts(settings: Settings, family: IpFamily): boolean {
  return settings.iptables.localhostNodePorts && family === 'IPv4' && nodePortsIncludeLoopback(settings);
}

function nodePortsIncludeLoopback({ nodePortAddresses }: Settings): boolean {
  if (nodePortAddresses === 'primary') return false;
  const ofFamily = nodePortAddresses.filter((cidr) => cidr.family === 'IPv4');
  return (
    ofFamily.length === 0 ||
    ofFamily.some((cidr) => isLoopback(cidr.address) || cidrContains(cidr, '127.0.0.0'))
  );
}
