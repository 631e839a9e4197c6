/** In the place of a mode: nodes without a proxy, on which one starts what one likes. */
export const WITHOUT_PROXY = 'none';
