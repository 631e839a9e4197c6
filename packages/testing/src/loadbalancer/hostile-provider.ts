/** A provider that fails in every way in which the contract lets one fail, and in some in which it does not. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BalancerChange,
  type BalancerRequest,
  type BalancerStatus,
  type ObservedBalancer,
  type Provider,
  ProviderError,
} from 'menwei/loadbalancer/providers/provider.ts';
import { untilAborted } from 'menwei/scheduling/pause.ts';
import type { FakeProvider, FakeSpec } from './fake-provider.ts';

/** What goes wrong; `none`: nothing does. */
type Misbehaviour = (typeof MISBEHAVIOURS)[number];

export const MISBEHAVIOURS = [
  'none',
  /** Nothing was done. */
  'refuses',
  /** Nothing was done, nor will be before the Service changes. */
  'refuses for good',
  /** Nothing was done, and it says when to come back. */
  'is busy',
  /** It was done, and it says that it was not. */
  'loses the answer',
  /** Some of it was done. */
  'stops halfway',
  /** All of it was done, and it has forgotten by the time somebody looks. */
  'forgets',
  /** It does not end before it is told to. */
  'hangs',
  /** It is done, late. */
  'is slow',
  /** It says nothing of what clients are told. */
  'says nothing',
  /** What it throws is no error. */
  'throws words',
  /** What is wrong is its own mistake. */
  'has a bug',
  /** It can't be read. */
  'is unreadable',
  /** It says of all it has that nobody can make sense of it. */
  'speaks in riddles',
] as const;

export class HostileProvider implements Provider<FakeSpec> {
  readonly name = 'hostile';
  misbehaviour: Misbehaviour = 'none';
  readonly #inner: FakeProvider;

  constructor(inner: FakeProvider) {
    this.#inner = inner;
  }

  get supports(): FakeProvider['supports'] {
    return this.#inner.supports;
  }

  compile(request: BalancerRequest): FakeSpec {
    if (this.misbehaviour === 'has a bug') throw new TypeError('injected: undefined is not a function');
    return this.#inner.compile(request);
  }

  isSame(a: FakeSpec, b: FakeSpec): boolean {
    return this.#inner.isSame(a, b);
  }

  async observe(signal: AbortSignal): Promise<readonly ObservedBalancer<FakeSpec>[]> {
    if (this.misbehaviour === 'is unreadable') throw new ProviderError('injected: it can not be read');
    if (this.misbehaviour === 'hangs') await hang(signal);
    const observed = await this.#inner.observe(signal);
    if (this.misbehaviour !== 'speaks in riddles') return observed;
    return observed.map((one) => ({ ...one, spec: undefined, status: undefined }));
  }

  async apply(change: BalancerChange<FakeSpec>, signal: AbortSignal): Promise<BalancerStatus | undefined> {
    const { misbehaviour } = this;
    switch (misbehaviour) {
      case 'refuses':
        throw new ProviderError('injected: no');
      case 'refuses for good':
        throw new ProviderError('injected: never', { isPermanent: true });
      case 'is busy':
        throw new ProviderError('injected: later', { retryAfterMs: 7_000 });
      case 'throws words':
        throw 'injected: words';
      case 'hangs':
        await hang(signal);
        break;
      case 'is slow':
        await sleep(20, undefined, { signal });
        break;
      case 'stops halfway':
        await this.#inner.apply(halved(change), signal);
        throw new ProviderError('injected: out of breath');
      default:
    }
    const status = await this.#inner.apply(change, signal);
    if (misbehaviour === 'loses the answer') throw new ProviderError('injected: what was the question?');
    if (misbehaviour === 'forgets') await this.#inner.apply(removal(change), signal);
    return misbehaviour === 'says nothing' ? undefined : status;
  }
}

function halved(change: BalancerChange<FakeSpec>): BalancerChange<FakeSpec> {
  if (change.change === 'remove') return change;
  return { ...change, spec: { ...change.spec, ports: change.spec.ports.slice(1) } };
}

function removal({ service = '' }: BalancerChange<FakeSpec>): BalancerChange<FakeSpec> {
  return { change: 'remove', service, name: service };
}

async function hang(signal: AbortSignal): Promise<never> {
  await untilAborted(signal);
  throw signal.reason;
}
