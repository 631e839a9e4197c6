/** What a fake kernel says no to, and with which error number. */
export class Refused extends Error {
  readonly errno: number;

  constructor(errno: number, message: string) {
    super(message);
    this.name = 'Refused';
    this.errno = errno;
  }
}
