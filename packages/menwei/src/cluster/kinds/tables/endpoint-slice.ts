import type { Messages } from '../../schema/messages.ts';
import { formatAge } from '../age.ts';
import type { TableRules } from '../kind-rules.ts';
import { columns, formatFirst } from './columns.ts';

const UNSET = '<unset>';

export const ENDPOINT_SLICE_TABLE: TableRules<Messages['discovery.v1.EndpointSlice']> = {
  columns: columns('Name', 'AddressType', 'Ports', 'Endpoints', 'Age'),
  row({ metadata, addressType = '', ports, endpoints }, nowMs) {
    const numbers = (ports ?? []).map(({ port, name = '*' }) => String(port ?? name));
    const addresses = (endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? []);
    return {
      cells: [
        metadata.name ?? '',
        addressType,
        formatFirst(numbers) || UNSET,
        formatFirst(addresses) || UNSET,
        formatAge(metadata.creationTimestamp, nowMs),
      ],
    };
  },
};
