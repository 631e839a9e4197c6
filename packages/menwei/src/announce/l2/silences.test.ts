import { describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../log/logger.ts';
import { Silences } from './silences.ts';

function pair(address: string, reason?: string) {
  return { address, interface: 'eth0', reason };
}

describe('addresses that nothing answers for', () => {
  it('are told of once for each interface and family, and when that is over', () => {
    const log = { ...silentLogger, warn: vi.fn(), info: vi.fn() };
    const silences = new Silences(log);
    const down = [pair('192.0.2.1', 'it is down'), pair('192.0.2.2', 'it is down'), pair('2001:db8::1')];
    silences.tell(down);
    silences.tell(down);
    expect(log.warn.mock.calls).toEqual([
      [
        { interface: 'eth0', family: 'IPv4', addresses: 2, err: 'it is down' },
        'load-balancer addresses are not announced',
      ],
    ]);
    silences.tell([pair('192.0.2.1', 'it has no carrier'), pair('192.0.2.2')]);
    expect(log.warn).toHaveBeenCalledTimes(2);
    silences.tell([pair('192.0.2.1'), pair('192.0.2.2')]);
    silences.tell([pair('192.0.2.1'), pair('192.0.2.2')]);
    expect(log.info.mock.calls).toEqual([
      [{ interface: 'eth0', family: 'IPv4' }, 'load-balancer addresses are announced again'],
    ]);
  });

  it('are not said to be answered for again when they are no longer wanted', () => {
    const log = { ...silentLogger, warn: vi.fn(), info: vi.fn() };
    const silences = new Silences(log);
    silences.tell([pair('192.0.2.1', 'it is down')]);
    silences.tell([]);
    expect(log.info).not.toHaveBeenCalled();
  });
});
