import { execFileSync } from 'node:child_process';
import { mkdtemp, open, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Logger, silentLogger } from '../../log/logger.ts';
import { type AuditedRequest, formatAuditEvent, isAudited } from './audit-event.ts';
import { AuditLog, openAuditLog } from './audit-log.ts';

const REQUEST: AuditedRequest = {
  auditId: 'id-1',
  url: '/api/v1/namespaces/a/services?fieldManager=x',
  verb: 'create',
  user: { name: 'jane', uid: '', groups: ['system:authenticated'], extra: {} },
  actsFor: undefined,
  peer: '127.0.0.1',
  userAgent: 'kubectl',
  status: 201,
  startedAtMs: 0,
  endedAtMs: 1500,
  object: { group: '', version: 'v1', resource: 'services', subresource: '', namespace: 'a', name: '' },
};

describe('an audit event', () => {
  it('is one line that says who did what', () => {
    expect(JSON.parse(formatAuditEvent(REQUEST))).toEqual({
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      auditID: 'id-1',
      stage: 'ResponseComplete',
      requestURI: '/api/v1/namespaces/a/services?fieldManager=x',
      verb: 'create',
      user: { username: 'jane', groups: ['system:authenticated'] },
      sourceIPs: ['127.0.0.1'],
      userAgent: 'kubectl',
      objectRef: { resource: 'services', namespace: 'a', apiVersion: 'v1' },
      responseStatus: { metadata: {}, code: 201 },
      requestReceivedTimestamp: '1970-01-01T00:00:00.000000Z',
      stageTimestamp: '1970-01-01T00:00:01.500000Z',
      annotations: { 'authorization.k8s.io/decision': 'allow' },
    });
    const actsFor = { name: 'bot', uid: '', groups: [], extra: {} };
    const { user, impersonatedUser } = JSON.parse(formatAuditEvent({ ...REQUEST, actsFor }));
    expect([user.username, impersonatedUser.username]).toEqual(['jane', 'bot']);
    expect(formatAuditEvent({ ...REQUEST, userAgent: 'a\nb' })).not.toContain('\n');
  });

  it('is there for what is written or refused', () => {
    expect(isAudited(REQUEST)).toBe(true);
    expect(isAudited({ ...REQUEST, status: 422 })).toBe(true);
    expect(isAudited({ ...REQUEST, verb: 'list', status: 200 })).toBe(false);
    expect(isAudited({ ...REQUEST, verb: 'list', status: 403 })).toBe(true);
    expect(isAudited({ ...REQUEST, verb: 'get', status: 404 })).toBe(false);
  });
});

describe('the audit log', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'audit-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('goes on where it was, and begins anew when it is full', async () => {
    const path = join(folder, 'audit.log');
    const first = await openAuditLog({ path, logger: silentLogger, mostBytes: 20 });
    first.write('one');
    await first.close();
    const second = await openAuditLog({ path, logger: silentLogger, mostBytes: 8 });
    second.write('two');
    second.write('three');
    await new Promise((resolve) => setTimeout(resolve, 20));
    second.write('four');
    await second.close();
    expect(await readFile(`${path}.1`, 'utf8')).toBe('one\ntwo\nthree\n');
    expect(await readFile(path, 'utf8')).toBe('four\n');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('says so when it can’t be opened', async () => {
    const path = join(folder, 'none', 'audit.log');
    await expect(openAuditLog({ path, logger: silentLogger })).rejects.toThrow(
      /audit\.log: can't be written \(ENOENT\)/,
    );
  });

  it('is not renamed when it is a device', async () => {
    const path = join(folder, 'audit.log');
    await symlink('/dev/null', path);
    const log = await openAuditLog({ path, logger: silentLogger, mostBytes: 1 });
    for (const line of ['one', 'two', 'three']) {
      log.write(line);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await log.close();
    expect(await readdir(folder)).toEqual(['audit.log']);
  });

  it('waits for nobody who would read a pipe', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    await expect(openAuditLog({ path, logger: silentLogger })).rejects.toThrow(/pipe: can't be written/);
  });

  it('says once that the disk is full, and how many lines are lost', async () => {
    const told: unknown[] = [];
    const logger: Logger = {
      ...silentLogger,
      error: ({ lines }: object & { lines?: number }, text: string) => told.push([text, lines]),
    };
    const log = await openAuditLog({ path: '/dev/full', logger });
    for (const line of ['one', 'two', 'three']) {
      log.write(line);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await log.close();
    expect(told).toEqual([
      ['lines of the audit log are lost', undefined],
      ['lines of the audit log were lost', 3],
    ]);
  });

  it('has no half of a line once there is room again', async () => {
    const path = join(folder, 'audit.log');
    const file = await open(path, 'a');
    const { appendFile } = file;
    const log = new AuditLog(file, 0, { path, logger: silentLogger });
    file.appendFile = async () => {
      await file.write('{"half');
      throw new Error('ENOSPC');
    };
    log.write('{"one"}');
    await new Promise((resolve) => setTimeout(resolve, 20));
    file.appendFile = appendFile;
    log.write('{"two"}');
    await log.close();
    expect(await readFile(path, 'utf8')).toBe('{"two"}\n');
  });
});
