import { settingsOf } from '@menwei/testing/config/testing.ts';
import { aNodeView } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { State } from '../state/state.ts';
import { NodeEvents } from './node-events.ts';

/** The events of a process without an API server, as the log has them. */
function open(...args: readonly string[]) {
  const settings = settingsOf(['--hostname-override', 'node-1', ...args]);
  const lines: string[] = [];
  const logger = {
    ...silentLogger,
    info: (fields: object, message: string) => lines.push(`${Object.values(fields).join(' ')} ${message}`),
  };
  const state = new State('node-1');
  const events = new NodeEvents({
    settings,
    openEventSink: undefined,
    state,
    served: ['IPv4'],
    nodeView: () => aNodeView(),
    logger,
  });
  return { events, lines };
}

describe('the events of a Node', () => {
  it.each(['iptables', 'nftables', 'userspace'])('tell of a start in %s mode', (mode) => {
    const { events, lines } = open('--proxy-mode', mode);
    events.started();
    expect(lines).toEqual([
      expect.stringMatching(
        new RegExp(
          `^Node node-1 Normal Starting event: Menwei \\S+ starts in ${mode} mode \\(set by --proxy-mode\\)$`,
        ),
      ),
    ]);
  });

  it('tell in ipvs mode what kube-proxy thinks of that, and what Menwei does', () => {
    const { events, lines } = open('--proxy-mode', 'ipvs');
    events.started();
    expect(lines[1]).toMatch(/^Node node-1 Warning IPVSDeprecation event: .*deprecated.*Menwei keeps it/);
  });

  it('have kube-proxy’s reasons for an end', () => {
    const { events, lines } = open();
    events.failedToListen('health-server', 'no such luck');
    events.failedToListen('metrics-server', 'no such luck');
    expect(lines).toEqual([
      'Node node-1 Warning FailedToStartProxierHealthcheck event: no such luck',
      'Node node-1 Warning FailedToStartMetricServer event: no such luck',
    ]);
  });

  it('are written by a component that ends when it is told to', async () => {
    const { events } = open();
    const stop = new AbortController();
    let isReady = false;
    const ended = events.component().run(stop.signal, () => {
      isReady = true;
    });
    stop.abort();
    await ended;
    expect(isReady).toBe(true);
  });
});
