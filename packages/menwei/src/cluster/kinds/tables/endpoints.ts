import { formatHostPort } from '@menwei/addresses/ip.ts';
import type { Messages } from '../../schema/messages.ts';
import { formatAge } from '../age.ts';
import type { TableRules } from '../kind-rules.ts';
import { columns, formatFirst, NONE } from './columns.ts';

export const ENDPOINTS_TABLE: TableRules<Messages['core.v1.Endpoints']> = {
  columns: columns('Name', 'Endpoints', 'Age'),
  row({ metadata, subsets = [] }, nowMs) {
    const listed = subsets.flatMap(({ addresses = [], ports = [] }) => {
      const ips = addresses.map(({ ip = '' }) => ip);
      return ports.length === 0
        ? ips
        : ports.flatMap(({ port = 0 }) => ips.map((ip) => formatHostPort(ip, port)));
    });
    const endpoints = subsets.length === 0 ? NONE : formatFirst(listed);
    return { cells: [metadata.name ?? '', endpoints, formatAge(metadata.creationTimestamp, nowMs)] };
  },
};
