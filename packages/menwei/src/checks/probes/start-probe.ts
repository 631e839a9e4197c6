/** Begins a check on the wire, whatever its kind (health § 7). */
import type { HealthProbe } from '../../kubernetes/health-check.ts';
import { probeGrpc } from './grpc.ts';
import { probeHttp } from './http.ts';
import type { Answer, Asked, Cancel } from './probe.ts';
import { probeTcp } from './tcp.ts';
import { probeDns, probeUdp } from './udp.ts';

export function startProbe(probe: HealthProbe, asked: Asked, userAgent: string, answer: Answer): Cancel {
  switch (probe.kind) {
    case 'tcp':
      return probeTcp(asked, answer);
    case 'http':
    case 'https':
      return probeHttp(probe, asked, userAgent, answer);
    case 'grpc':
      return probeGrpc(probe.service, asked, userAgent, answer);
    case 'dns':
      return probeDns(probe.name, Math.floor(Math.random() * 65_536), asked, answer);
    case 'udp':
      return probeUdp(probe, asked, answer);
  }
}
