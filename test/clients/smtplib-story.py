"""Mail by Python's smtplib. Arguments: port, port with TLS, path of our CA. The message ids are printed as JSON."""

import json
import smtplib
import ssl
import sys
from email.message import EmailMessage

port, tls_port, ca = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
context = ssl.create_default_context(cafile=ca)
sent = {}


def letter(subject):
    message = EmailMessage()
    message["From"] = "Ann <ann@sender.example>"
    message["To"] = "bob@example.org"
    message["Subject"] = subject
    message.set_content("Grüße\n.\n..dots\n")
    return message


# Plain, as EmailMessage writes it; the second letter after RSET on the same connection.
with smtplib.SMTP("127.0.0.1", port, local_hostname="client.example") as smtp:
    code, _ = smtp.ehlo()
    assert code == 250
    assert smtp.has_extn("8bitmime") and smtp.has_extn("starttls") and smtp.has_extn("pipelining")
    assert int(smtp.esmtp_features["size"]) == 41943040
    assert smtp.esmtp_features["auth"].split() == ["PLAIN", "LOGIN"]
    smtp.send_message(letter("First"))
    assert smtp.rset()[0] == 250
    assert smtp.noop()[0] == 250
    assert smtp.verify("bob")[0] == 252
    smtp.send_message(letter("Second"))

# STARTTLS with our authority, login, 8-bit octets as they are.
with smtplib.SMTP("localhost", port, local_hostname="client.example") as smtp:
    smtp.starttls(context=context)
    smtp.login("000000000000", "anything")
    assert smtp.mail("ann@sender.example", ["BODY=8BITMIME"])[0] == 250
    assert smtp.rcpt("bob@example.org")[0] == 250
    body = "From: ann@sender.example\nSubject: 8 bit\nContent-Type: text/plain; charset=utf-8\n\nGrüße\n"
    code, reply = smtp.data(body.replace("\n", "\r\n").encode())
    assert code == 250 and reply.startswith(b"Ok "), (code, reply)
    sent["eight_bit"] = reply[3:].decode()

# TLS from the first byte; a refused recipient does not stop the others.
with smtplib.SMTP_SSL("localhost", tls_port, local_hostname="client.example", context=context) as smtp:
    refused = smtp.sendmail("ann@sender.example", ["b ob@example.org", "cat@example.org"], "Subject: x\nFrom: ann@sender.example\n\nx")
    assert list(refused) == ["b ob@example.org"] and refused["b ob@example.org"][0] == 553, refused

# A whole conversation in one write, two messages and the goodbye.
with smtplib.SMTP("127.0.0.1", port, local_hostname="client.example") as smtp:
    message = "MAIL FROM:<ann@sender.example>\nRCPT TO:<bob@example.org>\nDATA\nFrom: ann@sender.example\nSubject: Pipelined {}\n\n..stuffed\n.\n"
    smtp.sock.sendall(
        ("EHLO client.example\n" + message.format(1) + message.format(2) + "QUIT\n").replace("\n", "\r\n").encode()
    )
    replies = []
    smtp.file = smtp.sock.makefile("rb")
    while not replies or replies[-1][0] != 221:
        replies.append(smtp.getreply())
    assert [code for code, _ in replies] == [250, 250, 250, 354, 250, 250, 250, 354, 250, 221], replies
    sent["pipelined"] = [text[3:].decode() for code, text in replies if len(text) > 60 and text.startswith(b"Ok ")]
    assert smtp.file.read() == b"", "the server closes after QUIT"
    smtp.close()

# What is not verified is refused in the words of SES.
with smtplib.SMTP("127.0.0.1", port, local_hostname="client.example") as smtp:
    try:
        smtp.sendmail("x@nowhere.example", ["bob@example.org"], "From: x@nowhere.example\n\nx")
        raise SystemExit("no error")
    except smtplib.SMTPDataError as error:
        assert error.smtp_code == 554, error
        assert error.smtp_error.startswith(b"Message rejected: Email address is not verified."), error

print(json.dumps(sent))
