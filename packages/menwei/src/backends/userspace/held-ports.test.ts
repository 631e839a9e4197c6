import { aNodeView, anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import { expect, it } from 'vitest';
import { atOnce } from '../../scheduling/steps.ts';
import { UserspaceRules } from './rules.ts';

it('who compares takes the ports that a proxy in another process has chosen', () => {
  const options = {
    family: 'IPv4',
    localhostNodePorts: true,
    answeredVIPs: 'pools',
    listenIP: undefined,
  } as const;
  const port = aServicePort({ endpoints: [anEndpoint()], nodePort: 30_001 });
  const node = aNodeView();
  const planWith = (first: number) => {
    const rules = new UserspaceRules({ ...options, portRange: { first, last: 49_999 } });
    const plan = rules.plan();
    plan.update(node, new Map([[port.key, rules.compile(port, node)]]));
    return { rules, plan };
  };
  // In another range another port is the first choice.
  const held = { ...planWith(41_000).plan.complete(), relays: new Map() };
  const { rules, plan } = planWith(40_000);
  atOnce(plan.settle(held));
  const differences = () => rules.diff(held, { ...plan.complete(), relays: new Map() }).script;
  expect(differences()).not.toEqual([]);
  plan.adopt?.(held);
  expect(differences()).toEqual([]);
});
