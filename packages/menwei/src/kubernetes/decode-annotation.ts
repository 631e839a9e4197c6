import { isAbsent, isFields, type ObjectReader } from './decode-reader.ts';
import { show } from './decode-text.ts';
import { annotationField } from './objects.ts';

/** The value without blanks around it; undefined when absent or, which is a problem, no text. */
export function readAnnotation(reader: ObjectReader, annotations: unknown, name: string): string | undefined {
  const value = isFields<Record<string, string>>(annotations) ? annotations[name] : undefined;
  if (isAbsent(value)) return undefined;
  if (typeof value === 'string') return value.trim();
  reader.ignore(annotationField(name), `${show(value)} is not a string`);
  return undefined;
}
