"""Reads mail by poplib, as a JSON object on stdin says; writes what it read to a folder.

Keys: way (pop3, starttls, pop3s), login (user, apop), host, port, cafile, user, password, out (a folder),
utf8 (say UTF8), delete (message numbers). Prints a JSON object of what it saw.
"""

import json
import os
import poplib
import ssl
import sys

job = json.load(sys.stdin)
context = ssl.create_default_context(cafile=job["cafile"])
# poplib refuses lines longer than 2048 octets, where RFC 1939 sets no limit for a message's own lines.
poplib._MAXLINE = 1_048_576
if job["way"] == "pop3s":
    client = poplib.POP3_SSL(job["host"], job["port"], context=context, timeout=20)
else:
    client = poplib.POP3(job["host"], job["port"], timeout=20)
if job["way"] == "starttls":
    client.stls(context)
seen = {"capa": sorted(client.capa())}
if job.get("utf8"):
    client.utf8()
client.user(job["user"])
client.pass_(job["password"])
count, size = client.stat()
seen["count"] = count
seen["sizes"] = [int(line.split()[1]) for line in client.list()[1]]
assert sum(seen["sizes"]) == size
seen["unique"] = len({line.split()[1] for line in client.uidl()[1]})
for number in range(1, count + 1):
    with open(os.path.join(job["out"], f"{number}"), "wb") as file:
        file.write(b"".join(line + b"\r\n" for line in client.retr(number)[1]))
for number in job.get("delete", []):
    client.dele(number)
client.quit()
print(json.dumps(seen))
