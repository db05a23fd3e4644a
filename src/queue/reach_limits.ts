/** How long and how far we look for a way to one destination: milliseconds unless said otherwise. */
export const REACH_LIMITS = {
  /** Hosts of one destination that are looked at in one try, by preference. RFC 5321 §5.1 asks for two. */
  hosts: 10,
  /** Addresses that are connected with in one try, over all hosts. */
  addresses: 12,
  /** How long one try may take; a host that was begun with is finished with. */
  within: 600_000,
} as const;

/** REACH_LIMITS with values of one's own. */
export type ReachLimits = { readonly [Name in keyof typeof REACH_LIMITS]: number };
