/** A lab that `menwei lab up` has brought up, as demos and tests use it: its hosts from inside, its commands, its API server. */
import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { openNamespace } from '@menwei/kernel/netns.ts';
import { LabHost } from './host.ts';
import { LabApi } from './lab-api.ts';
import { LAUNCHER } from './node-proxy.ts';
import {
  askResidentLab,
  findResidentLab,
  type ResidencePaths,
  type ResidentLabStatus,
  residencePaths,
} from './residence.ts';

interface SessionOptions {
  /** Of the lab; only one of a name is up at a time. */
  readonly name: string;
  /** The lab file. */
  readonly file: string;
  /** A file or a folder. */
  readonly manifests?: string | undefined;
  /** iptables unless given. */
  readonly mode?: string | undefined;
}

/** A command of `menwei lab` has not ended well; the message is what it said. */
class LabCommandError extends Error {}

export class LabSession implements AsyncDisposable {
  readonly api: LabApi;
  readonly #name: string;
  readonly #paths: ResidencePaths;
  readonly #hosts: ReadonlyMap<string, LabHost>;

  private constructor(name: string, paths: ResidencePaths, { hosts }: ResidentLabStatus) {
    this.#name = name;
    this.#paths = paths;
    this.#hosts = new Map(
      hosts.map((host) => {
        const [ip, ip6] = ['.', ':'].map((sign) => host.addresses.find((address) => address.includes(sign)));
        return [host.name, new LabHost(host.name, { ip, ip6 }, openNamespace(host.namespacePath))];
      }),
    );
    this.api = new LabApi(this.host('wire'), join(paths.folder, 'cluster/admin.kubeconfig'));
  }

  /** Resolves when the lab is up and all there is in it is at work. Throws with what `menwei lab up` says against it. */
  static async up({ name, file, manifests, mode }: SessionOptions): Promise<LabSession> {
    const flags = [
      ...['-f', file],
      ...(manifests === undefined ? [] : ['--manifests', manifests]),
      ...(mode === undefined ? [] : ['--proxy-mode', mode]),
    ];
    // What stays up after its user is gone would be in the way of the next one.
    process.once('exit', () => takeDown(name));
    await command(name, 'up', flags);
    const paths = residencePaths(name);
    const status = await findResidentLab(paths);
    if (status === undefined) throw new LabCommandError(`the lab ${name} has ended at once`);
    return new LabSession(name, paths, status);
  }

  host(name: string): LabHost {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`the lab has no host ${name}`);
    return host;
  }

  /** Which of these hosts has which MAC address on the wire. */
  async hostsByMac(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const byMac = new Map<string, string>();
    for (const name of names) {
      const { stdout } = await this.host(name).exec('ip', ['-o', 'link', 'show', 'eth0']);
      const [, mac] = /link\/ether (\S+)/.exec(stdout) ?? [];
      if (mac === undefined) throw new Error(`${name} has no interface on the wire: ${stdout}`);
      byMac.set(mac, name);
    }
    return byMac;
  }

  /** `menwei lab <args>`: what it prints. Throws with what it says when it does not end well. */
  menwei(verb: string, ...args: readonly string[]): Promise<string> {
    return command(this.#name, verb, args);
  }

  /** Has the lab do something at once, without a command that must start first. */
  order(action: string, input: object): Promise<void> {
    return askResidentLab(this.#paths, action, input);
  }

  async status(): Promise<ResidentLabStatus> {
    const status = await findResidentLab(this.#paths);
    if (status === undefined) throw new LabCommandError(`the lab ${this.#name} has ended`);
    return status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.#hosts.values(), (host) => host.close()));
    await command(this.#name, 'down', []);
  }
}

function takeDown(name: string): void {
  try {
    execFileSync(LAUNCHER, ['lab', 'down', '--name', name], { stdio: 'ignore' });
  } catch {
    // It is down.
  }
}

function command(name: string, verb: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const argv = ['lab', verb, '--name', name, ...args];
    execFile(LAUNCHER, argv, { cwd: '/' }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new LabCommandError(`menwei lab ${verb}: ${(stderr || stdout).trim()}`));
    });
  });
}
