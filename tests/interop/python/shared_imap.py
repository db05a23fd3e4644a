"""Two people and a shared mailbox by imaplib, as a JSON object on stdin says.

Keys: host, port, cafile, owner, user, password. Prints a JSON object of what it saw.
"""

import imaplib
import json
import ssl
import sys

job = json.load(sys.stdin)
context = ssl.create_default_context(cafile=job["cafile"])


def done(answer):
    """The data of an answer that must be OK, as text."""
    kind, data = answer
    assert kind == "OK", answer
    return [line.decode() if isinstance(line, bytes) else line for line in data]


def login(user):
    client = imaplib.IMAP4_SSL(job["host"], job["port"], ssl_context=context, timeout=20)
    done(client.login(user, job["password"]))
    return client


owner, other = login(job["owner"]), login(job["user"])
assert " ACL RIGHTS=" in done(owner.capability())[0]
seen = {}
done(owner.create("Team"))
done(owner.setacl("Team", job["user"], "lrswite"))
seen["acl"] = done(owner.getacl("Team"))
seen["namespace"] = done(other.namespace())
name = f"#user/{job['owner']}/Team"
seen["list"] = done(other.list('"#user/"', "*"))
seen["rights"] = done(other.myrights(name))
done(other.append(name, r"(\Seen)", None, b"Subject: shared\r\n\r\nHello.\r\n"))
done(other.select(name))
done(other.store("1", "+FLAGS", r"(\Flagged)"))
done(other.copy("1", "INBOX"))
done(owner.select("Team"))
seen["flags"] = sorted(flag.decode() for flag in imaplib.ParseFlags(owner.fetch("1", "FLAGS")[1][0]))
done(other.store("1", "+FLAGS", r"(\Deleted)"))
done(other.expunge())
done(owner.noop())
seen["left"] = done(owner.search(None, "ALL"))
seen["copied"] = done(other.select("INBOX"))
done(owner.deleteacl("Team", job["user"]))
seen["refused"] = other.select(name)[0]
print(json.dumps(seen))
