/**
 * The human texts of replies in the languages that LANG offers (RFC 6856 §3). `{0}`, `{1}` take values.
 * English is ASCII, as RFC 1939 §3 wants until a client asks for another.
 */

const EN = {
  "authzid": "You may not act for that user",
  "bad-argument": "The arguments do not fit the command",
  "bad-utf8": "The argument is not valid UTF-8",
  "bare-lf": "A line ends in CR LF, not in LF alone",
  "base64": "The response is not base64",
  "begin-tls": "Begin TLS now",
  "busy": "Too many logins at once: try again later",
  "cancelled": "Login cancelled",
  "capabilities": "Capability list follows",
  "closing": "This server is shutting down: come back in a moment",
  "credentials": "Wrong user name or password",
  "deleted": "Message {0} will be deleted at QUIT",
  "disabled": "This account may not log in",
  "gone": "Message {0} is gone: somebody else removed it",
  "goodbye": "Goodbye",
  "in-use": "Another session has this maildrop open",
  "internal": "Something went wrong here: try again later",
  "language": "Language changed",
  "languages": "Language listing follows",
  "line-too-long": "The line is too long",
  "listing": "{0} messages ({1} octets)",
  "listing-uidl": "Unique-id listing follows",
  "logged-in": "Welcome: {0} messages ({1} octets)",
  "malformed": "The login exchange does not fit its mechanism",
  "message": "{0} octets follow",
  "needs-utf8": "Message {0} has a UTF-8 header: say UTF8 before logging in",
  "no-maildrop": "This account has no maildrop",
  "no-mechanism": "This mechanism is not offered here",
  "no-message": "There is no message {0}",
  "no-tls": "TLS is not offered here",
  "nothing": "Nothing done",
  "not-now": "This command is not allowed now",
  "not-removed": "Nothing was deleted: the mail store cannot be reached",
  "password-next": "Send your password",
  "pipelined-tls": "Nothing may follow STLS until TLS is up",
  "reset": "{0} messages ({1} octets), none will be deleted",
  "throttled": "Too many attempts: wait before you log in again",
  "tls-needed": "Passwords only travel under TLS: send STLS first",
  "too-many-bad": "Too many bad commands",
  "too-many-logins": "Too many refused logins",
  "top": "Beginning of the message follows",
  "unavailable": "The server cannot look that up now: try again later",
  "unknown-command": "Unknown command",
  "unknown-language": "That language is not offered",
  "user-first": "Send USER first",
  "utf8": "UTF-8 mode is on",
} as const;

/** A text by its name. */
export type TextKey = keyof typeof EN;

const DE: Readonly<Record<TextKey, string>> = {
  "authzid": "Sie dürfen nicht für diesen Benutzer handeln",
  "bad-argument": "Die Argumente passen nicht zum Befehl",
  "bad-utf8": "Das Argument ist kein gültiges UTF-8",
  "bare-lf": "Eine Zeile endet mit CR LF, nicht mit LF allein",
  "base64": "Die Antwort ist kein Base64",
  "begin-tls": "Beginnen Sie jetzt mit TLS",
  "busy": "Zu viele Anmeldungen zugleich: bitte später noch einmal",
  "cancelled": "Anmeldung abgebrochen",
  "capabilities": "Es folgt die Liste der Fähigkeiten",
  "closing": "Der Server wird beendet: gleich ist er wieder da",
  "credentials": "Benutzername oder Passwort ist falsch",
  "deleted": "Nachricht {0} wird bei QUIT gelöscht",
  "disabled": "Dieses Konto darf sich nicht anmelden",
  "gone": "Nachricht {0} ist fort: jemand anders hat sie entfernt",
  "goodbye": "Auf Wiedersehen",
  "in-use": "Eine andere Sitzung hat dieses Postfach offen",
  "internal": "Hier ging etwas schief: bitte später noch einmal",
  "language": "Sprache gewechselt",
  "languages": "Es folgt die Liste der Sprachen",
  "line-too-long": "Die Zeile ist zu lang",
  "listing": "{0} Nachrichten ({1} Oktette)",
  "listing-uidl": "Es folgen die eindeutigen Kennungen",
  "logged-in": "Willkommen: {0} Nachrichten ({1} Oktette)",
  "malformed": "Die Anmeldung passt nicht zu ihrem Verfahren",
  "message": "Es folgen {0} Oktette",
  "needs-utf8": "Nachricht {0} hat einen UTF-8-Kopf: UTF8 gehört vor die Anmeldung",
  "no-maildrop": "Dieses Konto hat kein Postfach",
  "no-mechanism": "Dieses Verfahren wird hier nicht angeboten",
  "no-message": "Es gibt keine Nachricht {0}",
  "no-tls": "TLS wird hier nicht angeboten",
  "nothing": "Nichts getan",
  "not-now": "Dieser Befehl ist jetzt nicht erlaubt",
  "not-removed": "Nichts wurde gelöscht: der Speicher ist nicht erreichbar",
  "password-next": "Senden Sie Ihr Passwort",
  "pipelined-tls": "Auf STLS darf nichts folgen, bevor TLS steht",
  "reset": "{0} Nachrichten ({1} Oktette), keine wird gelöscht",
  "throttled": "Zu viele Versuche: bitte warten Sie vor der nächsten Anmeldung",
  "tls-needed": "Passwörter reisen nur unter TLS: senden Sie zuerst STLS",
  "too-many-bad": "Zu viele falsche Befehle",
  "too-many-logins": "Zu viele abgelehnte Anmeldungen",
  "top": "Es folgt der Anfang der Nachricht",
  "unavailable": "Das lässt sich gerade nicht nachsehen: bitte später noch einmal",
  "unknown-command": "Unbekannter Befehl",
  "unknown-language": "Diese Sprache wird nicht angeboten",
  "user-first": "Senden Sie zuerst USER",
  "utf8": "Der UTF-8-Modus ist an",
};

const FR: Readonly<Record<TextKey, string>> = {
  "authzid": "Vous ne pouvez pas agir pour cet utilisateur",
  "bad-argument": "Les arguments ne conviennent pas à la commande",
  "bad-utf8": "L'argument n'est pas de l'UTF-8 valide",
  "bare-lf": "Une ligne finit par CR LF, pas par LF seul",
  "base64": "La réponse n'est pas en base64",
  "begin-tls": "Commencez TLS maintenant",
  "busy": "Trop de connexions à la fois : réessayez plus tard",
  "cancelled": "Connexion annulée",
  "capabilities": "Voici la liste des capacités",
  "closing": "Le serveur s'arrête : revenez dans un instant",
  "credentials": "Nom d'utilisateur ou mot de passe incorrect",
  "deleted": "Le message {0} sera supprimé à QUIT",
  "disabled": "Ce compte ne peut pas se connecter",
  "gone": "Le message {0} n'est plus là : quelqu'un d'autre l'a supprimé",
  "goodbye": "Au revoir",
  "in-use": "Une autre session a ouvert cette boîte",
  "internal": "Quelque chose a échoué ici : réessayez plus tard",
  "language": "Langue changée",
  "languages": "Voici la liste des langues",
  "line-too-long": "La ligne est trop longue",
  "listing": "{0} messages ({1} octets)",
  "listing-uidl": "Voici les identifiants uniques",
  "logged-in": "Bienvenue : {0} messages ({1} octets)",
  "malformed": "L'échange ne suit pas son mécanisme",
  "message": "Voici {0} octets",
  "needs-utf8": "Le message {0} a un en-tête UTF-8 : envoyez UTF8 avant la connexion",
  "no-maildrop": "Ce compte n'a pas de boîte",
  "no-mechanism": "Ce mécanisme n'est pas offert ici",
  "no-message": "Il n'y a pas de message {0}",
  "no-tls": "TLS n'est pas offert ici",
  "nothing": "Rien n'a été fait",
  "not-now": "Cette commande n'est pas permise maintenant",
  "not-removed": "Rien n'a été supprimé : le stockage est injoignable",
  "password-next": "Envoyez votre mot de passe",
  "pipelined-tls": "Rien ne doit suivre STLS avant que TLS soit établi",
  "reset": "{0} messages ({1} octets), aucun ne sera supprimé",
  "throttled": "Trop d'essais : attendez avant de vous reconnecter",
  "tls-needed": "Les mots de passe ne voyagent que sous TLS : envoyez d'abord STLS",
  "too-many-bad": "Trop de commandes erronées",
  "too-many-logins": "Trop de connexions refusées",
  "top": "Voici le début du message",
  "unavailable": "Impossible de vérifier maintenant : réessayez plus tard",
  "unknown-command": "Commande inconnue",
  "unknown-language": "Cette langue n'est pas offerte",
  "user-first": "Envoyez d'abord USER",
  "utf8": "Le mode UTF-8 est actif",
};

/** Language tags (RFC 5646) with their own name and their texts; the first is the default. */
export const LANGUAGES = {
  en: { name: "English", texts: EN },
  de: { name: "Deutsch", texts: DE },
  fr: { name: "Français", texts: FR },
} as const;

/** A language that we speak. */
export type Language = keyof typeof LANGUAGES;

/** What a session speaks until told otherwise, and again after `LANG *`. */
export const DEFAULT_LANGUAGE: Language = "en";

/**
 * The language for a basic language range (RFC 4647 §2.1), by lookup (§3.4): `de-AT` finds `de`. Undefined
 * when there is none.
 */
export function languageFor(range: string): Language | undefined {
  const lower = range.toLowerCase();
  if (lower === "*" || lower === "i-default") return DEFAULT_LANGUAGE;
  const hyphen = lower.indexOf("-");
  const primary = hyphen < 0 ? lower : lower.slice(0, hyphen);
  return Object.hasOwn(LANGUAGES, primary) ? primary as Language : undefined;
}

/** A text with its values in place. */
export function textIn(language: Language, key: TextKey, values: readonly (number | string)[] = []): string {
  let text: string = LANGUAGES[language].texts[key];
  for (let i = 0; i < values.length; i++) text = text.replace(`{${i}}`, () => String(values[i]));
  return text;
}
