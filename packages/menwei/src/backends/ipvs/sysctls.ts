/** What the mode needs the kernel's settings to be (spec § 6.2). */

interface Sysctl {
  readonly name: string;
  readonly value: string;
}

/** @param kernelRelease as `uname -r` prints it: `6.1.0-18-amd64` */
export function wantedSysctls(strictARP: boolean, kernelRelease: string): readonly Sysctl[] {
  return [
    // Without it conntrack loses sight of what IPVS forwards, and nothing can be masqueraded.
    { name: 'net/ipv4/vs/conntrack', value: '1' },
    // Before 5.9, a client that used a port again waited a second, or was sent to a destination of weight 0.
    ...(isOlderThan(kernelRelease, 5, 9) ? [{ name: 'net/ipv4/vs/conn_reuse_mode', value: '0' }] : []),
    { name: 'net/ipv4/vs/expire_nodest_conn', value: '1' },
    { name: 'net/ipv4/vs/expire_quiescent_template', value: '1' },
    { name: 'net/ipv4/ip_forward', value: '1' },
    ...(strictARP
      ? [
          { name: 'net/ipv4/conf/all/arp_ignore', value: '1' },
          { name: 'net/ipv4/conf/all/arp_announce', value: '2' },
        ]
      : []),
  ];
}

function isOlderThan(kernelRelease: string, major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = kernelRelease.split(/[^0-9]/).map(Number);
  return ownMajor < major || (ownMajor === major && ownMinor < minor);
}
