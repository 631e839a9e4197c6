/** What is told of each address to who asks: who announces it, and why this node does or does not. */
import { type Duty, describeHolder } from './duty.ts';
import type { Election } from './election/election.ts';
import { describeFailure } from './election/eligibility.ts';
import type { AnnouncementState } from './speaker.ts';

export interface AddressStatus {
  readonly address: string;
  /** `namespace/name` of those that have it, oldest first. */
  readonly services: readonly string[];
  /** The node that is to announce it; empty: none may. */
  readonly owner: string;
  /** Interfaces of the owner. */
  readonly interfaces: readonly string[];
  /** What this node does about it; `silent`: it is to announce it, and can't on any interface. */
  readonly state: 'announcing' | 'silent' | 'handing over' | 'asking' | 'standing by' | 'waiting' | 'none';
  /** Since when it owns the address; ISO 8601; empty: it does not. */
  readonly since: string;
  /** In words why this node does what it does. */
  readonly reason: string;
  /** Services that share the address with an older one, and get no packets where that is announced. */
  readonly leftOut: readonly string[];
  /** How this node answers for it, on each interface where it is to. */
  readonly answering: readonly Omit<AnnouncementState, 'address'>[];
}

/** Of all addresses, sorted. Each is made when it is asked for. */
export function* addressStatuses(
  node: string,
  election: Election,
  duty: (address: string) => Duty | undefined,
  spoken: (address: string) => readonly AnnouncementState[],
): Generator<AddressStatus> {
  for (const address of [...election.decisions.keys()].sort()) {
    const decision = election.decisions.get(address);
    const own = duty(address);
    const answering = spoken(address).map(({ address: _, ...rest }) => rest);
    const silence = own?.phase === 'answering' ? describeSilence(answering) : undefined;
    yield {
      address,
      services: election.users(address).map(({ service }) => service),
      owner: decision?.owner?.name ?? '',
      interfaces: decision?.owner?.interfaces ?? [],
      state:
        silence === undefined || answering.some(({ isAnswering }) => isAnswering) ? stateOf(own) : 'silent',
      since: own !== undefined && 'ownedSinceMs' in own ? new Date(own.ownedSinceMs).toISOString() : '',
      reason: silence ?? (own === undefined ? whyNot(node, address, election) : describeDuty(own)),
      leftOut: decision?.leftOut ?? [],
      answering,
    };
  }
}

/** Undefined: it is answered for wherever it is to be. */
function describeSilence(answering: AddressStatus['answering']): string | undefined {
  const silent = answering.filter(({ isAnswering }) => !isAnswering);
  if (silent.length === 0) return undefined;
  const reasons = silent.map(({ interface: name, reason }) => `${name}: ${reason ?? 'nothing answers'}`);
  return `this node is the owner and can’t answer on ${reasons.join('; ')}`;
}

function stateOf(duty: Duty | undefined): AddressStatus['state'] {
  switch (duty?.phase) {
    case 'answering':
      return 'announcing';
    case 'yielding':
      return 'handing over';
    case 'probing':
      return 'asking';
    case 'standing by':
      return 'standing by';
    case 'waiting':
    case 'declining':
      return 'waiting';
    case undefined:
      return 'none';
  }
}

function describeDuty(duty: Duty): string {
  switch (duty.phase) {
    case 'answering':
      return `this node is the owner (${duty.cause})`;
    case 'yielding':
      return `${duty.to} is to announce it, and this node does until then`;
    case 'probing':
      return `this node is the owner (${duty.cause}), and asks first whether somebody has the address`;
    case 'standing by':
      return duty.holder === undefined ? duty.reason : `${describeHolder(duty.holder)} has it`;
    case 'waiting':
      return 'this node is the owner, and its proxy has not programmed the Service yet';
    case 'declining':
      return 'the proxy of this node has not programmed the Service';
  }
}

function whyNot(name: string, address: string, election: Election): string {
  const failure = election.eligibility(address).failures.get(name);
  const node = election.nodes.get(name);
  if (failure !== undefined && node !== undefined)
    return `this node ${describeFailure(address, failure, node)}`;
  const owner = election.decisions.get(address)?.owner;
  if (owner === undefined) return 'no node may announce it';
  return owner.sinceMs === undefined
    ? `${owner.name} comes before this node`
    : `${owner.name} has announced it since ${new Date(owner.sinceMs).toISOString()}`;
}
