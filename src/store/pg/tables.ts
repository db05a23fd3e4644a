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
    charset: string | null;
  };
  mailbox: {
    account_id: number;
    mailbox_id: number;
    name: string;
    uidvalidity: number;
    uidnext: Generated<number>;
    highestmodseq: Generated<number>;
    vanished_floor: Generated<number>;
    changed_floor: Generated<number>;
    messages: Generated<number>;
    unseen: Generated<number>;
    deleted: Generated<number>;
    octets: Generated<number>;
    keywords: Generated<string[]>;
    special_use: string | null;
    key_resets: Generated<number>;
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
  message_garbage: { account_id: number; modseq: number; message_ids: number[] };
  changed_range: {
    account_id: number;
    mailbox_id: number;
    modseq: number;
    uid_low: number;
    uid_high: number;
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
  message_text: {
    account_id: number;
    message_id: number;
    header: string;
    body: string;
    grams: Generated<boolean>;
    body_filter: Uint8Array | null;
  };
  metadata: { account_id: number; mailbox_id: number; entry: string; value: Uint8Array };
  annotation: {
    account_id: number;
    mailbox_id: number;
    uid: number;
    entry: string;
    user_id: number;
    modseq: number;
    value: Uint8Array | null;
    folded: string | null;
  };
  url_key: { account_id: number; owner_id: number; mailbox_id: number; key: Uint8Array };
  acl: { account_id: number; mailbox_id: number; identifier: string; rights: string };
  referral: { account_id: number; mailbox: string; server: string; remote_mailbox: string };
  maildrop_lock: { account_id: number; session: string; expires_at: Date; life: Generated<number | null> };
  blob_chunk: { blob_id: string; seq: number; octets: Uint8Array };
  blob_staged: { blob_id: string; touched_at: Generated<Date> };
  blob_garbage: { blob_id: string; freed_at: Generated<Date> };
  queue_message: {
    queue_id: number;
    blob_id: string;
    size: number;
    message_key: string | null;
    reverse_path: string;
    body: string;
    smtputf8: boolean;
    require_tls: boolean;
    ret: string | null;
    envid: string | null;
    priority: number;
    hold_until: Date | null;
    deliver_by: Date | null;
    deliver_by_mode: string | null;
    deliver_by_trace: boolean;
    submitter: number | null;
    session: string;
    tls_optional: boolean;
    solicit: string;
    verp: string | null;
    arrived_at: Generated<Date>;
    warn_at: Date | null;
    expires_at: Date;
    check_at: Date;
    open: number;
    ended_at: Date | null;
  };
  queue_recipient: {
    queue_id: number;
    number: number;
    address: string;
    notify: number;
    original_recipient: string | null;
    lane: string;
    sender: string;
    priority: number;
    rank: number;
    state: string;
    attempts: Generated<number>;
    due_at: Date;
    lease: string | null;
    lease_until: Date | null;
    tried_at: Date | null;
    reply_code: number | null;
    reply_status: string | null;
    reply_text: string | null;
    reply_step: string | null;
    host: string | null;
    security: string | null;
    notice: string | null;
    notice_at: Date | null;
    warned: Generated<boolean>;
    ended_at: Date | null;
  };
  queue_lane: {
    lane: string;
    failures: number;
    blocked_until: Date;
    failed_at: Generated<Date>;
    reply_code: number;
    reply_status: string;
    reply_text: string;
    reply_step: string;
  };
  queue_suppression: {
    address: string;
    since: Generated<Date>;
    expires_at: Date;
    reply_code: number;
    reply_status: string;
    reply_text: string;
    failures: Generated<number>;
  };
  trace_page: {
    page_id: Generated<number>;
    first_at: Date;
    last_at: Date;
    keys: number[];
    steps: unknown;
  };
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
