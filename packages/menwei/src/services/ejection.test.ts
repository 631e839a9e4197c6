import {
  aHealthCheck,
  aNodeView,
  anEndpoint,
  aServicePort,
  type ServicePortFields,
} from '@menwei/testing/services/testing.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../state/service-port.ts';
import { categorizeEndpoints, type EndpointCategories } from './topology.ts';

interface Case {
  readonly title: string;
  readonly port?: ServicePortFields;
  /** Each of these is the last number of an address: on this node those with `*`, terminating those with `t`. */
  readonly endpoints: string;
  readonly down: string;
  readonly panic?: number;
  readonly cluster: string;
  readonly local?: string;
  readonly ejected: string;
  readonly isPanic?: boolean;
  /** Undefined: whether any endpoint is used. */
  readonly any?: boolean;
}

const LOCAL_OUTSIDE: ServicePortFields = { externalPolicyLocal: true, nodePort: 30_080 };
const LOCAL_INSIDE: ServicePortFields = { internalPolicyLocal: true };

describe('endpoints that are down', () => {
  it.each<Case>([
    { title: 'none', endpoints: '1 2 3', down: '', cluster: '1 2 3', ejected: '' },
    { title: 'one of three', endpoints: '1 2 3', down: '2', cluster: '1 3', ejected: '2' },
    { title: 'half of them', endpoints: '1 2 3 4', down: '1 2', cluster: '3 4', ejected: '1 2' },
    {
      title: '3 of 5: too many',
      endpoints: '1 2 3 4 5',
      down: '1 2 3',
      cluster: '1 2 3 4 5',
      ejected: '',
      isPanic: true,
    },
    { title: 'the only one', endpoints: '1', down: '1', cluster: '1', ejected: '', isPanic: true },
    {
      title: 'all, with the least panic there is',
      endpoints: '1 2',
      down: '1 2',
      panic: 1,
      cluster: '1 2',
      ejected: '',
      isPanic: true,
    },
    {
      title: 'all but one, with the least',
      endpoints: '1 2',
      down: '2',
      panic: 1,
      cluster: '1',
      ejected: '2',
    },
    {
      title: 'one, with panic at once',
      endpoints: '1 2 3',
      down: '2',
      panic: 100,
      cluster: '1 2 3',
      ejected: '',
      isPanic: true,
    },
    { title: 'the only one, without panic', endpoints: '1', down: '1', panic: 0, cluster: '', ejected: '1' },
    { title: 'all, without panic', endpoints: '1 2', down: '1 2', panic: 0, cluster: '', ejected: '1 2' },
    { title: 'one that is not chosen', endpoints: '1 2t', down: '2', cluster: '1', ejected: '' },
    { title: 'one of those that terminate', endpoints: '1t 2t', down: '2', cluster: '1', ejected: '2' },
    {
      title: 'one of two on this node',
      port: LOCAL_OUTSIDE,
      endpoints: '1 2* 3*',
      down: '2',
      cluster: '1 3',
      local: '3',
      ejected: '2',
    },
    {
      title: 'the only one on this node, of three: the Local list is used as it is, the other goes without',
      port: LOCAL_OUTSIDE,
      endpoints: '1 2* 3',
      down: '2',
      cluster: '1 3',
      local: '2',
      ejected: '',
      isPanic: true,
    },
    {
      title: 'the only one on this node, without panic: dropped, as others have one',
      port: LOCAL_INSIDE,
      endpoints: '1 2*',
      down: '2',
      panic: 0,
      cluster: '',
      local: '',
      ejected: '2',
      any: true,
    },
    {
      title: 'all everywhere, without panic: refused',
      port: LOCAL_INSIDE,
      endpoints: '1 2*',
      down: '1 2',
      panic: 0,
      cluster: '',
      local: '',
      ejected: '2',
      any: false,
    },
  ])('$title', ({ port = {}, endpoints, down, panic = 50, ...expected }) => {
    const made = endpoints.split(' ').map(parse);
    const health = {
      check: aHealthCheck({ panicPercent: panic }),
      down: down === '' ? [] : down.split(' ').map((number) => parse(number).text),
    };
    const categories = categorizeEndpoints(aServicePort({ ...port, endpoints: made, health }), aNodeView());
    const { cluster, local = '', ejected, isPanic = false, any = cluster !== '' || local !== '' } = expected;
    expect(summarize(categories)).toEqual({ cluster, local, ejected, isPanic, any });
  });
});

it('without panic, what hints have left out is used before connections are refused', () => {
  const endpoints = ['a', 'b', 'b'].map((zone, index) =>
    anEndpoint({ ip: `10.0.0.${index + 1}`, zoneHints: [zone] }),
  );
  const view = (panicPercent: number) => {
    const health = { check: aHealthCheck({ panicPercent }), down: ['10.0.0.1:8080', '10.0.0.3:8080'] };
    return summarize(categorizeEndpoints(aServicePort({ endpoints, health }), aNodeView({ zone: 'a' })));
  };
  expect(view(0)).toMatchObject({ cluster: '2', ejected: '1', isPanic: false });
  expect(view(50)).toMatchObject({ cluster: '1', ejected: '', isPanic: true });
});

describe('for any endpoints and verdicts', () => {
  const port = fc.record({
    internalPolicyLocal: fc.boolean(),
    externalPolicyLocal: fc.boolean(),
    nodePort: fc.constantFrom(0, 30_080),
  });
  const conditions = fc.array(
    fc.record({ ready: fc.boolean(), isLocal: fc.boolean(), isDown: fc.boolean() }),
    {
      maxLength: 8,
    },
  );

  it('some are left where some were, unless that is not wanted, and nobody comes in whom policy left out', () => {
    fc.assert(
      fc.property(port, conditions, fc.nat({ max: 100 }), (fields, list, panicPercent) => {
        const endpoints = list.map((each, index) => anEndpoint({ ...each, ip: `10.0.0.${index + 1}` }));
        const down = endpoints.filter((_, index) => list[index]?.isDown).map(({ text }) => text);
        const unchecked = aServicePort({ ...fields, endpoints });
        const checked = { ...unchecked, health: { check: aHealthCheck({ panicPercent }), down } };
        const [before, after] = [unchecked, checked].map((each) => categorizeEndpoints(each, aNodeView()));
        if (before === undefined || after === undefined) return;
        for (const list of ['clusterEndpoints', 'localEndpoints'] as const) {
          expect(before[list]).toEqual(expect.arrayContaining([...after[list]]));
          if (before[list].length > 0 && panicPercent > 0) expect(after[list]).not.toEqual([]);
        }
        if (panicPercent > 0) expect(after.hasAnyEndpoints).toBe(before.hasAnyEndpoints);
        const both = [...after.allReachable, ...after.ejected].map(({ text }) => text);
        expect(both.sort()).toEqual(before.allReachable.map(({ text }) => text));
        expect(after.ejected.every(({ text }) => down.includes(text))).toBe(true);
        if (after.isPanic) expect(panicPercent).toBeGreaterThan(0);
      }),
    );
  });
});

function parse(text: string): Endpoint {
  const number = Number.parseInt(text, 10);
  const terminates = text.includes('t');
  return anEndpoint({
    ip: `10.0.0.${number}`,
    isLocal: text.includes('*'),
    ready: !terminates,
    terminating: terminates,
  });
}

function summarize(categories: EndpointCategories) {
  const numbers = (list: readonly Endpoint[]) => list.map(({ ip }) => ip.slice('10.0.0.'.length)).join(' ');
  return {
    cluster: numbers(categories.clusterEndpoints),
    local: numbers(categories.localEndpoints),
    ejected: numbers(categories.ejected),
    isPanic: categories.isPanic,
    any: categories.hasAnyEndpoints,
  };
}
