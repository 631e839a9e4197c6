/** IP sets as the proxy relies on them, on the real kernel. */
import { afterEach } from 'vitest';
import { describeIpSets } from '../../src/kernel/fake/ip-set-laws.ts';
import { CLONE_NEWNET, unshare } from '../../src/kernel/ffi.ts';
import { openIpSetClient } from '../../src/kernel/netlink/ip-set/client.ts';

const open: Disposable[] = [];
afterEach(() => {
  for (const client of open.splice(0)) client[Symbol.dispose]();
});

describeIpSets('the kernel', () => {
  // Faster than to take away what is in the old one.
  unshare(CLONE_NEWNET);
  const client = openIpSetClient();
  open.push(client);
  return client;
});
