import { resolve } from '@menwei/testing/config/testing.ts';
import { CommanderError } from 'commander';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FLAGS } from './flag-table.ts';

const value = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '-1',
    'true',
    'ipvs',
    '1s',
    '-1s',
    '10.0.0.0/8',
    '::1',
    '[::1]:1',
    'a=1',
    'A=true',
    '99999999999',
  ),
  fc.string({ maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
const flag = fc.tuple(fc.constantFrom(...FLAGS.map(({ name }) => name)), value);
const commandLine = fc
  .array(flag, { maxLength: 6 })
  .map((flags) => flags.map(([name, text]) => `--${name}=${text}`));
const FILES = [undefined, '', 'mode: ipvs\nlogging: {vmodule: [{filePattern: a, verbosity: 1}]}'];

describe('any command line', () => {
  it('has settings, or lines that say what is wrong', () => {
    fc.assert(
      fc.property(commandLine, fc.constantFrom(...FILES), (args, file) => {
        try {
          const resolved = resolve(args, file);
          if (!('errors' in resolved)) return;
          expect(resolved.errors).not.toEqual([]);
          for (const line of resolved.errors) expect(line).toMatch(/^(?:config\.yaml: |--)[^\n]*: [^\n]+$/);
        } catch (error) {
          expect(error).toBeInstanceOf(CommanderError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
