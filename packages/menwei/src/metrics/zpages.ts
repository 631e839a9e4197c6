/** `/flagz` and `/statusz`, as the components of Kubernetes 1.36 have them (spec § 9.3), and `/configz`. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { formatYaml } from '@menwei/yaml/format.ts';
import { answer, PLAIN_TEXT } from '../http/answer.ts';
import { chooseForm, describeForms } from './accept.ts';

/** What the process tells of itself. */
export interface Introspection {
  /** KubeProxyConfiguration v1alpha1, as it is in force. */
  readonly configuration: () => Readonly<Record<string, unknown>>;
  /** All flags with their values; undefined: the feature gate ComponentFlagz is off. */
  readonly flags: Readonly<Record<string, string>> | undefined;
  /** Undefined: the feature gate ComponentStatusz is off. */
  readonly build: Build | undefined;
}

interface Build {
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** `1.36.2+menwei.0.1.0` */
  readonly binaryVersion: string;
  /** The release of Kubernetes that it behaves like: `1.36`. */
  readonly emulationVersion: string;
}

const COMPONENT = 'kube-proxy';
/** Under this name the configuration is in the answer of `/configz`. */
const CONFIG_GROUP = 'kubeproxy.config.k8s.io';

/** A part of the format. */
const WARNING =
  'Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.';

/**
 * The paths that are there: `/flagz` and `/statusz` only with their feature gates.
 *
 * @param others that the server answers
 */
export function zpageRoutes(
  { configuration, flags, build }: Introspection,
  others: ReadonlyMap<string, RequestListener>,
): ReadonlyMap<string, RequestListener> {
  const routes = new Map<string, RequestListener>([
    [
      '/configz',
      (_request, response) =>
        answer(response, 200, 'application/json', JSON.stringify({ [CONFIG_GROUP]: configuration() })),
    ],
  ]);
  if (flags !== undefined) {
    routes.set('/flagz', (request, response) => answerZpage(request, response, flagz(flags)));
  }
  const paths = [...others.keys(), ...routes.keys(), '/statusz'];
  if (build !== undefined) {
    routes.set('/statusz', (request, response) =>
      answerZpage(request, response, statusz(build, paths, Date.now())),
    );
  }
  return routes;
}

function flagz(flags: Readonly<Record<string, string>>): Zpage {
  const names = Object.keys(flags).sort();
  return {
    kind: 'Flagz',
    text: () => names.map((name) => `${name}=${flags[name]}\n`).join(''),
    fields: () => ({ flags: Object.fromEntries(names.map((name) => [name, flags[name]])) }),
  };
}

function statusz(
  { startedAtMs, binaryVersion, emulationVersion }: Build,
  allPaths: readonly string[],
  nowMs: number,
): Zpage {
  const uptimeSeconds = Math.max(0, Math.floor((nowMs - startedAtMs) / 1000));
  const paths = [...new Set(allPaths.map((path) => `/${path.split('/')[1]}`))].sort();
  return {
    kind: 'Statusz',
    text: () =>
      [
        '',
        `Started: ${formatUnixDate(startedAtMs)}`,
        `Up: ${formatUptime(uptimeSeconds)}`,
        `Node.js version: ${process.version}`,
        `Binary version: ${binaryVersion}`,
        `Emulation version: ${emulationVersion}`,
        `Paths: ${paths.join(' ')}`,
        '',
      ].join('\n'),
    fields: () => ({
      startTime: new Date(startedAtMs).toISOString().replace(/\.\d+Z$/, 'Z'),
      uptimeSeconds,
      binaryVersion,
      emulationVersion,
      paths,
    }),
  };
}

interface Zpage {
  readonly kind: 'Flagz' | 'Statusz';
  /** What follows the head. */
  readonly text: () => string;
  /** Those of the object beside what all objects have. */
  readonly fields: () => Readonly<Record<string, unknown>>;
}

function answerZpage(
  request: IncomingMessage,
  response: ServerResponse,
  { kind, text, fields }: Zpage,
): void {
  const form = chooseForm(request.headers.accept, kind);
  if (form === undefined) answerNotAcceptable(response);
  else if (form.mediaType === 'text/plain') {
    answer(response, 200, PLAIN_TEXT, `\n${COMPONENT} ${kind.toLowerCase()}\n${WARNING}\n${text()}`);
  } else {
    const apiVersion = `config.k8s.io/${form.version}`;
    const object = { kind, apiVersion, metadata: { name: COMPONENT }, ...fields() };
    const isJson = form.mediaType === 'application/json';
    answer(response, 200, form.mediaType, isJson ? `${JSON.stringify(object)}\n` : formatYaml(object));
  }
}

function answerNotAcceptable(response: ServerResponse): void {
  const status = {
    ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' },
    ...{ message: describeForms(), reason: 'NotAcceptable', code: 406 },
  };
  answer(response, 406, 'application/json', `${JSON.stringify(status)}\n`);
}

/** `Fri Jan  2 03:04:05 UTC 2026` */
function formatUnixDate(timeMs: number): string {
  const [weekday = '', day = '', month = '', year = '', time = ''] = new Date(timeMs)
    .toUTCString()
    .split(/,? /);
  return `${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} UTC ${year}`;
}

function formatUptime(seconds: number): string {
  const digits = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  return `${Math.floor(minutes / 60)} hr ${digits(minutes % 60)} min ${digits(seconds % 60)} sec`;
}
