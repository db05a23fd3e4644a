"""Sends the messages of the files named in a JSON object on stdin by smtplib, over one connection.

Keys: way (smtp, starttls, smtps, lmtp, lmtp-starttls), host, port, cafile, user, password, sender,
recipients, options (of MAIL), files. Prints what sendmail gave for each file: the refused recipients.
"""

import json
import smtplib
import ssl
import sys

job = json.load(sys.stdin)
context = ssl.create_default_context(cafile=job["cafile"])
if job["way"] == "smtps":
    client = smtplib.SMTP_SSL(job["host"], job["port"], context=context, timeout=20)
elif job["way"].startswith("lmtp"):
    client = smtplib.LMTP(job["host"], job["port"])
else:
    client = smtplib.SMTP(job["host"], job["port"], timeout=20)
if job["way"].endswith("starttls"):
    client.starttls(context=context)
if "user" in job:
    client.login(job["user"], job["password"])
refused = []
for path in job["files"]:
    with open(path, "rb") as file:
        message = file.read()
    try:
        refused.append(client.sendmail(job["sender"], job["recipients"], message, job.get("options", [])))
    except smtplib.SMTPRecipientsRefused as error:
        refused.append(error.recipients)
client.quit()
print(json.dumps(refused, default=lambda octets: octets.decode()))
