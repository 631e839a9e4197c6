/** Lists the connections that the kernel tracks. Needs CAP_NET_ADMIN. */
import { ConntrackTable } from '@menwei/netlink/conntrack';

const entries = await new ConntrackTable('IPv4').observe(AbortSignal.timeout(5_000));
for (const { protocol, source, destination, replySource } of entries) {
  console.log(
    `${protocol} from ${source.ip}:${source.port} to ${destination.ip}:${destination.port},`,
    `answered by ${replySource.ip}:${replySource.port}`,
  );
}
console.log(`${entries.length} in all`);
