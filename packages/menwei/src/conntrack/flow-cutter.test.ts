import { KernelError } from '@menwei/netlink';
import { formatFilter } from '@menwei/netlink/conntrack';
import { aFlow, FakeFlowTable } from '@menwei/testing/conntrack/testing.ts';
import {
  aNodeView,
  anEndpoint,
  aServicePort,
  type ServicePortFields,
} from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import type { ServicePort } from '../state/service-port.ts';
import { type CutResult, FlowCutter, type Settlement } from './flow-cutter.ts';

const never = new AbortController().signal;
const A = anEndpoint({ ip: '10.0.0.1', port: 5353 });
const B = anEndpoint({ ip: '10.0.0.2', port: 5353 });
const TO_A = aFlow('172.30.0.1:53 → 10.0.0.1:5353');
const TO_B = aFlow('172.30.0.1:53 → 10.0.0.2:5353');
const REFUSED = new KernelError({
  operation: 'list',
  object: 'IPv4 flows',
  detail: 'no such luck',
  errno: 1,
});

function dns(fields: ServicePortFields = {}): ServicePort {
  return aServicePort({ name: 'dns', protocol: 'UDP', port: 53, ...fields });
}

function open(localAddresses: readonly string[] = ['203.0.113.9']) {
  const table = new FakeFlowTable();
  const log: string[] = [];
  const cuts: Pick<CutResult, 'flows'>[] = [];
  const say = (_: object, message: string) => void log.push(message);
  const cutter = new FlowCutter({
    family: 'IPv4',
    flows: table,
    localAddresses: () => localAddresses,
    logger: { debug: () => undefined, info: say, warn: say, error: say },
    onCut: ({ flows, seconds }) => cuts.push({ flows: seconds >= 0 ? flows : Number.NaN }),
  });
  const settle = (ports: readonly ServicePort[], more: Partial<Settlement> = {}): boolean =>
    cutter.settled({
      ports: new Map(ports.map((port) => [port.key, port])),
      node: aNodeView(),
      complete: false,
      ...more,
    });
  const cut = () => cutter.cut(never);
  return { table, log, cuts, cutter, settle, cut };
}

describe('FlowCutter', () => {
  it('cuts what a change made stale, once, and tells', async () => {
    const { table, log, cuts, settle, cut } = open();
    settle([dns({ endpoints: [A, B] })], { complete: true });
    await cut();
    table.flows = [TO_A, TO_B];
    table.filters.length = 0;
    expect(settle([dns({ endpoints: [A] })])).toBe(true);
    expect(await cut()).toBe(true);
    expect(table.flows).toEqual([TO_A]);
    expect(table.filters.map(formatFilter)).toEqual(['UDP answered by 10.0.0.2:5353']);
    expect(cuts).toEqual([{ flows: 0 }, { flows: 1 }]);
    expect(log).toEqual(['deleted stale conntrack entries']);
    await cut();
    expect(table.filters).toHaveLength(1);
  });

  it.each<[string, readonly ServicePort[]]>([
    ['nothing changed', []],
    ['only TCP changed', [aServicePort({ endpoints: [A] })]],
  ])('has nothing to do when %s', (_, ports) => {
    const { settle } = open();
    expect(settle(ports, { complete: true })).toBe(false);
    expect(settle(ports)).toBe(false);
  });

  it('knows nothing at the start: flows to endpoints live, others are cut', async () => {
    const { table, settle, cut } = open();
    const gone = aFlow('172.30.0.9:53 → 10.0.0.2:5353');
    table.flows = [TO_A, TO_B, gone];
    settle([dns({ endpoints: [A] })], { complete: true });
    await cut();
    expect(table.flows).toEqual([TO_A, gone]);
  });

  it('looks at everything again after the kernel was not known', async () => {
    const { table, settle, cut } = open();
    settle([dns({ endpoints: [A] })], { complete: true });
    await cut();
    table.flows = [TO_A, aFlow('172.30.0.1:53')];
    expect(settle([], { complete: false })).toBe(false);
    expect(settle([], { complete: true })).toBe(true);
    await cut();
    expect(table.flows).toEqual([TO_A]);
  });

  it('keeps what it could not do for the next time, and what came in between', async () => {
    const { table, log, settle, cut } = open();
    settle([dns({ endpoints: [A, B] })], { complete: true });
    await cut();
    table.flows = [TO_A, TO_B];
    settle([dns({ endpoints: [A] })]);
    for (const _ of [1, 2]) {
      table.failure = REFUSED;
      expect(await cut()).toBe(false);
    }
    expect(log).toEqual(['deleting stale conntrack entries failed; retrying']);
    settle([], { ports: new Map([[dns().key, undefined]]) });
    expect(await cut()).toBe(true);
    expect(table.flows).toEqual([]);
    table.failure = REFUSED;
    settle([dns()]);
    await cut();
    expect(log).toEqual([log[0], 'deleted stale conntrack entries', log[0]]);
  });

  it('keeps what came while it failed', async () => {
    const { table, settle, cut } = open();
    settle([dns({ endpoints: [A, B] })], { complete: true });
    await cut();
    table.flows = [TO_A, TO_B];
    settle([dns({ endpoints: [A] })]);
    table.failure = REFUSED;
    const cutting = cut();
    settle([dns()]);
    expect(await cutting).toBe(false);
    expect(await cut()).toBe(true);
    expect(table.flows).toEqual([]);
  });

  it('says nothing when it is told to end', async () => {
    const { table, log, cutter, settle } = open();
    settle([dns()], { complete: true });
    table.failure = REFUSED;
    expect(await cutter.cut(AbortSignal.abort())).toBe(false);
    expect(log).toEqual([]);
  });

  it.each<[string, Settlement['node']['nodePortAddresses'], readonly string[]]>([
    ['all', 'all', ['203.0.113.7:30053', '10.0.0.9:30053']],
    ['one', ['203.0.113.7'], ['203.0.113.9:30053', '10.0.0.9:30053']],
    ['none', [], ['203.0.113.9:30053', '203.0.113.7:30053', '10.0.0.9:30053']],
  ])('knows which addresses have node ports: %s', async (_, nodePortAddresses, alive) => {
    const { table, settle, cut } = open();
    const flows = ['203.0.113.9:30053', '203.0.113.7:30053', '10.0.0.9:30053'];
    table.flows = flows.map((text) => aFlow(text));
    settle([dns({ nodePort: 30_053 })], { complete: true, node: aNodeView({ nodePortAddresses }) });
    await cut();
    expect(table.flows).toEqual(alive.map((text) => aFlow(text)));
  });

  it('looks again when other addresses have node ports', async () => {
    const { table, settle, cut } = open();
    settle([dns({ nodePort: 30_053 })], { complete: true, node: aNodeView({ nodePortAddresses: [] }) });
    await cut();
    table.flows = [aFlow('203.0.113.9:30053')];
    expect(settle([], { node: aNodeView({ nodePortAddresses: ['203.0.113.9'] }) })).toBe(true);
    await cut();
    expect(table.flows).toEqual([]);
  });
});
