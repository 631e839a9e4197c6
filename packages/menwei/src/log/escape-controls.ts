/** Text of others (an object's name, a tool's output), for a line that somebody reads. */

/** Controls of terminals, line and paragraph separators, and what turns the direction of text or is not to be seen. */
const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** It can't forge a line, nor steer a terminal: each control character is written as JSON writes it. */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, (character) => {
    const escaped = JSON.stringify(character).slice(1, -1);
    return escaped === character ? escapeUnits(character) : escaped;
  });
}

/** JSON leaves most of them as they are. */
function escapeUnits(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
