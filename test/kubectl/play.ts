/** Types the commands of a session, one after the other. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { ClusterProcess } from './cluster-process.ts';
import { type Answer, maskOutput } from './session.ts';

const TIMEOUT_MS = 60_000;

/**
 * What stands for programs in commands: `kubectl`, and `ready POD IP` and `unready POD`, which write a pod's status as a kubelet
 * does and wait until the controllers have followed.
 */
const FUNCTIONS = String.raw`
kubectl() { command "$KUBECTL" --kubeconfig "$MENWEI_KUBECONFIG" --cache-dir "$CACHE" "$@"; }
ready() { status "$1" True "$2" true; }
unready() { status "$1" False "" false; }
status() {
  local pods=/api/v1/namespaces/kc/pods slices=/apis/discovery.k8s.io/v1/namespaces/kc/endpointslices
  kubectl get --raw "$pods/$1" | node "$POD_STATUS" "$2" "$3" >pod.json || return
  kubectl replace --raw "$pods/$1/status" -f pod.json >replaced.json || return
  local ip; ip=$(grep -o '"podIP":"[^"]*"' pod.json | cut -d'"' -f4)
  for _ in $(seq 50); do
    kubectl get --raw "$slices" | grep -q "\[\"$ip\"\],\"conditions\":{\"ready\":$4" && return
    sleep 0.1
  done
  echo "the slices do not follow"; return 1
}
`;

/** @param kubectl its path */
export function play(cluster: ClusterProcess, kubectl: string, command: string): Answer {
  const { status, stdout } = spawnSync('bash', ['-c', `${FUNCTIONS}\n{ ${command}\n} 2>&1`], {
    cwd: cluster.folder,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    env: {
      PATH: process.env.PATH ?? '/usr/bin:/bin',
      HOME: cluster.folder,
      LC_ALL: 'C.UTF-8',
      TZ: 'UTC',
      KUBECTL: kubectl,
      MENWEI_KUBECONFIG: cluster.kubeconfig,
      POD_STATUS: join(import.meta.dirname, 'pod-status.ts'),
      CACHE: join(cluster.folder, 'cache'),
      // What an editor is for: it changes one line, and says no more.
      KUBE_EDITOR: 'sed -i \'s/a: "1"/a: "edited"/\'',
    },
  });
  return { output: maskOutput(stdout), exitStatus: status ?? -1 };
}
