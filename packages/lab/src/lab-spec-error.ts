/** A mistake in the description of a lab, in one line; several mistakes of a file in a line each. */
export class LabSpecError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LabSpecError';
  }
}
