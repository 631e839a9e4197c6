import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Logger, silentLogger } from '../log/logger.ts';
import { renewCertificates } from './certificate-renewal.ts';
import type { ServingTls } from './serving-tls.ts';

const tls = (cert: string): ServingTls => {
  const pair = { certificate: cert, key: 'key' };
  const clients = { admin: pair, viewer: pair, proxy: pair, announcer: pair, 'load-balancer': pair };
  const pki = { authority: 'ca', server: pair, clients };
  return { pki, server: { cert, key: 'key', ca: ['ca'], requestCert: true }, trusted: 'ca' };
};

/** What would be read now. */
let files: ServingTls | Error;
let diskIsFull: boolean;
let used: string[];
let written: string[];
let lines: string[];
let stop: AbortController;
let run: Promise<void>;

const logger: Logger = {
  ...silentLogger,
  info: (_fields, message) => void lines.push(message),
  error: (_fields, message) => void lines.push(message),
};

beforeEach(() => {
  [used, written, lines] = [[], [], []];
  files = tls('first');
  diskIsFull = false;
  stop = new AbortController();
  const options = {
    load: async () => {
      if (files instanceof Error) throw files;
      return files;
    },
    use: ({ server }: ServingTls) => void used.push(String(server.cert)),
    write: async ({ server }: ServingTls) => {
      if (diskIsFull) throw new Error('no space left on device');
      written.push(String(server.cert));
    },
    logger,
    everyMs: 1,
  };
  run = renewCertificates(options, files, stop.signal);
});

afterEach(async () => {
  stop.abort();
  await run;
});

it('takes what is new into use, and writes it, once', async () => {
  await sleep(10);
  expect([used, written, lines]).toEqual([[], [], []]);
  files = tls('second');
  await expect.poll(() => written).toEqual(['second']);
  await sleep(10);
  expect([used, written]).toEqual([['second'], ['second']]);
  expect(lines).toEqual(['certificates were renewed or replaced, and are in use']);
});

it('writes kubeconfigs as soon as they can be written, and tells what is wrong once', async () => {
  diskIsFull = true;
  files = tls('second');
  await expect.poll(() => lines).toHaveLength(2);
  await sleep(10);
  expect(lines).toEqual([
    'certificates were renewed or replaced, and are in use',
    'kubeconfigs with the new certificates can not be written; trying again',
  ]);
  diskIsFull = false;
  await expect.poll(() => written).toEqual(['second']);
  expect(used).toEqual(['second']);
});

it('stays with what is in use while files can not be read', async () => {
  files = new Error('damaged');
  await expect.poll(() => lines).toEqual(['certificates can not be renewed; those in use stay']);
  files = tls('second');
  await expect.poll(() => written).toEqual(['second']);
});
