/** What the conditions in an object's status say. */

interface Status {
  readonly conditions?: readonly { readonly type?: string; readonly status?: string }[] | null;
}

/** A Node, a pod or a ServiceCIDR that says nothing of it is not. */
export function isReady(status: Status | undefined): boolean {
  return status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') === true;
}
