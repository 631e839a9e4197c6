/** The shape of a kubeconfig file (v1 Config). Unknown fields are ignored, as kubectl does; null is absent. */
import * as v from 'valibot';

const text = v.nullish(v.string(), '');
const flag = v.nullish(v.boolean(), false);
const texts = v.nullish(v.array(v.string()), []);

const Extension = v.object({ name: text, extension: v.nullish(v.unknown()) });

const Cluster = v.object({
  server: text,
  'tls-server-name': text,
  'insecure-skip-tls-verify': flag,
  'certificate-authority': text,
  'certificate-authority-data': text,
  'proxy-url': text,
  'disable-compression': flag,
  extensions: v.nullish(v.array(Extension), []),
});

const Exec = v.object({
  apiVersion: text,
  command: text,
  args: texts,
  env: v.nullish(v.array(v.object({ name: v.string(), value: text })), []),
  installHint: text,
  provideClusterInfo: flag,
  interactiveMode: text,
});

const User = v.object({
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  as: text,
  'as-uid': text,
  'as-groups': texts,
  'as-user-extra': v.nullish(v.record(v.string(), v.array(v.string())), {}),
  exec: v.nullish(Exec),
  'auth-provider': v.nullish(v.unknown()),
});

const Context = v.object({ cluster: text, user: text });

export const Kubeconfig = v.object({
  'current-context': text,
  clusters: v.nullish(v.array(v.object({ name: v.string(), cluster: v.nullish(Cluster, {}) })), []),
  users: v.nullish(v.array(v.object({ name: v.string(), user: v.nullish(User, {}) })), []),
  contexts: v.nullish(v.array(v.object({ name: v.string(), context: v.nullish(Context, {}) })), []),
});

export type Kubeconfig = v.InferOutput<typeof Kubeconfig>;
export type KubeconfigCluster = v.InferOutput<typeof Cluster>;
export type KubeconfigUser = v.InferOutput<typeof User>;
export type KubeconfigExec = v.InferOutput<typeof Exec>;
