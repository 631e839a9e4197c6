import { formatScript } from '@menwei/netfilter/iptables/restore-script.ts';
import type { HeldRule } from '@menwei/netfilter/iptables/rule.ts';
import { EMPTY_RULESET } from '@menwei/netfilter/iptables/ruleset.ts';
import {
  type Destination,
  formatFrontend,
  SERVER_SCHEDULER_FALLBACK,
  type VirtualServer,
} from '@menwei/netlink/ipvs';
import { describe, expect, it } from 'vitest';
import { diff } from './diff.ts';
import { formatDestination, type IpvsState } from './state.ts';

const A: Destination = { ip: '10.0.0.1', port: 8080, weight: 1, forwarding: 'masquerade' };
const B: Destination = { ...A, ip: '10.0.0.2' };

function state(
  server: Partial<VirtualServer>,
  protocol: 'TCP' | 'UDP' | 'SCTP',
  destinations: readonly Destination[],
  lingering: readonly Destination[] = [],
): IpvsState {
  const frontend = { family: 'IPv4', protocol, ip: '172.30.0.1', port: 80 } as const;
  const content = {
    server: { frontend, scheduler: 'rr', flags: 0, timeoutSeconds: 0, ...server },
    destinations: new Map(destinations.map((each) => [formatDestination(each), each])),
    lingering: new Set(lingering.map(formatDestination)),
    servicePort: 'ns/web/TCP',
  };
  const servers = new Map([[formatFrontend(frontend), content]]);
  const rules = { rules: EMPTY_RULESET, ruleOrder: new Map() };
  return { device: true, addresses: new Set(), servers, sets: new Map(), ...rules };
}

describe('a destination that is no longer wanted', () => {
  it.each<
    [string, Partial<VirtualServer>, 'TCP' | 'UDP' | 'SCTP', readonly Destination[], 'drains' | 'ends']
  >([
    ['of TCP', {}, 'TCP', [], 'drains'],
    ['of SCTP', {}, 'SCTP', [], 'drains'],
    ['of UDP', {}, 'UDP', [], 'ends'],
    ['of UDP that still serves', {}, 'UDP', [A], 'drains'],
    ['where clients can’t be sent elsewhere', { scheduler: 'dh' }, 'TCP', [], 'ends'],
    ['where clients may not be sent elsewhere', { scheduler: 'mh' }, 'TCP', [], 'ends'],
    ['where they may', { scheduler: 'mh', flags: SERVER_SCHEDULER_FALLBACK }, 'TCP', [], 'drains'],
  ])('%s', (_what, server, protocol, lingering, expected) => {
    const changes = diff(state(server, protocol, [A, B]), state(server, protocol, [B], lingering));
    const { drainedDestinations, endedDestinations } = changes;
    expect(drainedDestinations.map(({ destination }) => destination)).toEqual(
      expected === 'drains' ? [A] : [],
    );
    expect(endedDestinations.map(({ destination }) => destination)).toEqual(expected === 'ends' ? [A] : []);
  });
});

describe('a destination that loses its connections', () => {
  const severed = new Set([formatDestination(A)]);
  const ended = (from: IpvsState, to: IpvsState) =>
    diff(from, to).endedDestinations.map(({ destination: { ip } }) => ip);
  const severing = (to: IpvsState): IpvsState => ({
    ...to,
    servers: new Map(Array.from(to.servers, ([key, content]) => [key, { ...content, severed }])),
  });

  it('ends at once, also if it drained', () => {
    const to = severing(state({}, 'TCP', [B]));
    expect(ended(state({}, 'TCP', [A, B]), to)).toEqual([A.ip]);
    expect(ended(state({}, 'TCP', [B], [A]), to)).toEqual([A.ip]);
    expect(ended(to, to)).toEqual([]);
  });
});

describe('the rules of a mode that was here before', () => {
  const accept: HeldRule = { destination: '172.30.0.0/16', target: 'ACCEPT' };
  const former: HeldRule = { destination: '172.30.0.1', target: 'KUBE-SVC-ABCDEFGHIJKLMNOP' };
  const holding = (rules: readonly HeldRule[]): IpvsState => ({
    ...state({}, 'TCP', []),
    rules: { ...EMPTY_RULESET, fixed: new Map([['nat KUBE-SERVICES', rules]]) },
  });

  it('translate until virtual servers and addresses are there', () => {
    const { rules, lastRules } = diff(holding([former]), holding([accept]));
    expect(formatScript(rules)).toMatch(/^-I KUBE-SERVICES 2 .*-j ACCEPT$/m);
    expect(formatScript(lastRules)).toMatch(/^:KUBE-SERVICES .*\n-A KUBE-SERVICES .*-j ACCEPT\nCOMMIT$/m);
  });

  it('are told from what somebody added', () => {
    const added: HeldRule = { destination: '172.30.0.2', target: 'RETURN' };
    const { rules } = diff(holding([added]), holding([accept]));
    expect(formatScript(rules)).toMatch(/^-I KUBE-SERVICES( 1)? .*-j ACCEPT$/m);
  });
});
