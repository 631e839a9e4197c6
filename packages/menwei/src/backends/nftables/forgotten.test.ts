import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { describe, expect, it } from 'vitest';
import { optionsOf, stateOf } from '../../../../../test/tracer/modes.ts';
import { HOSTS, type PortOfFields, portOf, programOf } from '../../../../../test/tracer/testbed.ts';
import type { ServicePort } from '../../state/service-port.ts';
import { affinityId, clientMap } from './affinity.ts';
import { Forgotten, partingOf } from './forgotten.ts';
import { NftablesRules } from './rules.ts';
import type { Parting } from './state.ts';
import { endpointValues } from './values.ts';

const STICKY: PortOfFields = { endpoints: ['here', 'elsewhere', 'elsewhere'], sessionAffinitySeconds: 600 };

function changes(before: readonly ServicePort[], after: readonly ServicePort[]): Parting {
  const family = (before[0] ?? after[0])?.family ?? 'IPv4';
  const rules = new NftablesRules(optionsOf(family));
  return partingOf(
    stateOf(rules, programOf(family, { ports: before })),
    stateOf(rules, programOf(family, { ports: after })),
  );
}

/** `all 2`: clients of endpoint 2 in the map for Cluster policies. */
function describeForgotten(forgotten: Forgotten, port: ServicePort): readonly string[] {
  return (['all', 'local'] as const).flatMap((among) =>
    portOf(port.family, { endpoints: STICKY.endpoints ?? [] }).endpoints.flatMap((endpoint, index) => {
      const data = endpointValues(port.family, [endpoint]);
      const isAbout = forgotten.isAbout(clientMap(port, among).name, { key: '', data, comment: '' });
      return isAbout ? [`${among} ${index + 1}`] : [];
    }),
  );
}

function forgottenAfter(
  family: IpFamily,
  before: PortOfFields,
  after: PortOfFields | undefined,
): readonly string[] {
  const port = portOf(family, { ...STICKY, ...before });
  const forgotten = new Forgotten();
  forgotten.note(changes([port], after === undefined ? [] : [portOf(family, { ...STICKY, ...after })]));
  return describeForgotten(forgotten, port);
}

describe.each(IP_FAMILIES)('forgotten are clients, %s', (family) => {
  const everywhere = { everywhere: true } as const;
  const local = { everywhere: true, externalPolicyLocal: true } as const;
  const moved = { clusterIP: HOSTS[family].externalIP } as const;
  const withoutSecond = { endpoints: ['here', 'unready', 'elsewhere'] } as const;
  const withoutFirst = { endpoints: ['unreadyHere', 'elsewhere', 'elsewhere'] } as const;

  it.each<[string, PortOfFields, PortOfFields | undefined, readonly string[]]>([
    ['of nobody, where nothing changes', everywhere, everywhere, []],
    ['of nobody, with another timeout', local, { ...local, sessionAffinitySeconds: 10 }, []],
    ['of nobody, with an endpoint more', withoutSecond, {}, []],
    ['of the endpoint that is gone', everywhere, { ...everywhere, ...withoutSecond }, ['all 2']],
    [
      'of the endpoint that is gone, known by NodePort alone',
      { nodePort: 30080 },
      { nodePort: 30080, ...withoutFirst },
      ['all 1'],
    ],
    ['of the local endpoint that is gone', local, { ...local, ...withoutFirst }, ['all 1', 'local 1']],
    ['of nobody, as long as another way in leads there', everywhere, {}, []],
    ['of nobody, where internal traffic stays here', {}, { internalPolicyLocal: true }, []],
    [
      'of nobody, where internal traffic alone stays here and the other ways in lead everywhere',
      everywhere,
      { ...everywhere, internalPolicyLocal: true },
      [],
    ],
    [
      'of the endpoint that is gone with the way in that led there',
      { everywhere: true, internalPolicyLocal: true, nodePort: 0 },
      { ...withoutSecond },
      ['all 2'],
    ],
    ['of nobody, with other addresses', everywhere, { ...everywhere, ...moved }, []],
    ['of the endpoint that is gone, whatever comes with it', {}, { ...moved, ...withoutSecond }, ['all 2']],
    [
      'of the endpoint that is gone, if all ways in are new',
      { nodePort: 30080, ...moved },
      { ...withoutSecond, nodePort: 30081 },
      ['all 2'],
    ],
    // The maps go too, with all that is in them.
    ['of nobody, without affinity', everywhere, { ...everywhere, sessionAffinitySeconds: 0 }, []],
    ['of nobody, without the Service', everywhere, undefined, []],
    ['of nobody, without any endpoint', everywhere, { ...everywhere, endpoints: [] }, []],
    ['of nobody, with another policy', everywhere, local, []],
    ['of nobody, with the policy back', local, everywhere, []],
  ])('%s', (_name, before, after, expected) => {
    expect(forgottenAfter(family, before, after)).toEqual(expected);
  });

  it('of an endpoint that is for Local policies alone from now on', () => {
    const port = portOf(family, { ...STICKY, ...local });
    const hinted = (nodeName: string) => ({
      ...port,
      endpoints: port.endpoints.map((endpoint) => ({
        ...endpoint,
        nodeHints: endpoint.isLocal ? [nodeName] : ['node-a'],
      })),
    });
    const forgotten = new Forgotten();
    forgotten.note(changes([hinted('node-a')], [hinted('node-b')]));
    expect(describeForgotten(forgotten, port)).toEqual(['all 1']);
  });
});

describe('what has to be forgotten', () => {
  const port = portOf('IPv4', STICKY);
  const without = (...endpoints: NonNullable<PortOfFields['endpoints']>) =>
    portOf('IPv4', { ...STICKY, endpoints });

  it('adds up until it is done', () => {
    const forgotten = new Forgotten();
    expect(forgotten.maps).toEqual([]);
    forgotten.note(changes([port], [without('here', 'unready', 'elsewhere')]));
    forgotten.note(changes([without('here', 'unready', 'elsewhere')], [without('here')]));
    expect(forgotten.maps).toEqual([`affinity-${affinityId(port)}`]);
    expect(describeForgotten(forgotten, port)).toEqual(['all 2', 'all 3']);
    forgotten.done(clientMap(port, 'all').name);
    expect([forgotten.maps, describeForgotten(forgotten, port)]).toEqual([[], []]);
  });

  it.each<[string, ServicePort[] | undefined]>([
    ['its map', []],
    ['the table', undefined],
  ])('is over with %s', (_name, after) => {
    const forgotten = new Forgotten();
    forgotten.note(changes([port], [without('here')]));
    forgotten.note(
      after === undefined ? { endpoints: new Map(), maps: forgotten.maps } : changes([port], after),
    );
    expect(forgotten.maps).toEqual([]);
  });

  it('is of one Service alone', () => {
    const other = portOf('IPv4', { ...STICKY, name: 'other', port: 81 });
    const forgotten = new Forgotten();
    forgotten.note(changes([port, other], [without('here'), other]));
    expect(describeForgotten(forgotten, other)).toEqual([]);
  });
});
