/** What each row must reach on two cores, and what Debian 12's servers reached there. */

/** A row's aim. */
export interface Required {
  /** Operations a second, at least; undefined where the row is about something else. */
  readonly rate?: number;
  /** MB/s, at least. */
  readonly megabytes?: number;
  /** CPU seconds per 1000 operations, at most. */
  readonly cpu?: number;
  /** KiB each, at most. */
  readonly memoryEach?: number;
  /** p99 in milliseconds, at most. */
  readonly p99?: number;
  /** Operations a second of Postfix + Dovecot with maildir, the column to plot against. */
  readonly peer?: number;
  /** The peers' figures in words: Postfix + Dovecot (Maildir / sdbox), Cyrus, Courier. */
  readonly peers: readonly [string, string, string];
}

/** By the row's name. */
export const REQUIRED: Readonly<Record<string, Required>> = {
  "smtp-1k": {
    rate: 5000,
    cpu: 0.35,
    peer: 472,
    peers: ["472 / 538 · 3.7 / 3.2 CPU", "392", "584 · 1.3 CPU"],
  },
  "smtp-1k-single": { rate: 2500, cpu: 0.7, peer: 339, peers: ["339 / 365 · 4.8 CPU", "333", "497"] },
  "smtp-20k": { rate: 3500, peer: 441, peers: ["441", "379", "981"] },
  "smtp-20k-bdat": { rate: 3500, peer: 389, peers: ["389", "", ""] },
  "smtp-1m": { megabytes: 250, peer: 115, peers: ["121 MB/s", "91 MB/s", "204 MB/s"] },
  "lmtp-1k": { rate: 6000, cpu: 0.3, peer: 944, peers: ["944 / 1,100 · 1.27 / 1.09 CPU", "680", ""] },
  "lmtp-20k-10": { rate: 1500, peer: 119, peers: ["119 / 134", "56", ""] },
  "imap-login": { rate: 900, peer: 260, peers: ["260 / 295 · 5.9 CPU", "500 (no hash)", "318"] },
  "fetch-cold": { rate: 250_000, peer: 32_000, peers: ["32 k / 45 k", "213 k", "27 k"] },
  "fetch-warm": { rate: 400_000, peer: 117_000, peers: ["117 k / 146 k", "370 k", "42 k"] },
  "bodies-single": { rate: 8000, peer: 7073, peers: ["7,073 / 5,722", "2,248", "6,374"] },
  "bodies-range": { rate: 30_000, peer: 41_000, peers: ["41 k", "28 k", "10 k"] },
  "store-single": {
    rate: 2500,
    peer: 3986,
    peers: ["3,986 / 7,321 (no flush)", "1,592", "9,452 (no flush)"],
  },
  "store-range": { rate: 1_000_000, peer: 116_000, peers: ["116 k / 935 k", "173 k", "125 k"] },
  "expunge": { rate: 150_000, peer: 10_000, peers: ["10 k / 13 k", "72 k", "12 k"] },
  "append-4k": { rate: 2000, peer: 1191, peers: ["1,191 / 1,631", "778", "1,682 (no flush)"] },
  "append-1m": { megabytes: 350, peer: 297, peers: ["311 / 343 MB/s", "123 MB/s", "403 MB/s (no flush)"] },
  "search-header": { rate: 1_000_000, peer: 87_000, peers: ["87 k / 556 k", "263 k", "18 k"] },
  "search-body": { rate: 500_000, peer: 27_000, peers: ["27 k", "18 k", "12 k"] },
  "client-session": { rate: 250, cpu: 3, peer: 105, peers: ["105 / 138 · 9.9 / 7.7 CPU", "58", "127"] },
  "pop3-drain": { rate: 9000, peer: 4531, peers: ["4,531 / 4,985", "1,200", "5,875"] },
  "idle-memory": { memoryEach: 40, peers: ["500 / 490 KB", "3,283 KB", "340 KB"] },
  "idle-memory-tls": { memoryEach: 100, peers: ["", "", ""] },
  "idle-100": { p99: 5, peers: ["505 ms", "5.8 ms (some missed)", "60 s poll"] },
  "idle-1000": { p99: 100, peers: ["", "", ""] },
};
