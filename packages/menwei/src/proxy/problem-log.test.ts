import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Logger } from '../log/logger.ts';
import { silentLogger } from '../log/logger.ts';
import { ProblemLog } from './problem-log.ts';

describe('the log of what is wrong with objects', () => {
  let lines: string[];
  let log: ProblemLog;

  beforeEach(() => {
    vi.useFakeTimers();
    lines = [];
    const logger: Logger = { ...silentLogger, warn: (_, message) => lines.push(message) };
    log = new ProblemLog(logger);
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  function report(count: number): void {
    for (let number = 0; number < count; number++) {
      log.report({
        object: { kind: 'Service', namespace: 'ns', name: `s${number}` },
        field: '',
        message: 'x',
      });
    }
  }

  it('shows the first, and soon says how many more there were', () => {
    report(61_000);
    expect(lines).toHaveLength(50);
    expect(lines[0]).toBe('Service ns/s0: x');
    vi.advanceTimersByTime(60_000);
    expect(lines[50]).toBe('and 60950 more messages about objects');
    report(1);
    expect(lines).toHaveLength(52);
  });

  it('says at the end how many more there were', () => {
    report(61_000);
    log.flush();
    expect(lines[50]).toBe('and 60950 more messages about objects');
  });

  it('says nothing more when all were shown', () => {
    report(3);
    log.flush();
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(3);
  });
});
