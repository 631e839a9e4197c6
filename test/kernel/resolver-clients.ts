/** Clients of DNS as pods have them: the resolvers of glibc, musl, busybox and Node.js, with a resolv.conf of their own. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestFolder } from './run-cluster.ts';

const run = promisify(execFile);

/** Prints what getaddrinfo() says, sorted, one address a line; or its error. */
const LOOKUP = `
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv) {
  struct addrinfo hints, *list, *each;
  char text[64];
  memset(&hints, 0, sizeof hints);
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_family = argc > 2 && argv[2][0] == '4' ? AF_INET : argc > 2 && argv[2][0] == '6' ? AF_INET6 : AF_UNSPEC;
  int error = getaddrinfo(argv[1], NULL, &hints, &list);
  if (error) { puts(gai_strerror(error)); return 1; }
  for (each = list; each; each = each->ai_next) {
    void *address = each->ai_family == AF_INET ? (void *)&((struct sockaddr_in *)each->ai_addr)->sin_addr
                                               : (void *)&((struct sockaddr_in6 *)each->ai_addr)->sin6_addr;
    puts(inet_ntop(each->ai_family, address, text, sizeof text));
  }
  return 0;
}
`;

/** In Node.js, with its own resolver (c-ares) and with that of the C library. */
const NODE = `
const { lookup, Resolver } = require('node:dns').promises;
const [name] = process.argv.slice(1);
lookup(name, { all: true }).then((all) => all.forEach(({ address }) => console.log(address)), (error) => console.log(error.code));
`;

export type Libc = 'glibc' | 'musl';

export class ResolverClients {
  readonly #folder: TestFolder;
  readonly #resolvConf: string;

  private constructor(folder: TestFolder, resolvConf: string) {
    this.#folder = folder;
    this.#resolvConf = resolvConf;
  }

  static async build(folder: TestFolder, resolvConf: string): Promise<ResolverClients> {
    const source = folder.write('lookup.c', LOOKUP);
    await run('cc', ['-o', join(folder.path, 'lookup-glibc'), source]);
    await run('musl-gcc', ['-static', '-o', join(folder.path, 'lookup-musl'), source]);
    return new ResolverClients(folder, folder.write('resolv.conf', resolvConf));
  }

  /** Addresses, sorted, or the words of the error. */
  async lookup(libc: Libc, name: string, family: '' | '4' | '6' = ''): Promise<readonly string[]> {
    const program = join(this.#folder.path, `lookup-${libc}`);
    return lines(await this.#inside([program, name, ...(family === '' ? [] : [family])]));
  }

  async node(name: string): Promise<readonly string[]> {
    return lines(await this.#inside([process.execPath, '-e', NODE, name]));
  }

  async busybox(name: string): Promise<string> {
    return await this.#inside(['busybox', 'nslookup', name]);
  }

  /** In a mount namespace where resolv.conf is the own one. */
  async #inside(command: readonly string[]): Promise<string> {
    const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
    const args = ['--mount', 'sh', '-c', script, this.#resolvConf, ...command];
    try {
      return (await run('unshare', args)).stdout;
    } catch (error) {
      if (error instanceof Error && 'stdout' in error && error.stdout !== '') return String(error.stdout);
      throw error;
    }
  }
}

function lines(text: string): readonly string[] {
  return [...new Set(text.trim().split('\n'))].sort();
}
