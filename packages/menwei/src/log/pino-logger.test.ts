import { closeSync, openSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogFields, Logger } from './logger.ts';
import { createLogger, openDestination } from './pino-logger.ts';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /;

function logged(
  format: 'text' | 'json',
  write: (logger: Logger & { verbosity: number }) => void,
  options: Partial<Parameters<typeof createLogger>[0]> = {},
): readonly string[] {
  const lines: string[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  write(createLogger({ format, verbosity: 0, destination, ...options }));
  return lines;
}

const textOf = (
  ...args: Parameters<typeof logged> extends readonly ['text' | 'json', ...infer Rest] ? Rest : never
) => logged('text', ...args).map((line) => line.replace(TIME, ''));

describe('text', () => {
  it.each<[LogFields, string, string]>([
    [{}, 'started', 'I started\n'],
    [{ port: 80, mode: 'iptables', ready: true }, 'x', 'I x port=80 mode=iptables ready=true\n'],
    [{ address: '[::1]:80', name: 'a b', empty: '' }, 'x', 'I x address=[::1]:80 name="a b" empty=""\n'],
    [{ list: ['a', 'b'], none: undefined }, 'x', 'I x list=["a","b"]\n'],
    [
      { name: 'a\nE forged\u001b[2J\u009b' },
      'two\nlines\u007f',
      'I two\\nlines\\u007f name="a\\nE forged\\u001b[2J\\u009b"\n',
    ],
    [{ name: 'a\u2028\u202eb' }, 'x', 'I x name="a\\u2028\\u202eb"\n'],
    [
      { err: new Error('outer', { cause: new Error('inner', { cause: 'root' }) }) },
      'x',
      'I x err="outer: inner: root"\n',
    ],
    [{ err: new AggregateError([new Error('v4'), new Error('v6')]) }, 'x', 'I x err="v4, v6"\n'],
  ])('%j', (fields, message, line) => {
    expect(textOf((logger) => logger.info(fields, message))).toEqual([line]);
  });

  it('has a letter for each level and leaves out what is less important', () => {
    const writeAll = (logger: Logger) => {
      logger.info({}, 'b');
      logger.warn({}, 'c');
      logger.error({}, 'd');
    };
    expect(textOf(writeAll)).toEqual(['I b\n', 'W c\n', 'E d\n']);
    expect(textOf(writeAll, { level: 'warn' })).toEqual(['W c\n', 'E d\n']);
  });

  it('has details up to its verbosity, which may change', () => {
    const details = (logger: Logger & { verbosity: number }) => {
      logger.verbose(2, {}, 'two');
      logger.verbose(4, {}, 'four');
      logger.verbosity = 4;
      logger.verbose(4, {}, 'four again');
    };
    expect(textOf(details)).toEqual(['I four again\n']);
    expect(textOf(details, { verbosity: 2 })).toEqual(['I two\n', 'I four again\n']);
  });

  it('says in each line that it is a dry run', () => {
    const write = (logger: Logger) => {
      logger.info({ port: 80 }, 'a');
      logger.error({}, 'b');
    };
    expect(textOf(write, { dryRun: true })).toEqual(['I dry run: a port=80\n', 'E dry run: b\n']);
    for (const line of logged('json', write, { dryRun: true }))
      expect(JSON.parse(line)).toMatchObject({ dryRun: true });
  });

  it('begins with the time', () => {
    expect(logged('text', (logger) => logger.info({}, 'x'))[0]).toMatch(TIME);
  });

  it('shows stacks from verbosity 4 on, in one line', () => {
    const fail = (logger: Logger) =>
      logger.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'x');
    expect(textOf(fail)[0]).not.toContain('pino-logger.test');
    const [line] = textOf(fail, { verbosity: 4 });
    expect(line).toMatch(/^E x err="Error: outer\\n .*pino-logger\.test.*caused by Error: inner\\n .*"\n$/);
  });

  it('shows the beginning of what is very long', () => {
    const long = 'x'.repeat(1_000_000);
    const [line = ''] = textOf((logger) => logger.info({ name: long, err: new Error(long) }, long));
    expect(line.length).toBeLessThan(30_000);
    expect(line.match(/xx… \(1000000 characters\)/g)).toHaveLength(3);
  });

  it('survives an error that is its own cause', () => {
    const error = new Error('loop');
    error.cause = error;
    expect(textOf((logger) => logger.info({ err: error }, 'x'))[0]).toContain('loop: loop');
  });
});

describe('json', () => {
  it('is an object a line', () => {
    const [line = ''] = logged('json', (logger) =>
      logger.warn({ port: 80, err: new Error('outer', { cause: new Error('inner') }) }, 'x'),
    );
    expect(line.endsWith('}\n')).toBe(true);
    expect(JSON.parse(line)).toEqual({
      level: 'warn',
      time: expect.stringMatching(/Z$/),
      port: 80,
      err: 'outer: inner',
      msg: 'x',
    });
  });
  it('says at which verbosity a detail appears', () => {
    const [line = ''] = logged('json', (logger) => logger.verbose(2, {}, 'x'), { verbosity: 2 });
    expect(JSON.parse(line)).toMatchObject({ v: 2, msg: 'x' });
  });
});

it('goes on when its lines can not be written', async () => {
  const fd = openSync('/dev/full', 'w');
  try {
    const logger = createLogger({ format: 'text', verbosity: 0, destination: openDestination(fd) });
    for (let line = 0; line < 100; line++) logger.info({}, 'x'.repeat(10_000));
    await new Promise(setImmediate);
  } finally {
    closeSync(fd);
  }
});

describe.each(['text', 'json'] as const)('a line of %s', (format) => {
  it('is one line that steers no terminal, whatever it is told', () => {
    let lines: string[] = [];
    const destination = { write: (line: string) => lines.push(line) };
    const logger = createLogger({ format, verbosity: 0, destination });
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, message) => {
        lines = [];
        logger.info({ name, err: new Error(message) }, message);
        expect(lines).toHaveLength(1);
        expect(lines[0]).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*\n$/u);
        if (format === 'json') expect(JSON.parse(lines[0] ?? '')).toMatchObject({ name, msg: message });
      }),
    );
  });
});
