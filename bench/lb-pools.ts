/**
 * What addresses of load balancers cost: all Services of a cluster at once, one more, and one change, with the same beside ten
 * times as many Services. `npm run bench:lb-pools`
 */
import { addressPool, addressRequest } from '@menwei/testing/loadbalancer/pools.ts';
import { AddressAllocator } from 'menwei/loadbalancer/pools/address-allocator.ts';
import type { AddressRequest } from 'menwei/loadbalancer/pools/allocation.ts';
import { median, quantile, round } from './figures.ts';

const RUNS = 2_000;
/** 65,536 addresses. */
const WIDE = addressPool('wide', ['10.0.0.0/16']);
const WIDER = addressPool('wider', ['10.0.0.0/8']);
const IPV6 = addressPool('six', ['fd00::/64']);
const KEY = { key: 'k', namespaces: [] };

function main(): void {
  measureAll();
  measureOne('10,000 Services, a pool of 65,536', filled([WIDE], 10_000));
  measureOne('10,000 Services, a pool of 16,777,216', filled([WIDER], 10_000));
  const six = { families: ['IPv6'] } as const;
  measureOne(
    '10,000 Services, an IPv6 /64',
    filled([IPV6], 10_000, () => six),
    six,
  );
  for (const change of CHANGES) compare(change);
}

/** A third of the Services is for each pool. */
function measureAll(): void {
  const pools = ['a', 'b', 'c'].map((name, index) => addressPool(name, [`10.${index}.0.0/16`]));
  const requests = requestsOf(5_000, (index) => ({ pool: ['a', 'b', 'c'][index % 3] ?? '' }));
  const times = Array.from({ length: 5 }, () => {
    return timed(() => new AddressAllocator().begin(pools, requests, 0));
  });
  tell('5,000 Services, 3 pools, at the start', times);
  const oneByOne = Array.from({ length: 5 }, () => {
    const allocator = new AddressAllocator();
    allocator.begin(pools, [], 0);
    return timed(() => {
      for (const request of requests) allocator.put(request, 0);
    });
  });
  tell('5,000 Services, 3 pools, one by one', oneByOne);
}

function measureOne(what: string, allocator: AddressAllocator, more: Partial<AddressRequest> = {}): void {
  const times = Array.from({ length: RUNS }, (_, index) => {
    const request = addressRequest(`new-${index}`, { createdAtMs: 1e9 + index, ...more });
    return timed(() => allocator.put(request, 0));
  });
  tell(`one more: ${what}`, times);
}

interface Change {
  readonly what: string;
  /** An allocator with so many Services. */
  readonly prepare: (services: number) => AddressAllocator;
  readonly change: (allocator: AddressAllocator, run: number) => void;
}

const CHANGES: readonly Change[] = [
  {
    what: 'a Service comes and goes',
    prepare: (services) => filled([WIDER], services),
    change: (allocator, run) => {
      allocator.put(addressRequest('x', { createdAtMs: 1e9 }), run);
      allocator.remove('ns/x', run);
    },
  },
  {
    what: 'labels of a Service change',
    prepare: (services) => filled([WIDER], services),
    change: (allocator, run) => {
      const labels = new Map([['run', String(run)]]);
      allocator.put(addressRequest('s-500', { createdAtMs: 500, labels }), run);
    },
  },
  {
    what: 'an address is released, and all others wait for one',
    prepare: (services) => filled([addressPool('small', ['10.0.0.0/29'])], services),
    change: (allocator, run) => {
      allocator.remove(`ns/s-${run}`, run);
    },
  },
  {
    what: 'one that shares its address with none changes its ports',
    prepare: (services) => filled([WIDER], services, () => ({ sharing: KEY })),
    change: (allocator, run) => {
      const ports = [{ protocol: 'TCP', port: 80 + (run % 2) } as const];
      allocator.put(addressRequest('s-500', { createdAtMs: 500, sharing: KEY, ports }), run);
    },
  },
  {
    what: 'one more with the sharing key and the port of all others',
    prepare: (services) => filled([WIDER], services, () => ({ sharing: KEY })),
    change: (allocator, run) => {
      allocator.put(addressRequest('x', { createdAtMs: 1e9, sharing: KEY }), run);
      allocator.remove('ns/x', run);
    },
  },
  {
    what: 'one that shares its address with all others comes and goes',
    prepare: (services) =>
      filled([WIDER], services, (index) => ({
        sharing: KEY,
        ports: [{ protocol: index < 30_000 ? 'TCP' : 'UDP', port: 1 + (index % 30_000) }],
      })),
    change: (allocator, run) => {
      const ports = [{ protocol: 'SCTP', port: 1 } as const];
      allocator.put(addressRequest('x', { createdAtMs: 1e9, sharing: KEY, ports }), run);
      allocator.remove('ns/x', run);
    },
  },
  {
    what: 'an address is in quarantine, and its Service moves',
    prepare: (services) => filled([WIDER], services),
    change: (allocator, run) => {
      const [address = ''] = allocator.decision('ns/s-500')?.addresses ?? [];
      allocator.quarantine(address, 1e9, '02:00:00:00:00:01', run);
    },
  },
];

/** With 1,000 and with 10,000 Services; neither change has more to do than the other. */
function compare({ what, prepare, change }: Change): void {
  const [few, many] = [1_000, 10_000].map((services) => {
    const allocator = prepare(services);
    // The first ones meet code that is not compiled yet.
    const times = Array.from({ length: 900 }, (_, run) => timed(() => change(allocator, run)));
    return median(times.slice(300));
  });
  if (few === undefined || many === undefined) return;
  const figures = `${round(few * 1_000)} µs with 1,000 Services, ${round(many * 1_000)} µs with 10,000`;
  process.stdout.write(`${what.padEnd(62)} × ${round(many / few, 2)}: ${figures}\n`);
}

function filled(
  pools: Parameters<AddressAllocator['begin']>[0],
  services: number,
  more: (index: number) => Partial<AddressRequest> = () => ({}),
): AddressAllocator {
  const allocator = new AddressAllocator();
  allocator.begin(pools, requestsOf(services, more), 0);
  return allocator;
}

function requestsOf(
  services: number,
  more: (index: number) => Partial<AddressRequest>,
): readonly AddressRequest[] {
  return Array.from({ length: services }, (_, index) =>
    addressRequest(`s-${index}`, { createdAtMs: index, ...more(index) }),
  );
}

function timed(work: () => unknown): number {
  const beganAt = performance.now();
  work();
  return performance.now() - beganAt;
}

function tell(what: string, times: readonly number[]): void {
  const [p50, p99, most] = [median(times), quantile(times, 0.99), Math.max(...times)];
  process.stdout.write(
    `${what.padEnd(62)} p50 ${round(p50, 3)} ms, p99 ${round(p99, 3)} ms, at most ${round(most, 2)} ms\n`,
  );
}

if (import.meta.main) main();
