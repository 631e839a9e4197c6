/** What fast-check, which who imports this has to install, makes of the models of nf_tables and IPVS. */
export * as ipvs from './ipvs-arbitraries.ts';
export * as nftables from './nftables-arbitraries.ts';
