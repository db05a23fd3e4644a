"""Reads and changes mail by imaplib, as a JSON object on stdin says; writes what it read to a folder.

Keys: way (imap, starttls, imaps), login (plain, login), host, port, cafile, user, password, out (a folder),
append (files, optional), utf8 (say ENABLE UTF8=ACCEPT). Prints a JSON object of what it saw.
"""

import imaplib
import json
import os
import ssl
import sys

job = json.load(sys.stdin)
context = ssl.create_default_context(cafile=job["cafile"])


def done(answer):
    """The data of an answer that must be OK."""
    kind, data = answer
    assert kind == "OK", answer
    return data


if job["way"] == "imaps":
    client = imaplib.IMAP4_SSL(job["host"], job["port"], ssl_context=context, timeout=20)
else:
    client = imaplib.IMAP4(job["host"], job["port"], timeout=20)
if job["way"] == "starttls":
    done(client.starttls(context))
if job["login"] == "plain":
    secret = f"\0{job['user']}\0{job['password']}".encode()
    done(client.authenticate("PLAIN", lambda challenge: secret))
else:
    done(client.login(job["user"], job["password"]))
seen = {}
if job.get("utf8"):
    done(client.enable("UTF8=ACCEPT"))
    done(client.create('"Größe 日本"'))
    seen["list"] = [line.decode() for line in done(client.list())]
box = "INBOX"
if "append" in job:
    box = "Appended"
    done(client.create(box))
    for path in job["append"]:
        with open(path, "rb") as file:
            done(client.append(box, r"(\Seen custom)", imaplib.Time2Internaldate(1_700_000_000), file.read()))
count = int(done(client.select(box))[0])
for number in range(1, count + 1):
    fetched = done(client.fetch(str(number), "(UID FLAGS INTERNALDATE BODY.PEEK[])"))
    with open(os.path.join(job["out"], f"{number}"), "wb") as file:
        file.write(fetched[0][1])
seen["count"] = count
seen["flags"] = [flag.decode() for flag in imaplib.ParseFlags(done(client.fetch("1", "FLAGS"))[0])]
if "append" in job:
    done(client.uid("STORE", "1:2", "+FLAGS.SILENT", r"(\Deleted \Flagged)"))
    seen["search"] = done(client.uid("SEARCH", "FLAGGED"))[0].decode()
    done(client.copy("1", "Archive"))
    seen["expunged"] = [number.decode() for number in done(client.expunge())]
    seen["thread"] = done(client.status("Archive", "(MESSAGES UNSEEN)"))[0].decode()
done(client.close())
assert client.logout()[0] == "BYE"
print(json.dumps(seen))
