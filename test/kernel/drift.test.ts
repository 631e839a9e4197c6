/** Whatever somebody does to what the proxy has made is mended soon after, in every mode; how long it took is printed. */
import { beforeEach, it } from 'vitest';
import { tool } from '../stress/site.ts';
import {
  ENDPOINT_CHAIN_DAMAGE,
  expectRepaired,
  NFT_VARIANT_DAMAGES,
  ruleDamages,
  TABLE_DAMAGES,
} from './damage.ts';
import { describeVariants } from './iptables-variants.ts';
import { testFolder } from './run-cluster.ts';

const folder = testFolder();
const TIMEOUT_MS = 600_000;

describeVariants((variant, openKernel) => {
  beforeEach(async () => {
    for (const family of ['IPv4', 'IPv6'] as const) await openKernel(family);
  });
  const isNft = variant === 'nf_tables';
  const more = isNft ? NFT_VARIANT_DAMAGES : [];

  it(
    'iptables mode',
    () =>
      expectRepaired(
        `iptables, ${variant}`,
        'iptables',
        [...ruleDamages('KUBE-SERVICES'), ENDPOINT_CHAIN_DAMAGE, ...more],
        folder,
      ),
    TIMEOUT_MS,
  );

  // Of legacy tables one mode tells enough.
  if (!isNft) return;

  it(
    'userspace mode',
    () =>
      expectRepaired(
        `userspace, ${variant}`,
        'userspace',
        [...ruleDamages('KUBE-PORTALS-CONTAINER'), ...more],
        folder,
      ),
    TIMEOUT_MS,
  );
});

it(
  'nftables mode',
  async () => {
    tool('nft', ['flush', 'ruleset']);
    await expectRepaired('nftables', 'nftables', TABLE_DAMAGES, folder);
  },
  TIMEOUT_MS,
);
