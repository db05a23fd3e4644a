/** How the embedded server is set up. Figures: ARCHITECTURE.md, "The embedded PostgreSQL". */

/** postgresql.conf settings by name. */
export type ServerSettings = Readonly<Record<string, string>>;

/** For real mail: every commit on disk before it is acknowledged. */
export const SERVER_SETTINGS: ServerSettings = {
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  shared_buffers: "256MB",
  wal_buffers: "16MB",
  // Zeroing each new segment, and waiting until it is on disk, costs as much again as what large messages write to it.
  wal_init_zero: "off",
  // Recycled segments are written faster than new ones: cold WAL halved the rate of large messages.
  min_wal_size: "2GB",
  // What a crash leaves to replay, before mail is taken again: with 8 GB it was 14 s, with 2 it is 3 (`bench/recovery.ts`).
  max_wal_size: "2GB",
  checkpoint_timeout: "15min",
  checkpoint_completion_target: "0.9",
  max_connections: "200",
  autovacuum_naptime: "20s",
  // One process's statements are all prepared ones: compiling them costs more than it gives.
  jit: "off",
};

/** For tests: nothing needs to survive, everything should start at once. */
export const THROWAWAY_SETTINGS: ServerSettings = {
  ...SERVER_SETTINGS,
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  shared_buffers: "64MB",
  wal_buffers: "4MB",
  min_wal_size: "80MB",
  max_wal_size: "1GB",
  autovacuum: "off",
};
