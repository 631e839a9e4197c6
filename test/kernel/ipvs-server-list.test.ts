/** No virtual server is taken for gone that is there, whatever others remove while the kernel lists them. */
import { type Frontend, formatFrontend, type IpvsEdit, openIpvsClient } from '@menwei/netlink/ipvs';
import { observeServerList } from 'menwei/backends/ipvs/server-list.ts';
import { expect, it } from 'vitest';
import { openEmptyIpvs } from './ipvs-kernel.ts';

/** More than the kernel lists in one turn of the event loop. */
const COUNT = 3_000;
const LOOKS = 5;
const signal = new AbortController().signal;

function numbered(frontend: Pick<Frontend, 'family'> & { readonly ip: string }): readonly Frontend[] {
  return Array.from({ length: COUNT }, (_, index) => ({ ...frontend, protocol: 'TCP', port: index + 1 }));
}

it.each([
  ['first', false],
  ['later', true],
])('a %s look sees all that stay, while those of the other family go', async (_which, isKnown) => {
  const ipvs = openEmptyIpvs();
  using other = openIpvsClient();
  const staying = numbered({ family: 'IPv4', ip: '10.96.0.1' });
  const going = numbered({ family: 'IPv6', ip: 'fd00:96::1' });
  const add = (frontend: Frontend): IpvsEdit => ({
    change: 'add-server',
    server: { frontend, scheduler: 'rr', flags: 0, timeoutSeconds: 0 },
  });
  expect(await ipvs.apply([...staying, ...going].map(add), signal)).toEqual([]);
  const known = new Map(staying.map((frontend) => [formatFrontend(frontend), frontend]));
  let isLooking = true;
  const removeOthers = async () => {
    for (const frontend of going) {
      if (!isLooking) return;
      await other.apply([{ change: 'remove-server', frontend }], signal);
    }
  };
  const removing = removeOthers();
  try {
    for (let look = 0; look < LOOKS; look++) {
      const listed = await observeServerList(ipvs, 'IPv4', isKnown ? known : undefined, signal);
      expect(new Set(listed.map(({ frontend }) => formatFrontend(frontend)))).toEqual(new Set(known.keys()));
      expect(listed).toHaveLength(COUNT);
    }
  } finally {
    isLooking = false;
    await removing;
  }
});
