import { assert } from "@std/assert";
import { dialoguesOf, type Mode, play } from "../support/imap_transcript.ts";

const FILES = [
  "imap.md",
  "imap_auth.md",
  "imap_mailboxes.md",
  "imap_select.md",
  "imap_annotate.md",
  "imap_append.md",
  "imap_multiappend.md",
  "imap_catenate.md",
  "imap_urlauth.md",
  "imap_replace.md",
  "imap_quota.md",
  "imap_acl.md",
  "imap_acl_rights.md",
  "imap_acl_messages.md",
  "imap_session.md",
  "imap_fetch.md",
  "imap_store.md",
  "imap_metadata.md",
  "imap_objectid.md",
  "imap_referral.md",
  "imap_search.md",
  "imap_sort.md",
  "imap_thread.md",
  "imap_copy.md",
  "imap_idle.md",
  "imap_condstore.md",
  "imap_comparator.md",
  "imap_context.md",
  "imap_filters.md",
  "imap_fuzzy.md",
  "imap_multisearch.md",
  "imap_notify.md",
  "imap_partial.md",
  "imap_messagelimit.md",
  "imap_uidbatches.md",
  "imap_qresync.md",
  "imap_uidonly.md",
];
const MODES: readonly Mode[] = ["whole", "pipelined", "octets"];

for (const file of FILES) {
  const dialogues = dialoguesOf(await Deno.readTextFile(new URL(file, import.meta.url)));
  assert(dialogues.length > 0, `${file} holds no dialogue`);
  for (const mode of MODES) {
    Deno.test(`${file} replayed ${mode}`, async (t) => {
      for (const dialogue of dialogues) await t.step(dialogue.title, () => play(dialogue, mode));
    });
  }
}
