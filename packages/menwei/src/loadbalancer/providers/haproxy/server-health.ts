/** How HAProxy finds its servers, from its statistics. Pure. */
import { parseHostPort } from '@menwei/addresses/ip.ts';
import type { ServerHealth } from '../provider.ts';
import { parseSectionName } from './section.ts';

/** Type of a line that is about a server. */
const SERVER = '2';
/** Of the codes of checks: the connection was made. A check under way has a star in front. */
const REACHED = /^(\* )?(L6|L7|L4OK)/;
const CELL = /("(?:[^"]|"")*"|[^,]*)(?:,|$)/g;

/** The answer of `show stat`; lines that are about something else are passed over. */
export function parseServerHealth(cluster: string, answer: string): readonly ServerHealth[] {
  const [heading = '', ...lines] = answer.split('\n');
  const columns = heading.replace(/^# /, '').split(',');
  return lines.flatMap((line) => {
    const cells = readCells(line);
    const cell = (name: string) => cells[columns.indexOf(name)] ?? '';
    const service = cell('type') === SERVER ? parseSectionName(cluster, cell('pxname'))?.service : undefined;
    const address = parseHostPort(cell('addr'));
    const status = cell('status');
    if (service === undefined || address === undefined || !/^(UP|DOWN|DRAIN)/.test(status)) return [];
    const words = [cell('check_desc') || cell('check_status'), cell('last_chk')].filter(
      (text) => text !== '',
    );
    const trouble = status.startsWith('DOWN') ? words.join(': ') || status : '';
    const isReached = trouble === '' || REACHED.test(cell('check_status'));
    return [{ service, ip: address.ip, port: address.port, trouble, isReached }];
  });
}

function readCells(line: string): readonly string[] {
  return Array.from(line.matchAll(CELL), ([, text = '']) =>
    text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text,
  );
}
