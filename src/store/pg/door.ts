/**
 * The hot path's door to PostgreSQL, as the store sees it: prepared statements, binary both ways, several
 * statements in one transaction and one round trip, many transactions in flight on one connection.
 * Implemented by `wire/`.
 */

import { type Whose, whoseOf } from "./fence.ts";

/** PostgreSQL types that parameters and results use. */
export type PgType =
  | "bool"
  | "int2"
  | "int4"
  | "int8"
  | "text"
  | "bytea"
  | "uuid"
  | "date"
  | "timestamptz"
  | "bit"
  | "int2[]"
  | "int4[]"
  | "int8[]"
  | "text[]"
  | "bytea[]"
  | "uuid[]"
  | "date[]"
  | "timestamptz[]"
  | "bit[]"
  | "bool[]";

/**
 * A value of a parameter: bool as boolean; int2, int4, int8 as number; text, uuid, date (`YYYY-MM-DD`) as
 * string; bytea as octets; timestamptz as milliseconds since the epoch (number); bit as octets, all bits
 * used; arrays as arrays of those, in which null is allowed; null for NULL.
 */
export type Param =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly (number | string | boolean | Uint8Array | null)[]
  | Uint32Array
  | Float64Array;

/** A statement that is prepared once per connection under a name of its own. */
export interface Statement {
  readonly name: string;
  readonly sql: string;
  readonly params: readonly PgType[];
  /** Whose rows it touches, of tables behind the fence (`fence.ts`); undefined: of none. */
  readonly whose?: Whose | undefined;
}

/** A statement with its values. */
export interface Call {
  readonly statement: Statement;
  readonly values: readonly Param[];
}

/**
 * Names a statement; the SQL is written once, at module load. Where it touches rows of accounts, `whose` says which
 * parameters those are; left out: the first one.
 */
export function statement(
  name: string,
  params: readonly PgType[],
  sql: string,
  whose: Whose | undefined = whoseOf(name, params, sql),
): Statement {
  return { name, params, sql, whose };
}

/** Puts values to a statement. */
export function call(of: Statement, ...values: readonly Param[]): Call {
  return { statement: of, values };
}

/** Rows that came back, in binary, decoded where they are asked for. Row and column count from 0. */
export interface Rows {
  readonly count: number;
  /** Rows that an INSERT, UPDATE or DELETE touched. */
  readonly affected: number;
  isNull(row: number, column: number): boolean;
  bool(row: number, column: number): boolean;
  /** int2, int4, int8 (throws RangeError beyond 2^53), count(*). */
  int(row: number, column: number): number;
  text(row: number, column: number): string;
  /** bytea: a view on the read buffer, valid as long as it is kept (it keeps up to 64 KiB more alive). */
  octets(row: number, column: number): Uint8Array;
  /** timestamptz as milliseconds since the epoch. */
  time(row: number, column: number): number;
  uuid(row: number, column: number): string;
  /** bit(n): its octets, first bit highest; undefined for NULL. */
  bits(row: number, column: number): Uint8Array | undefined;
  /** int2[], int4[], int8[]: without nulls. */
  ints(row: number, column: number): Float64Array;
  /** timestamptz[], as `time`: without nulls. */
  times(row: number, column: number): Float64Array;
  texts(row: number, column: number): readonly string[];
}

/** A refusal by PostgreSQL: `code` is its SQLSTATE. */
export class PgError extends Error {
  override name = "PgError";
  constructor(
    readonly code: string,
    message: string,
    readonly detail: string | undefined,
    readonly constraint: string | undefined,
  ) {
    super(message);
  }
}

/** The door: a few connections, each with many transactions in flight. */
export interface Door extends AsyncDisposable {
  /**
   * Runs calls in order as one transaction, in one round trip, and gives each one's rows. All or nothing.
   * When it resolves, the transaction is committed.
   *
   * @throws PgError when PostgreSQL refused (nothing was done).
   * @throws Unavailable when the server cannot be reached, or the connection broke: what was sent before may
   *   or may not have been committed.
   */
  run(...calls: readonly Call[]): Promise<readonly Rows[]>;

  /** One call of one statement. */
  query(statement: Statement, ...values: readonly Param[]): Promise<Rows>;

  /**
   * A transaction that needs more than one round trip, on a connection of its own. Commits when `work`
   * resolves, rolls back when it rejects.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;

  /** Rows of a large result, `batch` at a time, with back-pressure; uses a connection of its own. */
  stream(statement: Statement, values: readonly Param[], batch: number): AsyncIterable<Rows>;
}

/** An open transaction. */
export interface Transaction {
  run(...calls: readonly Call[]): Promise<readonly Rows[]>;
  query(statement: Statement, ...values: readonly Param[]): Promise<Rows>;
}
