import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Hundreds of processes and threads read the same TypeScript; compiling it is most of what their start takes.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/compiled');

/** What is about the guest, or needs IPVS, SCTP or VLANs, which kernels of build machines often lack. */
const IN_GUEST = [
  'test/kernel/ipvs-*.test.ts',
  'test/kernel/guest-memory.test.ts',
  'test/kernel/lab-sctp.test.ts',
  'test/kernel/announce-vlan.test.ts',
];

/** What must happen has time for it on a busy machine, too; only failures take as long. */
const PATIENCE = { setupFiles: ['test/patience.ts'], expect: { poll: { timeout: 15_000 } } };

/** Programs take a while to do their work, and in the guest a multiple of that. */
function onKernel(timeoutMs: number, ...setupFiles: string[]) {
  return {
    ...PATIENCE,
    setupFiles: [...PATIENCE.setupFiles, 'test/kernel/own-namespace.ts', ...setupFiles],
    pool: 'forks' as const,
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
  };
}

export default defineConfig({
  test: {
    // Most tests wait, for a process or for the kernel.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          ...PATIENCE,
          include: [
            'packages/*/src/**/*.test.ts',
            'test/*.test.ts',
            'test/{parity,tracer,loop,deploy,cluster,kubectl}/**/*.test.ts',
          ],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'kernel',
          include: ['test/kernel/**/*.test.ts'],
          exclude: IN_GUEST,
          ...onKernel(60_000),
        },
      },
      {
        test: {
          name: 'guest',
          include: [...IN_GUEST, 'test/kernel/behaviour/*.test.ts'],
          ...onKernel(240_000, 'test/kernel/with-ipvs.ts'),
          env: { MENWEI_TEST_MODES: 'ipvs', MENWEI_TEST_PATIENCE_MS: '100000' },
        },
      },
    ],
  },
});
