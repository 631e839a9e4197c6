/**
 * Set-up of every test file: `vi.waitFor` gives up after one second unless it is told otherwise, which a busy machine needs
 * for next to nothing. How long is waited matters only where something is wrong. (For `expect.poll` vitest.config.ts says it.)
 */
import { vi } from 'vitest';

const PATIENCE_MS = 15_000;
const { waitFor } = vi;

vi.waitFor = (callback, options) =>
  waitFor(callback, typeof options === 'number' ? options : { timeout: PATIENCE_MS, ...options });
