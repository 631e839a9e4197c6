import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

/** Fills memory in an order in which the guest's pages do not lie side by side. */
const FILL = `
  const megabytes = [];
  for (let i = 0; i < 400; i++) {
    const block = Buffer.alloc(1 << 20);
    for (let page = 0; page < 256; page++) block[((page * 97) % 256) * 4096] = 1;
    megabytes.push(block);
  }
  process.stdout.write(String(megabytes.length));
`;

test('a program may have more memory than 65,530 pages', () => {
  expect(execFileSync(process.execPath, ['-e', FILL], { encoding: 'utf8', timeout: 60_000 })).toBe('400');
});
