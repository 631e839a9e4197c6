import { expect, it } from 'vitest';
import { parseRoles } from './roles-file.ts';

it.each([
  ['not a list', 'role: x', /Array/],
  ['an unknown field', '- {role: x, subjects: [], rules: [], subject: y}', /subject/],
  [
    'no verbs',
    '- {role: x, subjects: [], rules: [{apiGroups: [""], resources: [pods]}]}',
    /\[0\]\.rules\[0\]/,
  ],
  ['a key twice', '- {role: x, role: y, subjects: [], rules: []}', /role is set more than once/],
  ['no YAML', '- {', /line/],
])('a roles.yaml with %s gives no roles, and says why', (_, text, expected) => {
  const parsed = parseRoles(text);
  expect('errors' in parsed && parsed.errors.join('\n')).toMatch(expected);
});
