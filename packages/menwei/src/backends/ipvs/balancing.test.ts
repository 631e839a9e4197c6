import { endpoints, IDLE, membersOf, unitOf } from '@menwei/testing/backends/ipvs/testing.ts';
import { aHealthCheck, type ServicePortFields } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import type { HealthCheck } from '../../kubernetes/health-check.ts';
import { type Balancing, DEFAULT_BALANCING } from '../../kubernetes/objects.ts';

const EXTERNAL = { externalIPs: ['198.51.100.1'], nodePort: 30080 } as const;

describe('forwarding', () => {
  it.each(['masquerade', 'direct', 'tunnel'] as const)('%s, except by NodePort', (forwarding) => {
    const unit = unitOf({
      ...EXTERNAL,
      loadBalancerVIPs: ['198.51.100.2'],
      balancing: { ...DEFAULT_BALANCING, forwarding },
      endpoints: endpoints({}, {}),
    });
    const methods = unit.servers.map(({ server: { frontend }, destinations }) => {
      const used = new Set(Array.from(destinations.values(), (destination) => destination.forwarding));
      return `${'mark' in frontend ? '' : `${frontend.ip}:${frontend.port}`} ${[...used].join()}`;
    });
    expect(methods).toEqual([
      `172.30.0.1:80 ${forwarding}`,
      `198.51.100.1:80 ${forwarding}`,
      `198.51.100.2:80 ${forwarding}`,
      '10.180.0.254:30080 masquerade',
      '192.0.2.1:30080 masquerade',
    ]);
    const direct = ['172.30.0.1,tcp:80', '198.51.100.1,tcp:80', '198.51.100.2,tcp:80'];
    expect(membersOf(unit, 'MENWEI-DIRECT')).toEqual(forwarding === 'masquerade' ? [] : direct);
  });
});

describe('scheduling', () => {
  const PERSISTENT = 0x1;
  const FALLBACK = 0x8;
  const PORT = 0x10;

  it.each<[string, Partial<Balancing>, number, [string, number, number]]>([
    ['the default', {}, 0, ['rr', 0, 0]],
    ['its own', { scheduler: 'wlc' }, 0, ['wlc', 0, 0]],
    ['for ever the same for a client', {}, 10_800, ['rr', PERSISTENT, 10_800]],
    ['mh looks at the port', { scheduler: 'mh' }, 0, ['mh', PORT | FALLBACK, 0]],
    ['sh does not', { scheduler: 'sh' }, 0, ['sh', FALLBACK, 0]],
    ['mh by the address alone', { scheduler: 'mh', schedulerFlags: [] }, 0, ['mh', 0, 0]],
    [
      'sh with all',
      { scheduler: 'sh', schedulerFlags: ['port', 'fallback'] },
      60,
      ['sh', PERSISTENT | PORT | FALLBACK, 60],
    ],
    ['flags that it does not have', { scheduler: 'wrr', schedulerFlags: ['port'] }, 0, ['wrr', 0, 0]],
    ['slow start: rr can’t', { slowStartMs: 1000 }, 0, ['wrr', 0, 0]],
    ['slow start: lc can’t', { scheduler: 'lc', slowStartMs: 1000 }, 0, ['wlc', 0, 0]],
    ['slow start: others can', { scheduler: 'sed', slowStartMs: 1000 }, 0, ['sed', 0, 0]],
  ])('%s', (_title, balancing, sessionAffinitySeconds, [scheduler, flags, timeoutSeconds]) => {
    const unit = unitOf({
      ...EXTERNAL,
      sessionAffinitySeconds,
      balancing: { ...DEFAULT_BALANCING, ...balancing },
    });
    expect(unit.servers).toHaveLength(4);
    for (const { server } of unit.servers) expect(server).toMatchObject({ scheduler, flags, timeoutSeconds });
  });

  it.each<[string, Partial<Balancing>, readonly number[]]>([
    ['as they are', {}, [1, 7]],
    ['in slow start a hundredfold', { scheduler: 'wlc', slowStartMs: 1000 }, [100, 700]],
    [
      'in slow start alike for those that pass weights over',
      { scheduler: 'lc', slowStartMs: 1000 },
      [100, 100],
    ],
    ['in slow start alike by the default', { slowStartMs: 1000 }, [100, 100]],
  ])('weights %s', (_title, balancing, weights) => {
    const fields = {
      balancing: { ...DEFAULT_BALANCING, ...balancing },
      endpoints: endpoints({}, { weight: 7 }, IDLE),
    };
    const [content] = unitOf(fields).servers;
    expect(Array.from(content?.destinations.values() ?? [], ({ weight }) => weight)).toEqual(weights);
    expect([...(content?.lingering ?? [])]).toEqual(['10.0.0.3:80']);
  });

  it.each<[string, ServicePortFields, readonly string[] | undefined]>([
    ['that are down lose their connections', { protocol: 'TCP' }, ['10.0.0.2:80']],
    [
      'that are down keep their connections by default',
      { protocol: 'TCP', health: down('drain') },
      undefined,
    ],
    ['of UDP have none to lose', { protocol: 'UDP' }, undefined],
  ])('endpoints %s', (_title, fields, severed) => {
    const [content] = unitOf({ endpoints: endpoints({}, {}), health: down('reset'), ...fields }).servers;
    expect([...(content?.destinations.keys() ?? [])]).toEqual(['10.0.0.1:80']);
    expect(content?.severed && [...content.severed]).toEqual(severed);
    expect(content?.lingering.size).toBe(0);
  });
});

function down(onDown: HealthCheck['onDown']) {
  return { check: aHealthCheck({ onDown }), down: ['10.0.0.2:80'] };
}
