/** How long what must happen may take: it matters only where something is wrong. */

/** What the project of vitest.config.ts grants; less than its time limits for tests. */
export const PATIENCE_MS = Number(process.env.MENWEI_TEST_PATIENCE_MS ?? 30_000);
