/** What a running HAProxy says about its servers, and what is to be said to it. Pure. */
import { formatAddedServer } from './config-text.ts';
import { type Section, sectionName, serverName } from './section.ts';

/** A line of `show servers state`. */
export interface RunningServer {
  readonly section: string;
  readonly name: string;
  readonly ip: string;
  readonly port: number;
  readonly weight: number;
  /** Somebody has stopped it, or lets it drain, by hand. */
  readonly isHeld: boolean;
  /** In maintenance by hand: what this program does to those that leave, too. */
  readonly isInMaintenance: boolean;
  /** Not asked for its health, though it has a check. */
  readonly isUnasked: boolean;
}

/** Bits of `srv_admin_state`: forced maintenance; forced maintenance, maintenance by tracking or configuration, drain. */
const FORCED_MAINTENANCE = 0x01;
const HELD = 0x01 | 0x08;
/** Bits of `srv_check_state`: there is a check; it runs. */
const CONFIGURED = 0x02;
const ENABLED = 0x04;
const FIELDS = [
  'be_name',
  'srv_name',
  'srv_addr',
  'srv_port',
  'srv_uweight',
  'srv_admin_state',
  'srv_check_state',
] as const;

/** Answers of `show servers state`, with or without the name of a section. Throws when it is something else. */
export function parseServersState(answer: string): readonly RunningServer[] {
  const [version = '', heading = '', ...lines] = answer.split('\n');
  const columns = heading.replace(/^# /, '').split(' ');
  const missing = FIELDS.find((field) => !columns.includes(field));
  if (version !== '1' || missing !== undefined) {
    throw new Error(`haproxy's answer to "show servers state" can't be read: ${answer.slice(0, 80)}`);
  }
  return lines.filter((line) => line !== '').map((line) => readServer(columns, line.split(' ')));
}

function readServer(columns: readonly string[], words: readonly string[]): RunningServer {
  const field = (name: (typeof FIELDS)[number]) => words[columns.indexOf(name)] ?? '';
  const admin = Number(field('srv_admin_state'));
  const check = Number(field('srv_check_state'));
  return {
    section: field('be_name'),
    name: field('srv_name'),
    ip: field('srv_addr'),
    port: Number(field('srv_port')),
    weight: Number(field('srv_uweight')),
    isHeld: (admin & HELD) !== 0,
    isInMaintenance: (admin & FORCED_MAINTENANCE) !== 0,
    isUnasked: (check & CONFIGURED) !== 0 && (check & ENABLED) === 0,
  };
}

/** A line for HAProxy's admin socket. What became of it is looked up afterwards, not read from the answer. */
type Command = string;

/** What makes the servers of a section those that it is to have. */
export function serverCommands(
  cluster: string,
  section: Section,
  running: readonly RunningServer[],
): readonly Command[] {
  const name = sectionName(cluster, section);
  const there = new Map(running.map((server) => [server.name, server]));
  const commands = section.servers.flatMap((wanted) => {
    const server = there.get(serverName(wanted));
    there.delete(serverName(wanted));
    const path = `${name}/${serverName(wanted)}`;
    if (server === undefined) return addCommands(section, path, formatAddedServer(section, wanted));
    const changes: Command[] = [];
    if (server.ip !== wanted.ip || server.port !== wanted.port)
      changes.push(`set server ${path} addr ${wanted.ip} port ${wanted.port}`);
    if (server.weight !== wanted.weight) changes.push(`set server ${path} weight ${wanted.weight}`);
    if (server.isHeld) changes.push(`set server ${path} state ready`);
    if (server.isUnasked) changes.push(`enable health ${path}`);
    return changes;
  });
  return [
    ...commands,
    ...[...there.values()].flatMap((server) => removeCommands(`${name}/${server.name}`, server)),
  ];
}

/** Empty: they are what they should be. Servers in maintenance that the section does not have are on their way out. */
export function describeServerDrift(section: Section, running: readonly RunningServer[]): string {
  const there = new Map(running.map((server) => [server.name, server]));
  for (const wanted of section.servers) {
    const name = serverName(wanted);
    const server = there.get(name);
    there.delete(name);
    if (server === undefined) return `server ${name} is gone`;
    if (server.ip !== wanted.ip || server.port !== wanted.port)
      return `server ${name} is at ${server.ip} port ${server.port}`;
    if (server.weight !== wanted.weight)
      return `server ${name} has weight ${server.weight}, not ${wanted.weight}`;
    if (server.isHeld) return `server ${name} was stopped by hand`;
    if (server.isUnasked) return `the health check of server ${name} was stopped by hand`;
  }
  const strange = [...there.values()].find((server) => !server.isInMaintenance);
  return strange === undefined ? '' : `server ${strange.name} is too many`;
}

/** Those that have left: in maintenance, and no part of the section. */
export function leavingServers(
  section: Section,
  running: readonly RunningServer[],
): readonly RunningServer[] {
  const wanted = new Set(section.servers.map(serverName));
  return running.filter(({ name, isInMaintenance }) => isInMaintenance && !wanted.has(name));
}

/** One that is new is put to work without a wait for its first check: who says that it is ready has asked it. */
function addCommands({ healthCheck }: Section, path: string, words: string): readonly Command[] {
  const asked = healthCheck.probe.kind === 'none' ? [] : [`enable health ${path}`];
  return [`add server ${path} ${words}`, ...asked, `set server ${path} state ready`];
}

/** Connections that it has go on; as long as there are any, HAProxy does not delete it. */
function removeCommands(path: string, { isInMaintenance }: RunningServer): readonly Command[] {
  return [...(isInMaintenance ? [] : [`set server ${path} state maint`]), `del server ${path}`];
}
