/** Numbers that look alike and must not be mixed. */
export type Brand<T, Name extends string> = T & { readonly __brand: Name };

/** Key of an account, unique on the whole system. */
export type AccountId = Brand<number, "AccountId">;
/** Key of a mailbox within its account; survives RENAME. */
export type MailboxId = Brand<number, "MailboxId">;
/** Key of a message within its account. */
export type MessageId = Brand<number, "MessageId">;
/** RFC 9051 §2.3.1.1; 1..4294967295, ascending within a mailbox. */
export type Uid = Brand<number, "Uid">;
/** RFC 9051 §2.3.1.2; 1..count, meaning changes with EXPUNGE. */
export type SeqNum = Brand<number, "SeqNum">;
/** RFC 7162 §3.1; one counter per account, so 1..2^53-1 in practice. */
export type ModSeq = Brand<number, "ModSeq">;
/** Key of a blob: a UUIDv7 in its text form. */
export type BlobId = Brand<string, "BlobId">;

/** Checks a number as a UID; throws RangeError outside 1..4294967295. */
export function uid(n: number): Uid {
  if (!Number.isInteger(n) || n < 1 || n > 0xffff_ffff) {
    throw new RangeError(`Cannot use ${n} as a UID: must be 1..4294967295`);
  }
  return n as Uid;
}
