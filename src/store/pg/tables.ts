/** The tables as Kysely sees them; `tests/store/tables_test.ts` compares them with the database. */
import type { Generated } from "kysely";

/** int8 columns come and go as numbers: all of ours stay below 2^53. */
export interface Tables {
  setting: { name: string; value: Uint8Array };
  domain: {
    name: string;
    quota_octets: number | null;
    quota_messages: number | null;
    created_at: Generated<Date>;
    alias_of: string | null;
  };
  account: {
    account_id: Generated<number>;
    domain: string;
    local_part: string;
    disabled: Generated<boolean>;
    created_at: Generated<Date>;
  };
  credential: {
    account_id: number;
    credential_id: number;
    kind: "password" | "app";
    label: Generated<string>;
    hash: string;
    scram_sha1: string | null;
    scram_sha256: string | null;
    created_at: Generated<Date>;
  };
  alias: { domain: string; local_part: string; targets: string[]; created_at: Generated<Date> };
  account_state: {
    account_id: number;
    modseq: Generated<number>;
    next_message_id: Generated<number>;
    next_mailbox_id: Generated<number>;
    next_uidvalidity: Generated<number>;
    indexed_message_id: Generated<number>;
    sorted_message_id: Generated<number>;
    used_octets: Generated<number>;
    used_messages: Generated<number>;
    quota_octets: number | null;
    quota_messages: number | null;
  };
  mailbox: {
    account_id: number;
    mailbox_id: number;
    name: string;
    uidvalidity: number;
    uidnext: Generated<number>;
    highestmodseq: Generated<number>;
    vanished_floor: Generated<number>;
    messages: Generated<number>;
    unseen: Generated<number>;
    deleted: Generated<number>;
    octets: Generated<number>;
    keywords: Generated<string[]>;
    special_use: string | null;
    created_at: Generated<Date>;
  };
  mailbox_garbage: { account_id: number; mailbox_id: number };
  subscription: { account_id: number; name: string };
  message: {
    account_id: number;
    message_id: number;
    blob_id: string;
    size: number;
    header_size: number;
    sent_on: string | null;
    envelope: Uint8Array;
    body_structure: Uint8Array;
    structure: Uint8Array;
  };
  entry: {
    account_id: number;
    mailbox_id: number;
    uid: number;
    message_id: number;
    modseq: number;
    size: number;
    internal_date: Date;
    save_date: Date;
    flags: number;
    keywords: string | null;
  };
  expunged: { account_id: number; mailbox_id: number; modseq: number; uid_low: number; uid_high: number };
  message_sort: {
    account_id: number;
    message_id: number;
    sender: string;
    recipient: string;
    copied: string;
    display_sender: string;
    display_recipient: string;
    subject: string;
    is_reply: boolean;
    sent_at: Date | null;
    ids: string;
  };
  message_text: { account_id: number; message_id: number; header: string; body: string };
  metadata: { account_id: number; mailbox_id: number; entry: string; value: Uint8Array };
  acl: { account_id: number; mailbox_id: number; identifier: string; rights: string };
  maildrop_lock: { account_id: number; session: string; expires_at: Date };
  blob_chunk: { blob_id: string; seq: number; octets: Uint8Array };
  blob_staged: { blob_id: string; touched_at: Generated<Date> };
  blob_garbage: { blob_id: string; freed_at: Generated<Date> };
  dkim_key: {
    domain: string;
    selector: string;
    algorithm: string;
    state: string;
    private_key: Uint8Array;
    public_key: Uint8Array;
    created_at: Generated<Date>;
  };
  mta_sts_policy: {
    domain: string;
    policy_id: string;
    mode: string;
    mx: string[];
    max_age: number;
    expires_at: Date;
  };
  tls_report: {
    day: string;
    domain: string;
    policy_type: string;
    result: string;
    host: string;
    policy: string[];
    mx: string[];
    sessions: number;
  };
}
