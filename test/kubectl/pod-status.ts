/** Reads a Pod and prints it with another status, as a kubelet would write it: `pod-status.ts True 10.0.0.1`. */
import { readFileSync } from 'node:fs';

const [ready = 'True', podIP = ''] = process.argv.slice(2);
const pod = JSON.parse(readFileSync(0, 'utf8'));
const ip = podIP === '' ? pod.status.podIP : podIP;
const at = '2026-11-30T05:00:00Z';
const [container] = pod.spec.containers;
process.stdout.write(
  JSON.stringify({
    ...pod,
    status: {
      ...pod.status,
      phase: 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      conditions: ['Ready', 'ContainersReady'].map((type) => ({
        type,
        status: ready,
        lastTransitionTime: at,
      })),
      containerStatuses: [
        {
          name: container.name,
          image: container.image,
          imageID: '',
          ready: ready === 'True',
          started: true,
          restartCount: 0,
          state: { running: { startedAt: at } },
        },
      ],
    },
  }),
);
