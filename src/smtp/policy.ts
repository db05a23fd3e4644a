/** What the administrator allows to some beyond what everybody may. */
export interface SmtpPolicy {
  /** Peers that may send to other servers without a login (`smtp.relay_from`). */
  readonly relays: (remote: string) => boolean;
  /** Domains elsewhere whose mail is taken from anybody and passed on; in lower-case U-labels. */
  readonly backupMx: ReadonlySet<string>;
  /** Peers that may say who their client is (XCLIENT). */
  readonly xclient: (remote: string) => boolean;
  /** Peers that may say, for the log, who their client is (XFORWARD). */
  readonly xforward: (remote: string) => boolean;
  /** Accounts that may ask who is here (VRFY, EXPN): addresses in their canonical form. */
  readonly administrators: ReadonlySet<string>;
  /** Classes of mail that are not wanted, announced and refused (RFC 3865). */
  readonly noSoliciting: readonly string[];
}

const nobody = () => false;

/** Nothing for nobody. */
export const NO_POLICY: SmtpPolicy = {
  relays: nobody,
  backupMx: new Set(),
  xclient: nobody,
  xforward: nobody,
  administrators: new Set(),
  noSoliciting: [],
};
