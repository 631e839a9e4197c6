/** Names out of a hosts file, which is looked at again and again: the file is often replaced as a whole. */
import { readFile } from 'node:fs/promises';
import type { Component } from '../../agent/component.ts';
import { formatErrorChain } from '../../log/error-text.ts';
import type { Logger } from '../../log/logger.ts';
import { pause } from '../../scheduling/pause.ts';
import type { HostsLines } from '../corefile/options.ts';
import { HostsZone } from '../zone/hosts-zone.ts';

/** As CoreDNS does. */
const LOOK_MS = 5_000;

export interface Hosts {
  readonly zone: HostsZone;
  readonly component: Component;
}

/** A file that can't be read changes nothing, and is told once. */
export function openHosts(lines: HostsLines, logger: Logger): Hosts {
  const { file, inline } = lines;
  const zone = new HostsZone(lines);
  let former: string | undefined;
  let said = '';
  const say = (path: string, problems: readonly string[]) => {
    const text = problems.join('; ');
    if (text !== said && text !== '') logger.warn({ path, problems: text }, 'hosts file has errors');
    said = text;
  };
  const look = async (): Promise<void> => {
    try {
      // The file comes first, so that its lines keep their numbers.
      const text = `${await readFile(file, 'utf8')}\n${inline.join('\n')}`;
      if (text === former) return;
      former = text;
      say(file, zone.setText(text));
    } catch (error) {
      if (former === undefined) zone.setText(inline.join('\n'));
      say(file, [formatErrorChain(error)]);
    }
  };
  const component: Component = {
    name: 'dns-hosts',
    onFailure: 'restart',
    run: async (signal, ready) => {
      await look();
      ready();
      while (!signal.aborted) {
        await pause(LOOK_MS, signal);
        await look();
      }
    },
  };
  return { zone, component };
}
