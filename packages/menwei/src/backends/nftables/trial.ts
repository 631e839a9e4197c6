/** Whether this kernel takes what the nftables mode programs: all of it in one transaction, which is never carried out. */
import { constants } from 'node:os';
import { formatHostPort } from '@menwei/addresses/ip.ts';
import { KernelError } from '@menwei/netlink';
import { type NfTablesClient, openNfTables, type Transaction, tableFamily } from '@menwei/netlink/nftables';
import { DEFAULT_BALANCING } from '../../kubernetes/objects.ts';
import type { NodeView } from '../../services/node-view.ts';
import type { Endpoint, ServicePort } from '../../state/service-port.ts';
import type { NftablesOptions } from './options.ts';
import { NftablesRules } from './rules.ts';

const { ENOENT } = constants.errno;
const TRIAL_TABLE = 'menwei-trial';
/** There is no such chain, and no other is deleted: so the kernel refuses the last operation, and with it takes all others back. */
const REFUSED = 'refused-on-purpose';

/** What IPv4 needs, IPv6 needs too. */
type TrialOptions = Omit<NftablesOptions, 'family'>;

/** Why the kernel can't be had for it; undefined: it takes everything. Modules that are needed may be loaded by it. */
export async function tryNftables(
  options: TrialOptions,
  open: () => Pick<NfTablesClient, 'apply'> & Disposable = openNfTables,
): Promise<KernelError | undefined> {
  try {
    using client = open();
    return await tryTransaction(client, { ...options, family: 'IPv4' });
  } catch (error) {
    if (error instanceof KernelError) return error;
    throw error;
  }
}

async function tryTransaction(
  client: Pick<NfTablesClient, 'apply'>,
  options: NftablesOptions,
): Promise<KernelError | undefined> {
  const table = { family: tableFamily(options.family), name: TRIAL_TABLE };
  const wanted = trialTransaction(options);
  try {
    await client.apply(table, [...wanted, { do: 'delete chain', chain: REFUSED }]);
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    const isOnPurpose = error.errno === ENOENT && error.operation === 'delete chain';
    return isOnPurpose ? undefined : error;
  }
  await client.apply(table, [{ do: 'delete table' }]);
  throw new Error('BUG: the kernel has deleted a chain that there is not');
}

/** What a node with Services of every kind gets. Addresses are those of documentation (RFC 5737). */
function trialTransaction(options: NftablesOptions): Transaction {
  const rules = new NftablesRules(options);
  const plan = rules.plan();
  const ports = [
    { ...PORT, name: 'plain', clusterIP: '192.0.2.1', nodePort: 1 },
    { ...PORT, name: 'none', clusterIP: '192.0.2.2', endpoints: [] },
    { ...PORT, name: 'sticky', clusterIP: '192.0.2.3', sessionAffinitySeconds: 60 },
    { ...PORT, name: 'open', clusterIP: '192.0.2.4', loadBalancerVIPs: ['192.0.2.5'], ...LOCAL },
  ].map((port) => ({ ...port, key: `trial/${port.name}/TCP`, displayName: `trial/${port.name}` }));
  plan.update(NODE, new Map(ports.map((port) => [port.key, rules.compile(port, NODE)])));
  return rules
    .diff(rules.nothing(), plan.complete())
    .transaction.map((operation) =>
      operation.do === 'add table'
        ? { ...operation, table: { ...operation.table, name: TRIAL_TABLE } }
        : operation,
    );
}

const ENDPOINTS: readonly Endpoint[] = ['198.51.100.1', '198.51.100.2'].map((ip) => ({
  ip,
  port: 80,
  text: formatHostPort(ip, 80),
  ready: true,
  serving: true,
  terminating: false,
  isLocal: true,
  zoneHints: undefined,
  nodeHints: undefined,
  weight: 1,
}));

const LOCAL = { externalPolicyLocal: true, loadBalancerSourceRanges: ['203.0.113.0/24'] };

const PORT: Omit<ServicePort, 'key' | 'name' | 'displayName' | 'clusterIP'> = {
  family: 'IPv4',
  namespace: 'trial',
  portName: '',
  protocol: 'TCP',
  port: 80,
  nodePort: 0,
  sessionAffinitySeconds: 0,
  externalIPs: [],
  loadBalancerVIPs: [],
  hasPoolAddresses: true,
  loadBalancerSourceRanges: undefined,
  healthCheckNodePort: 0,
  externalPolicyLocal: false,
  internalPolicyLocal: false,
  balancing: DEFAULT_BALANCING,
  health: undefined,
  endpoints: ENDPOINTS,
};

const NODE: NodeView = {
  name: 'trial',
  family: 'IPv4',
  zone: '',
  ip: '203.0.113.1',
  ownIP: '203.0.113.1',
  detectLocal: { by: 'cidr', cidr: '198.51.100.0/24' },
  podCIDR: undefined,
  nodePortAddresses: ['203.0.113.1'],
  localAddresses: [],
  serviceCIDRs: ['192.0.2.0/24'],
  largeCluster: false,
};
