/** How Debian's Postfix and Dovecot are set up for the comparison: fsync as Debian has it, limits out of the way. */

/** How Dovecot keeps mail. */
export type MailboxFormat = "maildir" | "sdbox";

/** Free ports are not asked for: these are, and must be free. */
export const PORTS = { smtp: 12525, lmtp: 12424, imap: 12143, imaps: 12993, pop3: 12110 } as const;

export const DOMAIN = "load.test", PASSWORD = "correct-horse-battery";

/** Postfix's main.cf: takes mail for one domain and hands it to Dovecot by LMTP. */
export const MAIN_CF = `compatibility_level = 3.6
myhostname = peer.load.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = ${DOMAIN}
virtual_transport = lmtp:inet:127.0.0.1:${PORTS.lmtp}
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
lmtp_destination_recipient_limit = 50
lmtp_connection_cache_on_demand = yes
message_size_limit = 104857600
mailbox_size_limit = 0
biff = no
maillog_file = /var/log/postfix.log
`;

/** dovecot.conf as a whole. */
export function dovecotConf(mailboxes: MailboxFormat): string {
  const listener = (name: string, port: number, ssl = "no") =>
    `inet_listener ${name} {\n    address = 127.0.0.1\n    port = ${port}\n    ssl = ${ssl}\n  }`;
  return `protocols = imap pop3 lmtp
listen = 127.0.0.1
log_path = /var/log/dovecot.log
mail_location = ${mailboxes}:/var/vmail/%n
mail_uid = vmail
mail_gid = vmail
first_valid_uid = 1
disable_plaintext_auth = no
auth_cache_size = 16 M
mail_max_userip_connections = 0
ssl = yes
ssl_cert = </etc/dovecot/peer.pem
ssl_key = </etc/dovecot/peer.key
default_client_limit = 20000
default_process_limit = 12000
passdb {
  driver = passwd-file
  args = username_format=%n /etc/dovecot/users
}
userdb {
  driver = static
  args = home=/var/vmail/%n allow_all_users=yes
}
namespace inbox {
  inbox = yes
}
service imap-login {
  ${listener("imap", PORTS.imap)}
  ${listener("imaps", PORTS.imaps, "yes")}
}
service pop3-login {
  ${listener("pop3", PORTS.pop3)}
  ${listener("pop3s", 0)}
}
service lmtp {
  ${listener("lmtp", PORTS.lmtp)}
  process_min_avail = 4
}
protocol imap {
  mail_max_userip_connections = 0
}
`;
}
