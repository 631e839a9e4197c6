import { KernelError } from '@menwei/netlink';
import { describe, expect, it } from 'vitest';
import type { ConntrackSettings } from '../config/settings.ts';
import type { Logger } from '../log/logger.ts';
import { silentLogger } from '../log/logger.ts';
import { applyConntrackSettings, warnOfSettings } from './kernel-settings.ts';

const DEFAULTS: ConntrackSettings = {
  maxPerCore: 32_768,
  min: 131_072,
  tcpEstablishedTimeoutMs: 86_400_000,
  tcpCloseWaitTimeoutMs: 3_600_000,
  tcpBeLiberal: false,
  udpTimeoutMs: 0,
  udpStreamTimeoutMs: 0,
};
const NOTHING: ConntrackSettings = {
  ...DEFAULTS,
  maxPerCore: 0,
  tcpEstablishedTimeoutMs: 0,
  tcpCloseWaitTimeoutMs: 0,
};
const SYSCTLS = '/proc/sys/net/netfilter/nf_conntrack_';
const HASH_SIZE = '/sys/module/nf_conntrack/parameters/hashsize';
const CPUS = '/sys/devices/system/cpu/online';

const FRESH: Readonly<Record<string, string>> = {
  [CPUS]: '0-1',
  [HASH_SIZE]: '65536',
  [`${SYSCTLS}max`]: '65536',
  [`${SYSCTLS}tcp_timeout_established`]: '432000',
  [`${SYSCTLS}tcp_timeout_close_wait`]: '60',
  [`${SYSCTLS}tcp_be_liberal`]: '0',
  [`${SYSCTLS}udp_timeout`]: '30',
  [`${SYSCTLS}udp_timeout_stream`]: '120',
};

/** The files of a kernel, of which some can be read alone or are refused. */
class FakeMachine {
  readonly written: Record<string, string> = {};
  readonly logged: string[] = [];
  readonly refused = new Map<string, string>();
  readonly readOnly = new Set<string>();
  modulesLoaded = 0;
  readonly #content: Map<string, string>;

  constructor(content: Readonly<Record<string, string>> = FRESH) {
    this.#content = new Map(Object.entries(content));
  }

  async apply(settings: Partial<ConntrackSettings> = {}): Promise<void> {
    const log = (letter: string) => (fields: object, message: string) =>
      this.logged.push(`${letter} ${message} ${JSON.stringify(fields)}`);
    const logger: Logger = { ...silentLogger, info: log('I'), warn: log('W'), error: log('E') };
    await applyConntrackSettings(
      { ...DEFAULTS, ...settings },
      {
        files: {
          read: (path) => this.#content.get(path),
          write: (path, value) => this.#write(path, String(value)),
          isReadOnly: (path) => this.readOnly.has(path),
        },
        usableCpus: 8,
        loadModule: async () => {
          this.modulesLoaded++;
          return undefined;
        },
        logger,
      },
    );
  }

  #write(path: string, value: string): boolean {
    const detail = this.refused.get(path);
    if (detail !== undefined) throw new KernelError({ operation: 'write', object: path, detail });
    if (!this.#content.has(path)) return false;
    this.#content.set(path, value);
    this.written[path.replace(SYSCTLS, '')] = value;
    return true;
  }
}

describe('the settings of conntrack', () => {
  it('are set where they differ, and said', async () => {
    const machine = new FakeMachine();
    await machine.apply();
    expect(machine.written).toEqual({
      max: '131072',
      tcp_timeout_established: '86400',
      tcp_timeout_close_wait: '3600',
    });
    expect(machine.logged).toEqual([
      'I conntrack settings changed {"nf_conntrack_max":"65536 -> 131072",' +
        '"nf_conntrack_tcp_timeout_established":"432000 -> 86400","nf_conntrack_tcp_timeout_close_wait":"60 -> 3600"}',
    ]);
  });

  it('are not written when they are right', async () => {
    const machine = new FakeMachine();
    await machine.apply();
    const { written, logged } = machine;
    const before = [{ ...written }, [...logged]];
    for (const path of Object.keys(FRESH)) machine.refused.set(path, 'must not be written');
    await machine.apply();
    expect([written, logged]).toEqual(before);
  });

  it('are left alone where they are 0 or off', async () => {
    const machine = new FakeMachine({});
    await machine.apply(NOTHING);
    expect(machine).toMatchObject({ written: {}, logged: [], modulesLoaded: 0 });
    const liberal = new FakeMachine({ ...FRESH, [`${SYSCTLS}tcp_be_liberal`]: '1' });
    await liberal.apply(NOTHING);
    expect(liberal.written).toEqual({});
  });

  it('include liberal tracking and the timeouts of UDP when asked for', async () => {
    const machine = new FakeMachine();
    await machine.apply({ ...NOTHING, tcpBeLiberal: true, udpTimeoutMs: 45_900, udpStreamTimeoutMs: 500 });
    expect(machine.written).toEqual({ tcp_be_liberal: '1', udp_timeout: '45', udp_timeout_stream: '1' });
  });

  it.each([
    ['the minimum', { maxPerCore: 1, min: 131_072 }, '0-1', '131072'],
    ['so many a CPU', { maxPerCore: 100_000, min: 131_072 }, '0-1', '200000'],
    ['CPUs in several ranges', { maxPerCore: 100_000, min: 0 }, '0,2-3,7', '400000'],
    ['usable CPUs where the kernel is silent', { maxPerCore: 10_000, min: 0 }, undefined, '80000'],
    // KQ-25
    ['no more than a million', { maxPerCore: 2_000_000, min: 4_000_000 }, '0', '1048576'],
    ['a minimum above a million', { maxPerCore: 1, min: 4_000_000 }, '0', '4000000'],
  ])('allow connections: %s', async (_title, settings, cpus, max) => {
    const { [CPUS]: _cpus, ...others } = FRESH;
    const machine = new FakeMachine({ ...others, ...(cpus === undefined ? {} : { [CPUS]: cpus }) });
    await machine.apply({ ...NOTHING, ...settings });
    expect(machine.written.max).toBe(max);
  });

  it('let the hash table grow with the connections, also when those are right already', async () => {
    const machine = new FakeMachine({ ...FRESH, [`${SYSCTLS}max`]: '400000' });
    await machine.apply({ ...NOTHING, maxPerCore: 200_000 });
    expect(machine.written).toEqual({ [HASH_SIZE]: '100000' });
    expect(machine.logged).toEqual(['I conntrack settings changed {"hashsize":"65536 -> 100000"}']);
  });

  it('that can not be set are told in one line, and the others are set', async () => {
    const machine = new FakeMachine();
    machine.refused.set(`${SYSCTLS}max`, 'read-only file system');
    machine.refused.set(`${SYSCTLS}tcp_timeout_close_wait`, 'read-only file system');
    await machine.apply({ udpTimeoutMs: 10_000 });
    expect(machine.written).toEqual({ tcp_timeout_established: '86400', udp_timeout: '10' });
    expect(machine.logged).toEqual([
      expect.stringMatching(/^I conntrack settings changed \{[^}]*established[^}]*\}$/),
      'W conntrack settings could not be applied; keeping the kernel settings ' +
        '{"nf_conntrack_max":"65536, 131072 wanted: read-only file system",' +
        '"nf_conntrack_tcp_timeout_close_wait":"60, 3600 wanted: read-only file system"}',
    ]);
  });

  it('of the machine are left alone in a network namespace of its own', async () => {
    const machine = new FakeMachine();
    machine.readOnly.add(`${SYSCTLS}max`);
    await machine.apply({ tcpEstablishedTimeoutMs: 0, tcpCloseWaitTimeoutMs: 0 });
    expect(machine.written).toEqual({});
    expect(machine.logged).toEqual([
      'I conntrack settings not changed: they are those of the machine, and this is not its first network namespace {"nf_conntrack_max":"65536, 131072 wanted"}',
    ]);
    const right = new FakeMachine({ ...FRESH, [`${SYSCTLS}max`]: '131072', [HASH_SIZE]: '1024' });
    right.readOnly.add(`${SYSCTLS}max`);
    await right.apply({ tcpEstablishedTimeoutMs: 0, tcpCloseWaitTimeoutMs: 0 });
    expect(right).toMatchObject({ written: {}, logged: [] });
  });

  it('are told as missing by a kernel without conntrack, after its module was tried', async () => {
    const machine = new FakeMachine({ [CPUS]: '0' });
    await machine.apply({ tcpCloseWaitTimeoutMs: 0 });
    expect(machine.modulesLoaded).toBe(1);
    expect(machine.logged).toEqual([
      'W conntrack settings could not be applied; keeping the kernel settings ' +
        '{"nf_conntrack_max":"131072 wanted: this kernel has no such setting",' +
        '"nf_conntrack_tcp_timeout_established":"86400 wanted: this kernel has no such setting"}',
    ]);
  });
});

describe('settings that are none of ours', () => {
  it.each([
    ['1\n', 0],
    ['0\n', 1],
    [undefined, 0],
  ])('are warned of where something will not work: nf_conntrack_tcp_loose=%j', (value, warnings) => {
    const logged: unknown[] = [];
    const files = { read: () => value, write: () => false, isReadOnly: () => false };
    warnOfSettings(files, { ...silentLogger, warn: (fields) => logged.push(fields) });
    expect(logged).toEqual(Array.from({ length: warnings }, () => ({ nf_conntrack_tcp_loose: 0 })));
  });
});
