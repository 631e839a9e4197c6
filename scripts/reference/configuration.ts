/** docs/reference/configuration.md */
import { API_VERSION, FIELDS, KIND } from 'menwei/config/configuration.ts';
import { FEATURE_GATES } from 'menwei/config/feature-gate-table.ts';
import { HONOURED_GATES } from 'menwei/config/feature-gates.ts';
import type { Field, FieldKind } from 'menwei/config/field.ts';
import { code, heading, table } from './markdown.ts';

const INTRODUCTION = `
The file that \`--config\` names: \`apiVersion: ${API_VERSION}\`, \`kind: ${KIND}\`, as YAML or JSON, as kube-proxy 1.36 reads it. Fields marked ●
are Menwei's own; kube-proxy warns of them and goes on. A change of a field marked ↻ takes effect while the proxy runs; one of any other field that counts
ends the process, to be started again ([live-configuration.md](../live-configuration.md)).

- **Which flags count beside it** is in [flags.md](flags.md). The feature gates are those of the file alone.
- **Unknown and repeated fields** are left out with a warning (of a repeated one the last counts), so that one file serves several versions. A value of
  a wrong type is an error. So is another \`apiVersion\` or \`kind\`.
- **Empty values**: an empty text, and a \`null\`, say as little as no field: the default takes its place. Where the table says so, a zero does, too. (Tools
  such as kubeadm write out all fields, with zeros for what nobody has set. So \`1ms\` is how to say "no shortest interval".)
- **Mistakes** are told all together, a line each, with file and field, before anything is touched. The exit status is 1; if nothing but the command line
  is to blame, it is 2.
- **What has no effect** is accepted, and told of in one warning.
`;

const TYPES: Readonly<Record<FieldKind, string>> = {
  text: 'text',
  bool: 'boolean',
  integer: 'integer',
  number: 'number',
  duration: 'duration',
  list: 'list of texts',
  gates: 'map of booleans',
  vmodule: 'list of `filePattern`, `verbosity`',
  size: 'quantity',
};

/** The whole document. */
export function configurationReference(): string {
  const sections = Map.groupBy(FIELDS, ({ path }) => path.split('.').slice(0, -1).join('.'));
  const tables = Array.from(sections, ([section, fields]) => {
    const rows = fields.map((field) => row(field));
    const title = section === '' ? 'Top level' : `\`${section}\``;
    return `\n## ${title}\n\n${table(['field', '', 'type', 'default', 'accepted', 'flag', 'meaning'], rows)}\n`;
  });
  const source = 'packages/menwei/src/config/configuration.ts';
  return `${heading('Configuration file', source)}${INTRODUCTION}${tables.join('')}${featureGates()}`;
}

function row(field: Field): readonly string[] {
  const {
    path,
    kind,
    flag,
    flagDefault,
    derivedDefault,
    allowed = '',
    ours,
    live,
    zeroIsUnset,
    withoutEffect,
    help,
  } = field;
  const zero = zeroIsUnset === true ? '; a zero means the same' : '';
  return [
    code(path),
    `${ours === true ? '●' : ''}${live === true ? '↻' : ''}`,
    TYPES[kind],
    `${code(derivedDefault ?? field.default)}${zero}${flagDefault === undefined ? '' : `; of the flag ${code(flagDefault)}`}`,
    allowed,
    flag === undefined ? '' : code(`--${flag}`),
    `${withoutEffect === true ? 'without effect: ' : ''}${help}`,
  ];
}

function featureGates(): string {
  const honoured = Object.entries(HONOURED_GATES).map(([name, meaning]) => [
    code(name),
    String(FEATURE_GATES.get(name)?.default ?? false),
    meaning,
  ]);
  const others = [...FEATURE_GATES].filter(([name]) => !Object.hasOwn(HONOURED_GATES, name));
  const list = (locked: boolean) =>
    others
      .filter(([, gate]) => gate.locked === locked)
      .map(([name, gate]) => `\`${name}\` (${gate.default})`)
      .join(', ');
  return `
## Feature gates

${table(['gate', 'default', 'meaning'], honoured)}

The other gates of Kubernetes 1.36 are known, and have no effect. A name that is none of them is an error. So is another value for one that is locked.

Can be set: ${list(false)}.

Locked: ${list(true)}.
`;
}
