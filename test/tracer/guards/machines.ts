/** Machines that are changed step by step, and can be sent a packet in between. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import { iptablesHooks } from '@menwei/netfilter/trace/iptables/hooks.ts';
import type { Machine, Packet } from '@menwei/netfilter/trace/packet.ts';
import { type Hooks, trace, type Way } from '@menwei/netfilter/trace/trace.ts';
import { formatFrontend } from '@menwei/netlink/ipvs';
import { openBackend as openIptables } from '@menwei/testing/backends/iptables/laws.ts';
import { openBackend as openIpvs } from '@menwei/testing/backends/ipvs/laws.ts';
import { stepwise, stepwiseTools } from '@menwei/testing/backends/ipvs/stepwise.ts';
import { FakeRelays } from '@menwei/testing/backends/userspace/fake-relays.ts';
import { openBackend as openUserspace } from '@menwei/testing/backends/userspace/laws.ts';
import { FakeIpSets } from '@menwei/testing/kernel/ip-set.ts';
import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import { FakeIpvs } from '@menwei/testing/kernel/ipvs.ts';
import { FakeLinks } from '@menwei/testing/kernel/links.ts';
import type { Backend, Plan } from 'menwei/backends/backend.ts';
import { LAYOUT as IPTABLES_LAYOUT } from 'menwei/backends/iptables/base.ts';
import { LAYOUT as IPVS_LAYOUT } from 'menwei/backends/ipvs/base.ts';
import { DEVICE } from 'menwei/backends/ipvs/names.ts';
import { LAYOUT as USERSPACE_LAYOUT } from 'menwei/backends/userspace/base.ts';
import type { Layout } from 'menwei/backends/xtables/layout.ts';
import { SavedRules } from 'menwei/backends/xtables/saved-rules.ts';
import type { NodeView } from 'menwei/services/node-view.ts';
import type { ServicePort } from 'menwei/state/service-port.ts';
import { HOSTS } from '../testbed.ts';

const signal = new AbortController().signal;
const MARK = 1 << 14;

export interface GuardedMachine {
  /** Programs these Services and no others; `step` is called before each single change of the kernel. */
  change(node: NodeView, ports: readonly ServicePort[], step: () => void): Promise<void>;
  /** Where a packet gets: endpoints with a star if it is masqueraded, `host`, or on to where it was going. */
  send(packet: Packet): ReadonlySet<string>;
}

export const MACHINES: readonly {
  readonly mode: string;
  readonly open: (family: IpFamily) => GuardedMachine;
}[] = [
  { mode: 'ipvs', open: openIpvsMachine },
  { mode: 'iptables', open: openIptablesMachine },
  { mode: 'userspace', open: openUserspaceMachine },
];

function openIptablesMachine(family: IpFamily): GuardedMachine {
  const tools = new FakeIptables({ family });
  const steps = new Steps();
  const backend = openIptables(stepwiseTools(tools, steps.take), family);
  return {
    change: changer(backend, steps),
    send: (packet) =>
      endsOf(
        trace(iptablesHooks(rulesOf(tools, IPTABLES_LAYOUT)), packet, machineOf(family)),
        packet,
        family,
      ),
  };
}

/** A listener is an end: its port alone says who may go where from there. */
function openUserspaceMachine(family: IpFamily): GuardedMachine {
  const tools = new FakeIptables({ family });
  const steps = new Steps();
  const relays = new FakeRelays();
  const backend = openUserspace({ tools: stepwiseTools(tools, steps.take), relays }, family);
  const change = changer(backend, steps);
  return {
    change,
    send(packet) {
      const ways = trace(iptablesHooks(rulesOf(tools, USERSPACE_LAYOUT)), packet, machineOf(family));
      const listeners = [...relays.observe().values()].flatMap((relay) => relay.listeners);
      return new Set(
        ways.flatMap(({ end, endpoint }) => {
          if (end !== 'sent') return [];
          if (endpoint === undefined) return [wentOn(packet, family)];
          const port = Number(endpoint.slice(endpoint.lastIndexOf(':') + 1));
          const listener = listeners.find((each) => each.port === port);
          // Rules say who comes to a listener. Which of its endpoints it chooses is its own affair, if it may be any.
          return (listener?.endpoints ?? []).flatMap(({ text }) =>
            isOnNode(text) ? [':served'] : [':served', ':served elsewhere'],
          );
        }),
      );
    },
  };
}

function openIpvsMachine(family: IpFamily): GuardedMachine {
  const tools = new FakeIptables({ family, hasSet: (name) => sets.dump().has(name) });
  const sets: FakeIpSets = new FakeIpSets({ isInUse: (name) => tools.dump().includes(` ${name} `) });
  const kernel = { tools, sets, ipvs: new FakeIpvs(), links: new FakeLinks() };
  const steps = new Steps();
  const backend = openIpvs(stepwise(kernel, steps.take), family);
  return {
    change: changer(backend, steps),
    send: (packet) => sendThroughIpvs(kernel, family, packet),
  };
}

type IpvsMachine = { tools: FakeIptables; sets: FakeIpSets; ipvs: FakeIpvs; links: FakeLinks };

/** IPVS takes what comes in behind INPUT, and what the node itself sends before filter OUTPUT. */
function sendThroughIpvs(kernel: IpvsMachine, family: IpFamily, packet: Packet): ReadonlySet<string> {
  const { protocol, destination: ip, destinationPort: port } = packet;
  if (protocol === 'ICMP') throw new Error('BUG: there is no virtual server for pings');
  const held = kernel.ipvs.dump().get(formatFrontend({ family, protocol, ip, port }));
  const isOwn = packet.inInterface === undefined;
  const addresses = [...machineOf(family).addresses, ...kernel.links.dump(DEVICE).map((each) => each.ip)];
  const sets = new Map(Array.from(kernel.sets.dump(), ([name, { entries }]) => [name, entries]));
  const hooks: Hooks = { ...iptablesHooks(rulesOf(kernel.tools, IPVS_LAYOUT)), postrouting: [] };
  const taken = held === undefined ? packet : { ...packet, virtualServer: `${ip}:${port}/${protocol}` };
  const [way] = trace(isOwn ? { ...hooks, input: [], prerouting: [] } : hooks, taken, { addresses, sets });
  if (way === undefined || way.end !== 'sent') return new Set();
  if (!isOwn && !addresses.includes(ip)) return new Set(['elsewhere']);
  if (held === undefined) return new Set([addresses.includes(ip) ? 'host' : 'elsewhere']);
  const star = (way.mark & MARK) === 0 ? '' : '*';
  const usable = [...held.destinations].filter(([, { weight }]) => weight > 0);
  return new Set(usable.map(([text]) => `${text}${star}`));
}

/** What is called before each change, while anybody listens. */
class Steps {
  listener: () => void = () => undefined;
  readonly take = (): void => this.listener();
}

function changer<Unit, State, Changes>(
  backend: Backend<Unit, State, Changes>,
  steps: Steps,
): GuardedMachine['change'] {
  const plan: Plan<Unit, State> = backend.plan();
  let present: readonly ServicePort[] = [];
  let isFirst = true;
  return async (node, ports, step) => {
    const gone = present.filter(({ key }) => ports.every((port) => port.key !== key));
    const units = new Map<string, Unit | undefined>([
      ...gone.map(({ key }) => [key, undefined] as const),
      ...ports.map((port) => [port.key, backend.compile(port, node, plan.unit(port.key))] as const),
    ]);
    const { before, after } = plan.update(node, units);
    const changes = isFirst
      ? backend.diff(await backend.observe(signal), plan.complete())
      : backend.diff(before, after);
    isFirst = false;
    present = ports;
    steps.listener = step;
    if (!backend.isEmpty(changes)) await backend.apply(changes, signal);
    steps.listener = () => undefined;
  };
}

function rulesOf(tools: FakeIptables, layout: Layout): Ruleset {
  const saved = new SavedRules(layout);
  for (const line of tools.dump().split('\n')) saved.line(line);
  return saved.ruleset();
}

function machineOf(family: IpFamily): Machine {
  return { addresses: [HOSTS[family].node] };
}

function endsOf(ways: readonly Way[], packet: Packet, family: IpFamily): ReadonlySet<string> {
  return new Set(
    ways.flatMap(({ end, endpoint, masqueraded }) => {
      if (end !== 'sent') return [];
      return [endpoint === undefined ? wentOn(packet, family) : `${endpoint}${masqueraded ? '*' : ''}`];
    }),
  );
}

function isOnNode(endpoint: string): boolean {
  return /^(10\.180\.0\.|\[fd00:10:180::)/.test(endpoint);
}

function wentOn({ destination }: Packet, family: IpFamily): string {
  return machineOf(family).addresses.includes(destination) ? 'host' : 'elsewhere';
}
