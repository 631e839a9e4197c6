/** The Accept header, and what a client of `/flagz` and `/statusz` wants by it: text for people, or an object for programs. */

/** How the answer is to be written. */
interface Form {
  readonly mediaType: 'text/plain' | 'application/json' | 'application/yaml';
  /** Of the object: `v1beta1`; of text there is none. */
  readonly version: string;
}

const TEXT: Form = { mediaType: 'text/plain', version: '' };
const STRUCTURED = ['application/json', 'application/yaml'] as const;
const GROUP = 'config.k8s.io';
const VERSIONS: readonly string[] = ['v1beta1', 'v1alpha1'];

interface Wanted {
  /** `application/json`, or with a star for any. */
  readonly range: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * @param accept the header of the request; none, and one that takes anything, get text
 * @param kind of the object: `Flagz`
 * @returns undefined: nothing that is wanted can be had
 */
export function chooseForm(accept: string | undefined, kind: string): Form | undefined {
  if (accept === undefined || accept.trim() === '') return TEXT;
  for (const { range, parameters } of parseAccept(accept)) {
    const [g, v = '', as] = ['g', 'v', 'as'].map((name) => parameters.get(name));
    if (g === undefined && v === '' && as === undefined) {
      if (matches(range, TEXT.mediaType)) return TEXT;
    } else if (g === GROUP && as === kind && VERSIONS.includes(v)) {
      const mediaType = STRUCTURED.find((type) => matches(range, type));
      if (mediaType !== undefined) return { mediaType, version: v };
    }
  }
  return undefined;
}

/** What there is, for who has asked for something else. */
export function describeForms(): string {
  return `only the following media types are accepted: ${[TEXT.mediaType, ...STRUCTURED].join(', ')}`;
}

/** What an Accept header takes, the most wanted first. */
export function parseAccept(accept: string): readonly Wanted[] {
  const wanted = accept.split(',').map((clause) => {
    const [range = '', ...rest] = clause.split(';').map((part) => part.trim());
    const parameters = new Map(
      rest.map((part) => {
        const [name = '', value = ''] = part.split('=', 2);
        return [name.trim().toLowerCase(), value.trim()];
      }),
    );
    return { range: range.toLowerCase(), parameters, quality: Number(parameters.get('q') ?? 1) || 0 };
  });
  return wanted.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality);
}

function matches(range: string, mediaType: string): boolean {
  const [type = ''] = mediaType.split('/');
  return range === '*/*' || range === `${type}/*` || range === mediaType;
}
