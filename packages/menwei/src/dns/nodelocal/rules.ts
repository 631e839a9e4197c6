/** Rules by which connection tracking leaves DNS of the node's own addresses alone. */
import { familyOf, type IpFamily } from '@menwei/addresses/ip.ts';
import { address, type Fields, PORT, PROTOCOL, SOURCE_PORT } from '@menwei/netfilter/nft/field.ts';
import { inSet, NOTRACK, rule } from '@menwei/netfilter/nft/statement.ts';
import { PROTOCOL_NUMBERS } from '@menwei/netlink';
import {
  type Chain,
  type Element,
  encodeFields,
  type Hook,
  type SetDeclaration,
  type TableContent,
  type TableName,
  tableFamily,
} from '@menwei/netlink/nftables';

const FRONTENDS = 'frontends';
const DNS_PORT = 53;
/** nft's `raw`: before connection tracking (-200) has seen the packet. */
const RAW = -300;

export function nodeLocalTable(family: IpFamily): TableName {
  return { family: tableFamily(family), name: 'menwei-dns' };
}

/** Undefined: no table is needed. @param ips of any family */
export function compileRules(family: IpFamily, ips: readonly string[]): TableContent | undefined {
  const own = ips.filter((ip) => familyOf(ip) === family);
  if (own.length === 0) return undefined;
  const type = family === 'IPv4' ? 'ipv4_addr' : 'ipv6_addr';
  const set: SetDeclaration = {
    name: FRONTENDS,
    key: [type, 'inet_proto', 'inet_service'],
    data: undefined,
    interval: false,
    dynamic: false,
    size: 0,
    comment: 'where this node answers queries',
  };
  const elements = own.flatMap((ip) =>
    (['UDP', 'TCP'] as const).map((protocol): Element => {
      return {
        key: encodeFields(set.key, [ip, PROTOCOL_NUMBERS[protocol], DNS_PORT]),
        data: undefined,
        comment: '',
      };
    }),
  );
  return {
    table: { ...nodeLocalTable(family), comment: 'DNS of this node without conntrack' },
    chains: new Map((['prerouting', 'output'] as const).map((hook) => [hook, compileChain(family, hook)])),
    sets: new Map([[set.name, set]]),
    elements: new Map([[set.name, new Map(elements.map((element) => [element.key, element]))]]),
  };
}

/** Both ways at both hooks: what the node itself asks leaves by `output` and comes in again. */
function compileChain(family: IpFamily, hook: Hook['hook']): Chain {
  const queries: Fields = [address(family, 'daddr'), PROTOCOL, PORT];
  const answers: Fields = [address(family, 'saddr'), PROTOCOL, SOURCE_PORT];
  return {
    name: hook,
    hook: { type: 'filter', hook, priority: RAW },
    comment: '',
    rules: [queries, answers].map((fields) => rule([inSet(fields, FRONTENDS), NOTRACK])),
  };
}
