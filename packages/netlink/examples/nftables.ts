/** Makes an nf_tables table with a map in one transaction, reads it back and removes it. Needs CAP_NET_ADMIN. */
import {
  formatData,
  formatKey,
  openNfTables,
  parseElement,
  type SetDeclaration,
} from '@menwei/netlink/nftables';

const table = { family: 'ip', name: 'example', comment: 'made by an example' } as const;
/** From address and port to address and port. */
const backends: SetDeclaration = {
  name: 'backends',
  key: ['ipv4_addr', 'inet_service'],
  data: ['ipv4_addr', 'inet_service'],
  interval: false,
  dynamic: false,
  size: 0,
  comment: '',
};
const elements = [
  parseElement(backends, '192.0.2.1 . 80', '198.51.100.7 . 8080'),
  parseElement(backends, '192.0.2.1 . 443', '198.51.100.7 . 8443', 'with a comment'),
];

using tables = openNfTables();
// All of it or nothing.
await tables.apply(table, [
  { do: 'add table', table },
  { do: 'add set', set: backends },
  { do: 'add elements', set: backends, elements },
]);

const { content } = await tables.observe(table);
for (const { key, data, comment } of content?.elements.get(backends.name)?.values() ?? []) {
  console.log(`${formatKey(backends, key)} : ${formatData(backends, data)} ${comment}`.trim());
}

await tables.apply(table, [{ do: 'delete table' }]);
