/** How an annotation says what the endpoints of a slice or Service weigh. */
import { canonicalIp } from './decode-address.ts';
import { readAnnotation } from './decode-annotation.ts';
import { isDnsSubdomain } from './decode-names.ts';
import type { ObjectReader } from './decode-reader.ts';
import { show } from './decode-text.ts';
import { ANNOTATIONS, annotationField, type EndpointWeights } from './objects.ts';

/** The kernel holds a weight in 16 bits as far as its tools show it. */
const MAX_WEIGHT = 65_535;
const OTHERS = '*';
const NO_NAMES: EndpointWeights['named'] = new Map();

/** Undefined when the object says nothing about weights, or nothing that could be understood. */
export function readWeights(reader: ObjectReader, annotations: unknown): EndpointWeights | undefined {
  const text = readAnnotation(reader, annotations, ANNOTATIONS.weight) ?? '';
  if (text === '') return undefined;
  const weights = parseWeights(text);
  if ('mistake' in weights) {
    reader.ignore(annotationField(ANNOTATIONS.weight), weights.mistake);
    return undefined;
  }
  return weights;
}

/** `3`, or `web-0=3,10.244.0.7=1,*=2` with Pod names, host names, addresses of either family and `*` for the rest. */
export function parseWeights(text: string): EndpointWeights | { readonly mistake: string } {
  if (!text.includes('=')) {
    const weight = parseWeight(text);
    if (weight === undefined) return { mistake: `${show(text)} is not a weight (0-${MAX_WEIGHT})` };
    return { named: NO_NAMES, others: weight };
  }
  const named = new Map<string, number>();
  for (const entry of text.split(',')) {
    const [name = '', value = '', ...rest] = entry.split('=').map((part) => part.trim());
    const key = name === OTHERS ? OTHERS : (canonicalIp(name) ?? name);
    const weight = rest.length > 0 ? undefined : parseWeight(value);
    if (weight === undefined) return { mistake: `${show(entry)} is not NAME=WEIGHT (0-${MAX_WEIGHT})` };
    if (key !== OTHERS && !isName(key)) {
      return { mistake: `${show(name)} is neither the name of a Pod, a host name, an address nor *` };
    }
    if (named.has(key)) return { mistake: `${show(name)} has two weights` };
    named.set(key, weight);
  }
  const others = named.get(OTHERS);
  named.delete(OTHERS);
  return { named, others };
}

function isName(key: string): boolean {
  return canonicalIp(key) !== undefined || isDnsSubdomain(key);
}

function parseWeight(text: string): number | undefined {
  const weight = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return weight <= MAX_WEIGHT ? weight : undefined;
}
