/** However the process that holds a lab ends, nothing of the lab stays behind. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';

const LAB = new URL('../../packages/lab/src/lab.ts', import.meta.url).href;

const HOLDER = `
  const { createLab } = await import(${JSON.stringify(LAB)});
  const lab = await createLab({
    nodes: [{ name: 'one', ip: '192.168.49.2', podCIDR: '10.244.0.0/24' }],
    pods: [{ name: 'a', node: 'one', ip: '10.244.0.27' }],
  });
  const child = lab.node('one').spawn('sleep', ['1000']);
  const { pod } = await lab.node('one').http('10.244.0.27');
  // One end of a cable is here, so that its disappearance shows that the namespace of the other end is gone.
  const cable = lab.node('one').namespace.path;
  console.log(JSON.stringify({ child: child.pid, pod, cable }));
  setInterval(() => undefined, 1000);
`;

function interfaces(): string {
  return spawnSync('ip', ['-brief', 'link'], { encoding: 'utf8' }).stdout;
}

/** A process that ended but was not yet waited for does nothing any more. */
function isAlive(pid: number): boolean {
  const status = `/proc/${pid}/status`;
  return existsSync(status) && !/^State:\s+[ZX]/m.test(readFileSync(status, 'utf8'));
}

it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('leaves nothing behind after %s', async (signal) => {
  const before = interfaces();
  const holder = spawn(process.execPath, ['--input-type=module', '--eval', HOLDER], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: holder.stdout }), 'line');
  const { child, pod, cable }: { child: number; pod: string; cable: string } = JSON.parse(line);
  expect(pod).toBe('a');
  expect(isAlive(child)).toBe(true);

  const plugged = spawnSync('ip', [
    'link',
    'add',
    'cable',
    'type',
    'veth',
    'peer',
    'name',
    'other',
    'netns',
    cable,
  ]);
  expect(plugged.status).toBe(0);
  expect(interfaces()).toContain('cable');

  holder.kill(signal);
  await once(holder, 'exit');
  await expect.poll(() => isAlive(child)).toBe(false);
  await expect.poll(interfaces, { timeout: 20_000, interval: 100 }).toBe(before);
});
