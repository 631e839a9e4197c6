import { constants } from 'node:os';
import { KernelError } from '@menwei/netlink';
import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import { describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../log/logger.ts';
import { LAYOUT } from '../iptables/base.ts';
import { KernelRules } from './kernel.ts';

const signal = new AbortController().signal;
const { EINTR } = constants.errno;

describe('a table that is changed while it is read', () => {
  function open(failures: number, errno: number | undefined = EINTR) {
    const tools = new FakeIptables();
    const rules = new KernelRules({
      ...{ tools, layout: LAYOUT, family: 'IPv4', logger: silentLogger, watchPeriodMs: 1_000 },
    });
    const save = vi.spyOn(tools, 'save');
    for (let count = 0; count < failures; count++) {
      // Something of the table was printed before.
      save.mockImplementationOnce(async (table, onLine) => {
        for (const line of [`*${table}`, ':KUBE-FORWARD - [0:0]', '-A KUBE-FORWARD -j DROP']) onLine(line);
        throw new KernelError({ operation: 'iptables save', object: table, detail: 'changed', errno });
      });
    }
    return { rules, save };
  }

  it('is read again, and nothing of the first time is believed', async () => {
    const untouched = await open(0).rules.observe(signal);
    const { rules } = open(2);
    expect((await rules.observe(signal)).fixed).toEqual(untouched.fixed);
  });

  it('is an error if that has no end', async () => {
    const { rules, save } = open(1_000);
    await expect(rules.observe(signal)).rejects.toMatchObject({ errno: EINTR });
    expect(save.mock.calls.length).toBeLessThan(10);
  });

  it('is not what every error tells of', async () => {
    const { rules, save } = open(1, constants.errno.EACCES);
    await expect(rules.observe(signal)).rejects.toMatchObject({ errno: constants.errno.EACCES });
    expect(save.mock.calls.length).toBe(1);
  });
});
