/** From a command to the function that does it: one line per command. */
import type { Command, CommandName, Tagged } from "../command.ts";
import { condition } from "../reply.ts";
import { COMMANDS, type Rule } from "../states.ts";
import { LEAVES } from "./access.ts";
import { getAcl, listRights, myRights, setAcl } from "./acl.ts";
import { append, replace } from "./append.ts";
import { authenticate, login } from "./auth.ts";
import { capability } from "./capability.ts";
import { close, leave, unselect } from "./close.ts";
import { compress } from "./compress.ts";
import { comparator } from "./comparator.ts";
import { bad, type Completion, type Context, failed, no, ok } from "./context.ts";
import { cancelUpdate } from "./search_context.ts";
import { copy } from "./copy.ts";
import { enable } from "./enable.ts";
import { esearch } from "./esearch.ts";
import { expunge } from "./expunge.ts";
import { fetch } from "./fetch.ts";
import { withFilters } from "./filters.ts";
import { id } from "./id.ts";
import { idle } from "./idle.ts";
import { language } from "./language.ts";
import { list, lsub, namespace } from "./list.ts";
import { create, remove, rename, subscribe } from "./mailboxes.ts";
import { getMetadata, setMetadata } from "./metadata.ts";
import { getQuota, getQuotaRoot, setQuota } from "./quota.ts";
import { notify } from "./notify.ts";
import { working } from "./progress.ts";
import { refer } from "./referral.ts";
import { search } from "./search.ts";
import { asksSequence } from "./search_key.ts";
import { sort } from "./sort.ts";
import { thread } from "./thread.ts";
import { unauthenticate } from "./unauthenticate.ts";
import { select } from "./select.ts";
import { startTls } from "./starttls.ts";
import { status } from "./status.ts";
import { store } from "./store.ts";
import { uidBatches } from "./uid_batches.ts";
import { genUrlAuth, resetKey } from "./url_auth.ts";
import { urlFetch } from "./url_fetch.ts";
import { xlist } from "./xlist.ts";

/** What works under UTF8=ONLY before the client enabled UTF8=ACCEPT: no name and no text is in it. */
const WITHOUT_TEXT: ReadonlySet<CommandName> = new Set([
  "CAPABILITY",
  "NOOP",
  "LOGOUT",
  "ID",
  "LANGUAGE",
  "STARTTLS",
  "AUTHENTICATE",
  "LOGIN",
  "ENABLE",
  "COMPRESS",
  "UNAUTHENTICATE",
  "IDLE",
]);

/** Why a command may not run now; undefined when it may (RFC 9051 §3, RFC 9586 §3, RFC 9755 §6). */
function mayRun(cx: Context, { command }: Tagged): Completion | undefined {
  const rule: Rule = COMMANDS[command.name];
  const { state, uidOnly } = cx.session;
  if (rule.states.includes(state)) {
    if (uidOnly && usesSequence(command)) {
      return bad("Only UIDs are allowed once UIDONLY is enabled", { code: "UIDREQUIRED" });
    }
    // RFC 9755 §6: only then are names and texts what the client takes them for.
    return cx.services.limits.utf8Only === true && !cx.session.utf8 && !WITHOUT_TEXT.has(command.name)
      ? no("ENABLE UTF8=ACCEPT first", { code: "CANNOT" })
      : undefined;
  }
  if (state === "not-authenticated") return bad("Log in first");
  if (state === "authenticated" && rule.states.includes("selected")) return bad("Select a mailbox first");
  return bad("Already logged in");
}

/** The command as it is run, or the answer to one that may not be. Throws Unavailable. */
export async function prepare(cx: Context, tagged: Tagged): Promise<Tagged | Completion> {
  const refusal = mayRun(cx, tagged) ?? refer(cx, tagged.command) ?? await withView(cx, tagged);
  if (refusal !== undefined) return refusal;
  const meant = await withFilters(cx, tagged);
  // What a filter stands for may not be allowed here, either.
  return "status" in meant || meant === tagged ? meant : mayRun(cx, meant) ?? meant;
}

/** Waits for the selected mailbox's view; the answer where there is none to be had. */
async function withView(cx: Context, { command }: Tagged): Promise<Completion | undefined> {
  const { selected } = cx.session;
  if (selected === undefined || !selected.pending || LEAVES.has(command.name)) return undefined;
  const opened = await working(cx, selected.ready());
  if (opened.ok) return undefined;
  leave(cx);
  return failed(opened.failure);
}

/** True when sequence numbers stand anywhere in a command, or would in its answer. */
function usesSequence(command: Command): boolean {
  if ("by" in command && command.by === "seq") return true;
  if ("criteria" in command && asksSequence(command.criteria)) return true;
  return "resync" in command && command.resync?.match !== undefined;
}

/** Does a command that may run. Undefined: it has answered by itself, or the connection came to its end. */
export async function run(cx: Context, { tag, command }: Tagged): Promise<Completion | undefined> {
  switch (command.name) {
    case "CAPABILITY":
      return capability(cx);
    case "NOOP":
    case "CHECK":
      return ok(`${command.name} completed`);
    case "LOGOUT":
      condition(cx.out.gather, undefined, "BYE", "Logging out");
      cx.session.ended = true;
      return ok("LOGOUT completed");
    case "ID":
      return id(cx);
    case "STARTTLS":
      return await startTls(cx, tag);
    case "LOGIN":
      return await login(cx, command);
    case "AUTHENTICATE":
      return await authenticate(cx, command);
    case "ENABLE":
      return enable(cx, command);
    case "SELECT":
    case "EXAMINE":
      return await select(cx, command);
    case "CREATE":
      return await create(cx, command);
    case "DELETE":
      return await remove(cx, command);
    case "RENAME":
      return await rename(cx, command);
    case "SUBSCRIBE":
    case "UNSUBSCRIBE":
      return await subscribe(cx, command);
    case "LIST":
      return await list(cx, command);
    case "LSUB":
      return await lsub(cx, command);
    case "XLIST":
      return await xlist(cx, command);
    case "NAMESPACE":
      return namespace(cx);
    case "STATUS":
      return await status(cx, command);
    case "APPEND":
      return await append(cx, command);
    case "COMPRESS":
      return await compress(cx, tag, command);
    case "GETMETADATA":
      return await getMetadata(cx, command);
    case "SETMETADATA":
      return await setMetadata(cx, command);
    case "GETQUOTA":
      return await getQuota(cx, command);
    case "GETQUOTAROOT":
      return await getQuotaRoot(cx, command);
    case "SETQUOTA":
      return await setQuota(cx, command);
    case "SETACL":
    case "DELETEACL":
      return await setAcl(cx, command);
    case "GETACL":
      return await getAcl(cx, command);
    case "LISTRIGHTS":
      return await listRights(cx, command);
    case "MYRIGHTS":
      return await myRights(cx, command);
    case "UNAUTHENTICATE":
      return unauthenticate(cx);
    case "LANGUAGE":
      return language(cx, command);
    case "GENURLAUTH":
      return await genUrlAuth(cx, command);
    case "RESETKEY":
      return await resetKey(cx, command);
    case "URLFETCH":
      return await urlFetch(cx, command);
    case "COMPARATOR":
      return comparator(cx, command);
    case "IDLE":
      return await idle(cx);
    case "CLOSE":
      return await close(cx);
    case "UNSELECT":
      return unselect(cx);
    case "EXPUNGE":
      return await expunge(cx, command);
    case "REPLACE":
      return await replace(cx, command);
    case "SEARCH":
      return await search(cx, tag, command);
    case "NOTIFY":
      return await notify(cx, command);
    case "ESEARCH":
      return await esearch(cx, tag, command);
    case "UIDBATCHES":
      return uidBatches(cx, tag, command);
    case "CANCELUPDATE":
      return cancelUpdate(cx, command);
    case "SORT":
      return await sort(cx, tag, command);
    case "THREAD":
      return await thread(cx, command);
    case "FETCH":
      return await fetch(cx, command);
    case "STORE":
      return await store(cx, command);
    case "COPY":
    case "MOVE":
      return await copy(cx, command);
    default:
      return command satisfies never;
  }
}
