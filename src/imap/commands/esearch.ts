/** ESEARCH: searches in several mailboxes at once (RFC 7377). */
import { Right } from "../../core/acl.ts";
import { done, type Outcome, refused } from "../../core/failure.ts";
import type { MailboxIndex, MailboxInfo } from "../../core/store.ts";
import { search as place } from "../columns.ts";
import type { Command, MailboxFilter, SearchReturn } from "../command.ts";
import { esearchLine, type SearchAbout } from "../encode/mod.ts";
import { mayMeanForeign, meant } from "../mailbox_filter.ts";
import { numberingOf, unnumbered } from "../numbering.ts";
import { hasAll, reachable, type Reached } from "../reach.ts";
import { mayRead } from "./access.ts";
import { bad, type Completion, type Context, failed, isSelected, ok, seekerOf } from "./context.ts";
import { enableCondstore } from "./enable.ts";
import { working } from "./progress.ts";
import { scoresFor, uidsFound } from "./search.ts";
import { relevancies, resultData, savedBy, type Scores, toldUids } from "./search_answer.ts";
import { keepContext, refuseUpdates } from "./search_context.ts";
import { asksModSeq, asksNumbering, meaningOf, searchKey } from "./search_key.ts";

type ESearch = Extract<Command, { readonly name: "ESEARCH" }>;

const SELECTED: readonly MailboxFilter[] = [{ kind: "selected" }];
/** RFC 7377 §2.1. */
const ALL: SearchReturn = { options: ["ALL"], partial: undefined, update: [] };

/** What one mailbox gave. */
interface Found {
  readonly uids: readonly number[];
  readonly modSeqOf: (uid: number) => number;
  readonly scores: Scores | undefined;
}

/** One ESEARCH answer for each mailbox in which something was found. */
export async function esearch(cx: Context, tag: string, command: ESearch): Promise<Completion> {
  const sources = command.sources ?? SELECTED, returns = command.returns ?? ALL;
  const refusal = mayESearch(cx, tag, sources, returns);
  if (refusal !== undefined) return refusal;
  const withModSeq = asksModSeq(command.criteria);
  if (withModSeq) enableCondstore(cx);
  const saves = returns.options.includes("SAVE");
  if (saves) cx.session.saved = [];
  const mailboxes = await searched(cx, sources);
  const here = ({ account, id }: Searched) => isSelected(cx, account, id);
  if (returns.options.includes("UPDATE") && !mailboxes.some(here)) {
    refuseUpdates(cx, tag);
  }
  for (const [at, mailbox] of mailboxes.entries()) {
    const { name, uidValidity } = mailbox;
    const about = { tag, by: "uid", mailbox: { name, uidValidity, mode: cx.session.mode } } as const;
    const found = here(mailbox)
      ? await inSelected(cx, about, command, returns)
      : await working(cx, inOther(cx, mailbox, command), () => ({ done: at, goal: mailboxes.length }));
    if (!found.ok) {
      // A mailbox that was deleted meanwhile holds nothing.
      if (found.failure.kind === "refused" && found.failure.code === "NONEXISTENT") continue;
      return failed(found.failure);
    }
    const { uids, modSeqOf, scores } = found.value;
    if (saves) cx.session.saved = savedBy(returns, uids);
    if (uids.length === 0 || returns.options.every((option) => option === "SAVE")) continue;
    const named = withModSeq ? toldUids(returns, uids) : [];
    esearchLine(cx.out.gather, about, {
      ...resultData(returns, uids),
      ...relevancies(returns, uids, scores),
      ...(named.length > 0 ? { modSeq: named.reduce((max, uid) => Math.max(max, modSeqOf(uid)), 1) } : {}),
    });
    await cx.out.breathe();
  }
  return ok("ESEARCH completed");
}

/** RFC 7377 §2.2. */
function mayESearch(
  cx: Context,
  tag: string,
  sources: readonly MailboxFilter[],
  { options }: SearchReturn,
): Completion | undefined {
  const isSelected = cx.session.selected !== undefined;
  if (!isSelected && sources.some(({ kind }) => kind === "selected")) return bad("Select a mailbox first");
  if (options.includes("SAVE") && sources.some(({ kind }) => kind !== "selected")) {
    return bad("Only results in the selected mailbox can be saved");
  }
  if (!options.includes("UPDATE")) return undefined;
  if (!isSelected) return bad("Select a mailbox first");
  return cx.session.contexts.has(tag) ? bad("The tag still stands for another search") : undefined;
}

/** What is to be searched: a mailbox by the name that this session knows it by, and whose it is. */
type Searched = MailboxInfo & Pick<Reached, "account">;

/** The mailboxes to be searched, each once. Those of others that may not be read are left out (RFC 7377 §2.2). */
async function searched(cx: Context, sources: readonly MailboxFilter[]): Promise<readonly Searched[]> {
  const current = cx.session.selected;
  const selected = current === undefined || !mayRead(cx)
    ? undefined
    : { ...current.view.mirror.info, name: current.name, account: current.view.account };
  const wantsSelected = sources.some(({ kind }) => kind === "selected");
  if (sources.every(({ kind }) => kind === "selected")) return selected === undefined ? [] : [selected];
  const all = await reachable(seekerOf(cx), sources.some(mayMeanForeign));
  const mailboxes = meant(sources, all).filter(({ rights }) => hasAll(rights, Right.Read));
  if (!wantsSelected || selected === undefined) return mailboxes;
  const isThere = mailboxes.some(({ account, id }) => isSelected(cx, account, id));
  return isThere ? mailboxes : [selected, ...mailboxes];
}

/** What the client knows of the selected mailbox is searched. */
async function inSelected(
  cx: Context,
  about: SearchAbout,
  command: ESearch,
  returns: SearchReturn,
): Promise<Outcome<Found>> {
  const { view } = cx.session.selected!;
  const key = searchKey(command.criteria, meaningOf(cx));
  const updates = returns.options.includes("UPDATE");
  if (updates) cx.session.contexts.watch(view);
  const found = await uidsFound(cx, key);
  if (!found.ok) return found;
  if (updates) {
    keepContext(cx, { about, key, items: returns.update, uids: new Set(found.value), sorting: undefined });
  }
  const modSeqOf = (uid: number) => {
    const index = view.mirror.indexOf(uid);
    return index < 0 ? 1 : view.mirror.modSeqAt(index);
  };
  const scored = await scoresFor(cx, returns, view.mirror, key);
  return scored.ok ? done({ uids: found.value, modSeqOf, scores: scored.value }) : scored;
}

async function inOther(cx: Context, mailbox: Searched, command: ESearch): Promise<Outcome<Found>> {
  if (mailbox.messages === 0) return refused("NONEXISTENT", "No messages");
  const { store } = cx.services;
  const { account } = mailbox;
  let index: MailboxIndex | undefined;
  if (asksNumbering(command.criteria)) {
    const loaded = await store.index(account, mailbox.id);
    if (!loaded.ok) return loaded;
    index = loaded.value;
  }
  const numbering = index === undefined ? unnumbered(account) : numberingOf(account, index.uids);
  const key = searchKey(command.criteria, { ...meaningOf(cx, numbering), saved: [] });
  const found = await store.search(account, mailbox.id, key);
  if (!found.ok) return found;
  const modSeqOf = (uid: number) => {
    const at = index === undefined ? -1 : place(index.uids, index.uids.length, uid);
    return at < 0 ? 1 : index!.modSeqs[at]!;
  };
  const scored = await scoresFor(cx, command.returns, mailbox, key);
  return scored.ok ? done({ uids: Array.from(found.value), modSeqOf, scores: scored.value }) : scored;
}
