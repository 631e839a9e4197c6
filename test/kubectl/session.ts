/**
 * Sessions: what somebody types, and what kubectl says to it. A file is blocks of
 *
 *   $ kubectl get svc
 *   what it prints, on standard output and standard error
 *   (exit 0)
 *
 * and, where kubectls of other ages say something else, more answers, each after a line with their versions: `[1.20 1.32]`.
 */

interface Step {
  readonly command: string;
  readonly line: number;
  /** By version; `''` for all that have none of their own. */
  readonly answers: ReadonlyMap<string, Answer>;
}

export interface Answer {
  readonly output: string;
  readonly exitStatus: number;
}

const COMMAND = /^\$ (.*)$/;
const EXIT = /^\(exit (\d+)\)$/;
const VERSIONS = /^\[([\d. ]+)\]$/;

export function parseSession(text: string): readonly Step[] {
  const steps: { command: string; line: number; answers: Map<string, Answer> }[] = [];
  let versions: readonly string[] = [''];
  let output: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const command = COMMAND.exec(line)?.[1];
    const exitStatus = EXIT.exec(line)?.[1];
    const others = VERSIONS.exec(line)?.[1];
    if (command !== undefined) {
      steps.push({ command, line: index + 1, answers: new Map() });
      versions = [''];
      output = [];
    } else if (exitStatus !== undefined) {
      const answer: Answer = { output: output.join('\n'), exitStatus: Number(exitStatus) };
      for (const version of versions) steps.at(-1)?.answers.set(version, answer);
      output = [];
    } else if (others !== undefined) versions = others.split(' ');
    else if (line !== '' || output.length > 0) output.push(line);
  }
  return steps;
}

/** @param versions in the order in which their answers are written; the last one's is the one without a version */
export function formatSession(steps: readonly Step[], versions: readonly string[]): string {
  return steps
    .map(({ command, answers }) => {
      const newest = versions.at(-1) ?? '';
      const usual = answers.get(newest);
      const groups = Map.groupBy(versions, (version) => formatAnswer(answers.get(version)));
      const others = [...groups].filter(([text]) => text !== formatAnswer(usual));
      const told = others.map(([text, of]) => `[${of.join(' ')}]\n${text}`);
      return [`$ ${command}\n${formatAnswer(usual)}`, ...told].join('\n');
    })
    .join('\n\n')
    .concat('\n');
}

function formatAnswer(answer: Answer | undefined): string {
  if (answer === undefined) return '';
  const { output, exitStatus } = answer;
  return `${output === '' ? '' : `${output}\n`}(exit ${exitStatus})`;
}

/** Without what differs from run to run: times, uids, versions, generated names, addresses and ports. */
export function maskOutput(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are written so
      .replaceAll(/\u001b\[[\d;]*m/g, '')
      .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| \+0000)?/g, '<time>')
      .replaceAll(/[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000/g, '<time>')
      .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uid>')
      .replaceAll(/\b10\.96\.(?!7\.7\b|7\.8\b|0\.1\b|0\.0\b)\d+\.\d+\b/g, '<ip>')
      .replaceAll(/\b(?!30707|30753|32767|30000)3[0-2]\d{3}\b/g, '<port>')
      .replaceAll(/(?<=-)[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '<random>')
      .replaceAll(/https:\/\/[^/\s]+:\d+/g, 'https://<server>')
      .replaceAll(/\/tmp\/[\w./-]+/g, '<file>')
      .replaceAll(/(?<=\s)(?:\d+[smh]){1,2}(?=\s|$)/gm, '<age>')
      .replaceAll(/(?<=\S)[ \t]{2,}/g, '  ')
      .replaceAll(/(?<=resourceVersion: )"\d+"/g, '<version>')
      .replaceAll(/^W\d{4} [\d:.]+ +\d+ /gm, 'W<time> ')
      .replaceAll(/ +$/gm, '')
      .trimEnd()
  );
}
