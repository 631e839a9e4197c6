import { aHealthCheck, aNodeView, anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { FamilyTables } from '../state/family-tables.ts';
import type { ServicePort } from '../state/service-port.ts';
import { PROMETHEUS_TEXT } from './exposition.ts';
import { Registry } from './registry.ts';
import { registerServiceMetrics } from './service-metrics.ts';

const REMOTE = [anEndpoint({ ip: '10.0.0.1' }), anEndpoint({ ip: '10.0.0.2' })];
const LOCAL = [...REMOTE, anEndpoint({ ip: '10.0.0.3', isLocal: true })];

let registry: Registry;
let tables: FamilyTables;
let limit: number;

beforeEach(() => {
  registry = new Registry('ipvs');
  tables = new FamilyTables('IPv4');
  limit = 2;
  registerServiceMetrics(registry, {
    statuses: () => [tables],
    families: [
      {
        tables,
        node: () => aNodeView(),
        traffic: async () =>
          new Map([
            ['ns/web:http/TCP', { connections: 7, received: 700, sent: 70_000 }],
            ['ns/gone/TCP', { connections: 1 }],
            ['ns/dns/UDP', { connections: 3 }],
          ]),
      },
    ],
    limit: () => limit,
    serviceCount: () => tables.servicePorts.rows.size,
    tellsEndpoints: true,
  });
});

function put(fields: Partial<ServicePort>, state: 'pending' | 'programmed' | 'error' = 'programmed'): void {
  const port = aServicePort(fields);
  tables.servicePorts.put(port.key, port);
  tables.status.put(port.key, { servicePort: port.key, family: 'IPv4', state, sinceMs: 0 });
}

async function lines(pattern: RegExp): Promise<readonly string[]> {
  const text = [...(await registry.expose(PROMETHEUS_TEXT))].join('');
  return text.split('\n').filter((line) => pattern.test(line) && !line.startsWith('#'));
}

describe('the metrics of service ports', () => {
  it('tell of each its state, its endpoints and its traffic', async () => {
    put({ namespace: 'ns', name: 'web', portName: 'http', endpoints: LOCAL, internalPolicyLocal: true });
    put({ namespace: 'ns', name: 'dns', portName: '', port: 53, protocol: 'UDP' }, 'error');
    const web = 'namespace="ns",service="web",port="http",protocol="TCP",ip_family="IPv4"';
    const dns = 'namespace="ns",service="dns",port="53",protocol="UDP",ip_family="IPv4"';
    const expected = [
      `menwei_service_port_state{${web},state="programmed"} 1`,
      `menwei_service_port_state{${dns},state="error"} 1`,
      `menwei_service_port_endpoints{${web},use="all"} 3`,
      `menwei_service_port_endpoints{${web},use="used"} 1`,
      `menwei_service_port_endpoints{${dns},use="all"} 0`,
      `menwei_service_port_endpoints{${dns},use="used"} 0`,
      `menwei_service_port_connections_total{${web}} 7`,
      `menwei_service_port_connections_total{${dns}} 3`,
      `menwei_service_port_received_bytes_total{${web}} 700`,
      `menwei_service_port_sent_bytes_total{${web}} 70000`,
    ];
    expect(await lines(/menwei_service_port_/)).toEqual(expected);
    const both = await Promise.all([lines(/_port_/), lines(/_port_/)]);
    expect(both).toEqual([expected, expected]);
  });

  it('are only sums with more Services than the limit', async () => {
    for (const name of ['a', 'b', 'c']) put({ name }, name === 'a' ? 'pending' : 'programmed');
    expect(await lines(/menwei_service_port/)).toEqual([
      'menwei_service_ports{ip_family="IPv4",state="pending"} 1',
      'menwei_service_ports{ip_family="IPv4",state="programmed"} 2',
      'menwei_service_ports{ip_family="IPv4",state="error"} 0',
    ]);
    limit = 3;
    expect(await lines(/menwei_service_port_state/)).toHaveLength(3);
  });

  it.each<[string, Partial<ServicePort>, readonly [internal: number, external: number]]>([
    ['no policy', { endpoints: REMOTE }, [0, 0]],
    ['local endpoints', { endpoints: LOCAL, internalPolicyLocal: true, externalPolicyLocal: true }, [0, 0]],
    ['internal Local', { endpoints: REMOTE, internalPolicyLocal: true }, [1, 0]],
    ['external Local', { endpoints: REMOTE, externalPolicyLocal: true, nodePort: 30_080 }, [0, 1]],
    [
      'no endpoint anywhere',
      { endpoints: [], internalPolicyLocal: true, externalPolicyLocal: true, nodePort: 30_080 },
      [0, 0],
    ],
  ])('count those without local endpoints: %s', async (_title, fields, [internal, external]) => {
    put(fields);
    expect(await lines(/no_local_endpoints/)).toEqual([
      `kubeproxy_sync_proxy_rules_no_local_endpoints_total{traffic_policy="internal",ip_family="IPv4"} ${internal}`,
      `kubeproxy_sync_proxy_rules_no_local_endpoints_total{traffic_policy="external",ip_family="IPv4"} ${external}`,
    ]);
  });
});

it('tell of endpoints that are checked whether they are up, and of panic', async () => {
  const down = LOCAL.slice(0, 2).map(({ text }) => text);
  put({ name: 'web', endpoints: LOCAL, health: { check: aHealthCheck(), down } });
  put({ name: 'plain', endpoints: LOCAL });
  const web = 'namespace="ns",service="web",port="80",protocol="TCP",ip_family="IPv4"';
  expect(await lines(/health/)).toEqual([
    `menwei_health_panic{${web}} 1`,
    ...LOCAL.map(
      ({ text }, index) => `menwei_health_endpoint_up{${web},endpoint="${text}"} ${index < 2 ? 0 : 1}`,
    ),
  ]);
});
