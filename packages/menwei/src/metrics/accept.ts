/** What a client of `/flagz` and `/statusz` wants by its Accept header: text for people, or an object for programs. */
import { matchesRange, parseAccept } from '../http/accept.ts';

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
      if (matchesRange(range, TEXT.mediaType)) return TEXT;
    } else if (g === GROUP && as === kind && VERSIONS.includes(v)) {
      const mediaType = STRUCTURED.find((type) => matchesRange(range, type));
      if (mediaType !== undefined) return { mediaType, version: v };
    }
  }
  return undefined;
}

/** What there is, for who has asked for something else. */
export function describeForms(): string {
  return `only the following media types are accepted: ${[TEXT.mediaType, ...STRUCTURED].join(', ')}`;
}
