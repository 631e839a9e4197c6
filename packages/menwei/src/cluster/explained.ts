/** What the operator can put right is told in one line. */
import { UserError } from '../setup/failure.ts';
import { FileError } from './security/file-error.ts';
import { StoreFileError } from './store/store-file.ts';

/** @throws UserError for a file that can't be used; all else as the work throws it */
export async function explained<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FileError || error instanceof StoreFileError) throw new UserError(error.message);
    throw error;
  }
}
