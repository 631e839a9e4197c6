/** Accounting objects of netfilter: named counters. */
export {
  type Accounted,
  applyAccountingObject,
  observeAccountingObject,
  observeAccountingSupport,
} from './nfacct.ts';
