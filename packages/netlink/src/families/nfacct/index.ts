/** Accounting objects of netfilter: named counters. */
export { applyAccountingObject, observeAccountingSupport } from './nfacct.ts';
