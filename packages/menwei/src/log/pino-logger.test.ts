import { describe, expect, it } from 'vitest';
import type { LogFields, Logger } from './logger.ts';
import { createLogger, type LogLevel } from './pino-logger.ts';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /;

function logged(
  format: 'text' | 'json',
  level: LogLevel,
  write: (logger: Logger) => void,
): readonly string[] {
  const lines: string[] = [];
  write(createLogger({ format, level, destination: { write: (line) => lines.push(line) } }));
  return lines;
}

const textOf = (write: (logger: Logger) => void, level: LogLevel = 'info') =>
  logged('text', level, write).map((line) => line.replace(TIME, ''));

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
      logger.debug({}, 'a');
      logger.info({}, 'b');
      logger.warn({}, 'c');
      logger.error({}, 'd');
    };
    expect(textOf(writeAll, 'debug')).toEqual(['D a\n', 'I b\n', 'W c\n', 'E d\n']);
    expect(textOf(writeAll, 'warn')).toEqual(['W c\n', 'E d\n']);
  });

  it('begins with the time', () => {
    expect(logged('text', 'info', (logger) => logger.info({}, 'x'))[0]).toMatch(TIME);
  });

  it('shows stacks at level debug alone, in one line', () => {
    const fail = (logger: Logger) =>
      logger.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'x');
    expect(textOf(fail)[0]).not.toContain('pino-logger.test');
    const [line] = textOf(fail, 'debug');
    expect(line).toMatch(/^E x err="Error: outer\\n .*pino-logger\.test.*caused by Error: inner\\n .*"\n$/);
  });

  it('survives an error that is its own cause', () => {
    const error = new Error('loop');
    error.cause = error;
    expect(textOf((logger) => logger.info({ err: error }, 'x'))[0]).toContain('loop: loop');
  });
});

describe('json', () => {
  it('is an object a line', () => {
    const [line = ''] = logged('json', 'info', (logger) =>
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
});
