import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Logger, silentLogger } from '../log/logger.ts';
import { ConfigurationChanges } from '../setup/configuration-changes.ts';
import { readSettings } from '../setup/settings-input.ts';
import { configFileComponent } from './config-file.ts';
import { SettingsInForce } from './settings-in-force.ts';

const HEADER = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'menwei-config-file-'));
  path = join(folder, 'config.yaml');
});
afterEach(() => rmSync(folder, { recursive: true }));

class Running implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly ended: Promise<string | undefined>;
  readonly settings: SettingsInForce;
  readonly #stop = new AbortController();

  private constructor(
    input: Awaited<ReturnType<typeof readSettings>>,
    flags: Parameters<typeof readSettings>[0],
  ) {
    this.settings = new SettingsInForce(input.settings);
    const { configFile: file } = input;
    if (file === undefined) throw new Error('there is a file');
    const note = (level: string) => (_fields: object, message: string) =>
      this.lines.push(`${level} ${message}`);
    const logger: Logger = { ...silentLogger, info: note('I'), warn: note('W'), error: note('E') };
    const changes = new ConfigurationChanges(flags, file.path, input.configuration, input.settings.mode);
    const component = configFileComponent({ changes, file, settings: this.settings, logger });
    this.ended = component
      .run(this.#stop.signal, () => undefined)
      .then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
  }

  static async start(body: string, more: Parameters<typeof readSettings>[0] = {}): Promise<Running> {
    writeFileSync(path, HEADER + body);
    const flags = { config: path, ...more };
    return new Running(await readSettings(flags), flags);
  }

  write(body: string): void {
    writeFileSync(path, HEADER + body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.ended;
  }
}

const eventually = (value: () => unknown) => expect.poll(value, { interval: 20 });

describe('a configuration file that has changed', () => {
  it('has live settings take effect, and names them', async () => {
    await using run = await Running.start('iptables: {syncPeriod: 20s}\nconntrack: {min: 5}\n');
    run.write(
      'iptables: {syncPeriod: 10s, minSyncPeriod: 2s}\nconntrack: {min: 7}\nlogging: {verbosity: 4}\n',
    );
    await eventually(() => run.settings.current.syncPeriodMs).toBe(10_000);
    expect(run.settings.current).toMatchObject({
      minSyncPeriodMs: 2_000,
      conntrack: { min: 7 },
      log: { verbosity: 4 },
    });
    expect(run.lines).toEqual(['I configuration file has changed; settings applied']);
  });

  it('ends the process for other fields, and names them', async () => {
    await using run = await Running.start('mode: iptables\n');
    run.write('mode: nftables\nclusterCIDR: 10.0.0.0/8\nlogging: {verbosity: 4}\n');
    // The default of nodePortAddresses is another one in nftables mode.
    expect(await run.ended).toBe(
      `${path}: the configuration file has changed, and these fields take effect at a start only: clusterCIDR, mode, nodePortAddresses`,
    );
    expect(run.settings.current.log.verbosity).toBe(0);
  });

  it('changes nothing and ends nothing for a mistake, which is told in one line, once', async () => {
    await using run = await Running.start('mode: iptables\n');
    run.write('mode: [\n');
    await eventually(() => run.lines).toHaveLength(1);
    run.write('mode: ebpf\niptables: {masqueradeBit: 77}\nlogging: {verbosity: 4}\n');
    await eventually(() => run.lines).toHaveLength(2);
    unlinkSync(path);
    await eventually(() => run.lines).toHaveLength(3);
    const stays = "E configuration file can't be used; the running configuration stays: ";
    expect(run.lines).toEqual([
      expect.stringContaining(`${stays}${path}:`),
      expect.stringMatching(/config.yaml: mode: "ebpf": .* \(and 1 more\)$/),
      expect.stringContaining(`${stays}${path}: the configuration file can't be read: ENOENT`),
    ]);
    expect(run.settings.current.log.verbosity).toBe(0);
    run.write('mode: iptables\n');
    await eventually(() => run.lines.at(-1)).toBe('I configuration file can be used again');
  });

  it('says nothing of comments, order and defaults that are written out', async () => {
    await using run = await Running.start('mode: iptables\nclusterCIDR: ""\n');
    run.write('# new\nclusterCIDR: ""\niptables: {masqueradeBit: 14}\n');
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(run.lines).toEqual([]);
  });

  it('leaves to the flags what they decide', async () => {
    await using run = await Running.start('hostnameOverride: a\n', { 'hostname-override': 'b', v: 2 });
    run.write('hostnameOverride: c\nlogging: {verbosity: 4}\noomScoreAdj: 5\n');
    await eventually(() => run.settings.current.oomScoreAdj).toBe(5);
    expect(run.settings.current).toMatchObject({ nodeName: 'b', log: { verbosity: 2 } });
  });

  it('tells of fields that mean nothing in this mode', async () => {
    await using run = await Running.start('mode: nftables\n');
    run.write('mode: nftables\nipvs: {scheduler: lc}\n');
    await eventually(() => run.lines).toEqual([
      'I configuration file has changed in fields that have no effect in this mode',
    ]);
  });
});
