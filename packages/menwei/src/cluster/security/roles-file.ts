/** Roles of a file, `roles.yaml`: a list of `{role, subjects, rules}`, subjects and rules as RBAC has them. */
import { parseFirstDocument } from '@menwei/yaml/documents.ts';
import * as v from 'valibot';
import type { Role, Subject } from './policy.ts';

const texts = v.array(v.string());
const filled = v.pipe(v.string(), v.nonEmpty());

const SubjectEntry = v.variant('kind', [
  v.strictObject({ kind: v.picklist(['User', 'Group']), name: filled, apiGroup: v.optional(v.string()) }),
  v.strictObject({ kind: v.literal('ServiceAccount'), namespace: filled, name: filled }),
]);

const RuleEntry = v.strictObject({
  verbs: v.pipe(texts, v.nonEmpty()),
  apiGroups: v.exactOptional(texts),
  resources: v.exactOptional(texts),
  resourceNames: v.exactOptional(texts),
  nonResourceURLs: v.exactOptional(texts),
});

const RolesFile = v.nullish(
  v.array(v.strictObject({ role: filled, subjects: v.array(SubjectEntry), rules: v.array(RuleEntry) })),
  [],
);

/** An unknown field is an error: a rule that is misread may allow more than was meant. */
type ParsedRoles = { readonly roles: readonly Role[] } | { readonly errors: readonly string[] };

/** All roles, or what is wrong, a line each. */
export function parseRoles(text: string): ParsedRoles {
  const { document, ignoredLine } = parseFirstDocument(text);
  const { error, repeated, value } = document;
  if (error !== undefined) return { errors: [`line ${error.line}: ${error.message}`] };
  if (ignoredLine !== undefined) return { errors: [`line ${ignoredLine}: there is a second document`] };
  if (repeated.length > 0) {
    return { errors: repeated.map(({ field, line }) => `line ${line}: ${field} is set more than once`) };
  }
  const checked = v.safeParse(RolesFile, value);
  if (!checked.success) return { errors: checked.issues.map(describe) };
  const roles = checked.output.map(({ role, subjects, rules }) => ({
    role,
    rules,
    subjects: subjects.map(subjectOf),
  }));
  return { roles };
}

function subjectOf(entry: v.InferOutput<typeof SubjectEntry>): Subject {
  if (entry.kind !== 'ServiceAccount') return { kind: entry.kind, name: entry.name };
  return { kind: 'User', name: `system:serviceaccount:${entry.namespace}:${entry.name}` };
}

function describe({ path, message }: v.BaseIssue<unknown>): string {
  const field = (path ?? [])
    .map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
  return `${field === '' ? '' : `${field}: `}${message}`;
}
