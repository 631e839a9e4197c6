/** What the writer of a store that is to be killed says, as JSON, a line each. */
export type StoreLine =
  | { readonly opened: number }
  | {
      readonly told: 'ADDED' | 'MODIFIED' | 'DELETED';
      readonly revision: number;
      readonly key: string;
      readonly text: string;
    }
  | { readonly answered: string; readonly revision: number; readonly isDeleted: boolean };
