/** IP sets as the proxy relies on them, on the real kernel. */

import { openIpSetClient } from '@menwei/netlink/ipset';
import { CLONE_NEWNET, unshare } from '@menwei/netlink/native';
import { describeIpSets } from '@menwei/testing/kernel/ip-set-laws.ts';
import { afterEach } from 'vitest';

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
