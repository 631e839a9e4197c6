import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { plainConnection } from './connection.ts';
import { parseKubeconfig, readKubeconfig } from './kubeconfig.ts';

const FILE = '/etc/kubernetes/proxy.conf';
const SERVER = 'https://10.0.0.1:6443';
const WHOLE = `\
apiVersion: v1
kind: Config
current-context: here
contexts:
- name: here
  context:
    cluster: near
    user: proxy
clusters:
- name: near
  cluster:
    server: ${SERVER}
users:
- name: proxy
  user:
    token: x
`;

describe('a kubeconfig is read as kubectl reads it', () => {
  const login = { kind: 'token', token: { text: 'x' } };

  it.each<[string, string, readonly string[]]>([
    ['as it is written mostly', WHOLE, []],
    ['with a separator at the end', `${WHOLE}---\n`, []],
    ['with a separator before', `# note\n---\n${WHOLE}`, []],
    ['with a second document', `${WHOLE}---\nkind: Config\n`, [':18: only the first document is used']],
    ['with a broken second document', `${WHOLE}---\n"\n`, [':18: only the first document is used']],
    [
      'with a key that stands twice',
      `current-context: there\n${WHOLE}`,
      [':4: current-context is set more than once; the last one is used'],
    ],
    ['as JSON', JSON.stringify(parse(WHOLE), null, '\t'), []],
    ['with Windows line ends', WHOLE.replaceAll('\n', '\r\n'), []],
    ['with a byte order mark', `\uFEFF${WHOLE}`, []],
  ])('%s', (_, whole, expected) => {
    const warnings: string[] = [];
    const connection = parseKubeconfig(whole, FILE, undefined, (warning) => warnings.push(warning));
    expect(connection).toEqual({ ...plainConnection(SERVER), login });
    expect(warnings).toEqual(expected.map((warning) => `${FILE}${warning}`));
  });

  it('on and yes are true', () => {
    const whole = WHOLE.replace('    server:', '    insecure-skip-tls-verify: yes\n    server:');
    expect(parseKubeconfig(whole, FILE)).toMatchObject({ skipTlsVerify: true });
  });

  it('a number is no text', () => {
    const whole = WHOLE.replace('token: x', 'token: 0123');
    expect(() => parseKubeconfig(whole, FILE)).toThrow(`${FILE}: users[0].user.token: must be text`);
  });

  it.each([['utf16le'], ['utf8'], ['latin1']] as const)('in %s', async (encoding) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'kubeconfig-'));
    const file = join(folder.path, 'config');
    const note = '# \u00e9\n';
    await writeFile(file, `${encoding === 'utf16le' ? '\uFEFF' : ''}${note}${WHOLE}`, encoding);
    const read = readKubeconfig(file);
    if (encoding === 'latin1') await expect(read).rejects.toThrow(`${file}: is not valid UTF-8`);
    else expect(await read).toEqual({ ...plainConnection(SERVER), login });
  });
});
