/** Makes an IP set, fills it, reads it back and removes it. Needs CAP_NET_ADMIN. */
import { openIpSetClient, type SetShape } from '@menwei/netlink/ipset';

const shape: SetShape = { name: 'example', type: 'hash:ip,port', family: 'IPv4', maxEntries: 1024 };
const signal = AbortSignal.timeout(5_000);
using sets = openIpSetClient();

// One that is refused does not stop the others: each refusal is returned with its reason.
const refusals = await sets.apply(
  [
    { change: 'create', shape },
    { change: 'add', shape, entries: ['192.0.2.1,tcp:80', '192.0.2.2,udp:53'] },
  ],
  signal,
);
for (const { error } of refusals) console.error(error.message);

const observed = await sets.observe([shape.name], signal);
for (const entry of observed.get(shape.name)?.entries ?? []) console.log(entry);

await sets.apply([{ change: 'destroy', name: shape.name }], signal);
