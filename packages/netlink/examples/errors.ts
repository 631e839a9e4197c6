/** What the kernel refuses comes as one kind of error. */
import { KernelError } from '@menwei/netlink';
import { openLinkClient } from '@menwei/netlink/route';

using links = openLinkClient();
try {
  await links.applyAddresses('nowhere', [{ change: 'add', ip: '192.0.2.1' }], AbortSignal.timeout(5_000));
} catch (error) {
  if (!(error instanceof KernelError)) throw error;
  console.log(error.message);
  console.log(`errno ${error.errno}; another try may help: ${error.mayPass ? 'yes' : 'no'}`);
}
