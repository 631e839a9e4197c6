/** What `kubectl explain` says of kinds and fields. */
import texts from './descriptions.json' with { type: 'json' };

const TEXTS: Readonly<Record<string, Readonly<Record<string, string>>>> = texts;

/** @param field of the message in JSON; absent: of the message itself. Empty where nothing is written down. */
export function describe(message: string, field = ''): string {
  const own = TEXTS[message];
  if (own !== undefined && Object.hasOwn(own, field)) return own[field] ?? '';
  return field === '' ? '' : (COMMON[field] ?? '');
}

/** What a field of that name is in every message that says nothing else of it. */
const COMMON: Readonly<Record<string, string>> = {
  metadata: 'Name, namespace, labels, annotations and what the server keeps of every object.',
  spec: 'What is wanted.',
  status: 'What is so. It is written by controllers, not by users.',
  items: 'The objects.',
};
