"""One of several clients that work in the same account, by imaplib, as a JSON object on stdin says.

Keys: host, port, cafile, user, password, count. Prints a JSON object: where its messages are in the end, with their
flags, by subject.
"""

import imaplib
import json
import re
import ssl
import sys

job = json.load(sys.stdin)
context = ssl.create_default_context(cafile=job["cafile"])
client = imaplib.IMAP4_SSL(job["host"], job["port"], ssl_context=context, timeout=60)


def done(answer):
    kind, data = answer
    assert kind == "OK", answer
    return data


def find(subject):
    """The UID of a message of ours: others come and go around it."""
    uids = done(client.uid("SEARCH", "SUBJECT", f'"{subject}"'))[0].split()
    assert len(uids) == 1, (subject, uids)
    return uids[0].decode()


done(client.login(job["user"], job["password"]))
where = {}
for n in range(job["count"]):
    subject = f"python-{n:02}-"
    octets = f"From: a@remote.test\r\nSubject: {subject}\r\n\r\nHello.\r\n".encode()
    done(client.append("INBOX", r"(\Seen)", None, octets))
    done(client.select("INBOX"))
    uid = find(subject)
    if n % 4 == 0:
        done(client.uid("STORE", uid, "+FLAGS", r"(\Flagged)"))
        where[subject] = ["INBOX", "FS"]
    elif n % 4 == 1:
        done(client.uid("COPY", uid, "Work"))
        done(client.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)"))
        done(client.uid("EXPUNGE", uid))
        where[subject] = ["Work", "S"]
    elif n % 4 == 2:
        done(client.uid("MOVE", uid, "Archive"))
        done(client.select("Archive"))
        done(client.uid("STORE", find(subject), "-FLAGS", r"(\Seen)"))
        where[subject] = ["Archive", ""]
    else:
        done(client.uid("STORE", uid, "+FLAGS", r"(\Deleted)"))
        done(client.uid("EXPUNGE", uid))
client.logout()
assert all(re.fullmatch(r"python-\d\d-", subject) for subject in where)
print(json.dumps(where))
