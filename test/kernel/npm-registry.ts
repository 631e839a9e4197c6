/** An npm registry on loopback that has the packages which are installed in this checkout, so that tests need no network. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MODULES = join(import.meta.dirname, '../../node_modules');

interface NpmRegistry extends AsyncDisposable {
  readonly url: string;
}

export async function startNpmRegistry(): Promise<NpmRegistry> {
  const server = createServer((request, response) => {
    const [, name = '', isTarball] =
      /^\/(.+?)(\/tarball)?$/.exec(decodeURIComponent(request.url ?? '')) ?? [];
    const folder = join(MODULES, name);
    if (!existsSync(join(folder, 'package.json'))) response.writeHead(404).end('{}');
    else response.end(isTarball === undefined ? describe(name, folder, url) : pack(folder));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function describe(name: string, folder: string, registry: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { version } = manifest;
  const dist = { tarball: `${registry}/${name}/tarball` };
  return JSON.stringify({
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, dist } },
  });
}

function pack(folder: string): Buffer {
  const name = ['--transform', 's,^\\.,package,', '.'];
  return execFileSync('tar', ['-cz', '-C', folder, ...name], { cwd: tmpdir(), maxBuffer: 2 ** 27 });
}
