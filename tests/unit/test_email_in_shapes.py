"""Mails in the shapes of the big clients: what is faxed of them, in which order."""

import base64
import struct
from binascii import b2a_uu

import numpy as np
import pytest

from services.ingest.email_in.refusals import ENCRYPTED as ENCRYPTED_MAIL
from tests.data.submissions import encoded
from tests.unit.email_in import (
    CARD,
    DESK,
    JPEG,
    LOGO,
    PDF,
    World,
    attached,
    clinic,
    mail,
    multipart,
    page,
    plain,
    tnef_attribute,
    winmail,
)

SIGNED = page('<p>Please see attached.</p><p>Front Desk<br><img src="cid:logo@clinic"></p>')
INLINE_LOGO = attached(LOGO, "image/png; name=logo.png", "logo.png", "Content-ID: <logo@clinic>", disposition="inline")


CARD_PART = attached(CARD, "text/vcard", "desk.vcf")


def uu(data: bytes) -> bytes:
    return b"".join(b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45)).replace(b"\n", b"\r\n")


async def files_of(content: bytes, world: World | None = None) -> list[tuple[str, bytes]]:
    world = world or World()
    assert await world.answer(content) == "250 2.0.0 Taken"
    return world.files()


async def test_outlook_with_a_signature_image_and_a_file() -> None:
    body = multipart("related", multipart("alternative", plain(), SIGNED), INLINE_LOGO)
    content = mail(*multipart("mixed", body, attached(PDF, "application/pdf; name=a.pdf", "a.pdf")))
    world = World(clinic(cover_page=True))
    assert await files_of(content, world) == [("a.pdf", PDF)]
    assert world.cover_text() == "Please see attached."


async def test_outlooks_winmail_dat_is_opened() -> None:
    tnef = attached(winmail(("Überweisung.pdf", PDF), ("second.jpg", JPEG)), "application/ms-tnef", "winmail.dat")
    assert await files_of(mail(*multipart("mixed", plain(), tnef))) == [("Überweisung.pdf", PDF), ("second.jpg", JPEG)]


@pytest.mark.parametrize(
    "data", [winmail()[:9], winmail(("a.pdf", PDF), ("b.pdf", PDF))[:-400], winmail(("a.pdf", PDF), None)]
)
async def test_a_winmail_dat_that_is_damaged_or_holds_a_mail_is_refused_by_name_later(data: bytes) -> None:
    tnef = attached(data, "application/ms-tnef; name=winmail.dat", "winmail.dat")
    world = World()
    assert await files_of(mail(*multipart("mixed", plain(), tnef)), world) == [("winmail.dat", data)]
    assert world.topics.submitted()[-1].attachments[0].document.media_type == "application/ms-tnef"


async def test_a_letterhead_drawn_into_a_winmail_dat_is_left_out() -> None:
    head = tnef_attribute(0x00069002, b"\2\0") + tnef_attribute(0x00069005, struct.pack("<IHHI", 1, 3, 0x3705, 6))
    part = attached(winmail(("a.pdf", PDF)) + head, "application/ms-tnef", "winmail.dat")
    assert await files_of(mail(*multipart("mixed", plain(), part))) == [("a.pdf", PDF)]


async def test_a_winmail_dat_of_letters_only_adds_nothing_to_the_text() -> None:
    content = mail(*multipart("mixed", plain("The letter."), attached(winmail(), "application/ms-tnef", "winmail.dat")))
    assert await files_of(content) == [("message.txt", b"The letter.")]


async def test_gmail_with_two_files_in_their_order() -> None:
    first = attached(PDF, 'application/pdf; name="b.pdf"', "b.pdf", "X-Attachment-Id: f_1", "Content-ID: <f_1>")
    second = attached(JPEG, 'image/jpeg; name="a.jpg"', "a.jpg", "X-Attachment-Id: f_2", "Content-ID: <f_2>")
    content = mail(*multipart("mixed", multipart("alternative", plain(), page("Please see attached.")), first, second))
    assert await files_of(content) == [("b.pdf", PDF), ("a.jpg", JPEG)]


async def test_apple_mail_with_files_between_its_text() -> None:
    rich = multipart(
        "mixed",
        page("First."),
        attached(PDF, "application/pdf; x-unix-mode=0644; name=x.pdf", "x.pdf", disposition="inline"),
        page("Second."),
        attached(JPEG, "image/jpeg; name=y.jpeg", "y.jpeg", disposition="inline"),
    )
    world = World(clinic(cover_page=True))
    content = mail(*multipart("alternative", plain("First.\r\n\r\nSecond."), rich))
    assert await files_of(content, world) == [("x.pdf", PDF), ("y.jpeg", JPEG)]
    assert world.cover_text() == "First.\n\nSecond."


async def test_an_iphones_photos_without_a_word() -> None:
    photos = [
        attached(JPEG + bytes([n]), f"image/heic; name=IMG_{n}.HEIC", f"IMG_{n}.HEIC", disposition="inline")
        for n in (2, 1)
    ]
    content = mail(*multipart("mixed", photos[0], plain("\r\n\r\nSent from my iPhone"), photos[1]))
    assert await files_of(content) == [("IMG_2.HEIC", JPEG + b"\x02"), ("IMG_1.HEIC", JPEG + b"\x01")]


async def test_a_large_picture_that_was_pasted_is_faxed_and_a_small_one_is_a_letterhead() -> None:
    shown = page('<img src="cid:scan%40x"><img src="cid:logo@clinic">')
    scan = attached(JPEG, "image/jpeg", "image001.jpg", "Content-ID: <scan@x>", disposition="inline")
    assert await files_of(mail(*multipart("related", shown, scan, INLINE_LOGO))) == [("image001.jpg", JPEG)]


async def test_a_pasted_scan_is_faxed_however_few_octets_it_takes() -> None:
    scan = encoded(np.full((1169, 827), 255, np.uint8), "PNG")
    part = attached(scan, "image/png", "image001.png", "Content-ID: <scan@x>", disposition="inline")
    assert await files_of(mail(*multipart("related", page('<img src="cid:scan@x">'), part))) == [("image001.png", scan)]


async def test_pictures_that_count_readers_are_left_out() -> None:
    pixel = attached(b"GIF89a", "image/gif", disposition="inline")
    assert await files_of(mail(*multipart("mixed", plain("Hello."), pixel))) == [("message.txt", b"Hello.")]


async def test_thunderbird_forwards_a_mail_as_an_attachment() -> None:
    inner = mail(*multipart("mixed", plain("The result."), attached(PDF, "application/pdf", "lab.pdf")), Subject="Lab")
    forwarded: list[str | bytes] = [
        'Content-Type: message/rfc822; charset=UTF-8; name="Lab.eml"',
        "Content-Disposition: attachment;",
        ' filename="Lab.eml"',
        "",
        inner,
    ]
    (letter, lab) = await files_of(mail(*multipart("mixed", plain("FYI"), forwarded)))
    assert lab == ("lab.pdf", PDF)
    assert letter[0] == "Lab.txt"
    assert letter[1].decode().startswith("From: Front Desk <desk@clinic.example>\nDate: Tue, 24 Nov 2026")
    assert letter[1].decode().endswith("\nSubject: Lab\n\nThe result.")


async def test_the_parts_of_a_digest_are_mails() -> None:
    first, second = mail(*plain("One."), Subject="First"), mail(*plain("Two."), Subject="Second")
    digest = multipart("digest", ["", first], ["Content-Type: message/rfc822", "", second])
    (one, two) = await files_of(mail(*multipart("mixed", plain("See below."), digest)))
    assert (one[0], one[1][-5:], two[0], two[1][-5:]) == ("First.txt", b"\nOne.", "Second.txt", b"\nTwo.")


async def test_mails_in_mails_have_an_end() -> None:
    content = mail(*plain("Deep."))
    for _ in range(7):
        content = mail("Content-Type: message/rfc822", "", content)
    assert (await World().answer(content)).startswith("550 5.6.0 The mail is built in a way")


async def test_exchange_with_a_card_an_invitation_and_a_checked_signature() -> None:
    signed = multipart(
        "signed",
        multipart(
            "mixed",
            multipart(
                "alternative", plain(), page("Please"), attached(b"BEGIN:VCALENDAR", "text/calendar", disposition="")
            ),
            attached(CARD, "text/vcard; name=desk.vcf", "desk.vcf"),
            attached(CARD, "application/octet-stream", "other.vcf"),
            attached(PDF, "application/pdf", "referral.pdf"),
        ),
        attached(b"0\x80", "application/pkcs7-signature; name=smime.p7s", "smime.p7s"),
    )
    assert await files_of(mail(*signed)) == [("referral.pdf", PDF)]


async def test_without_a_text_part_the_page_is_read() -> None:
    html = page("<style>p {}</style><h1>Dear&nbsp;Dr. X&ouml;</h1><p>One &lt;two&gt;<br>three</p><script>no()</script>")
    assert await files_of(mail(*html)) == [("message.txt", "Dear Dr. Xö\n\nOne <two>\nthree".encode())]


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("<table><tr><td>5</td><td> </td><td>10 <b>mg</b></td></tr></table>", "5\t10 mg"),
        ("Take <!-- <p>ten</p> -->two<!-- a > b -->.", "Take two."),
        ("<!--[if gte mso 9]><xml><w:Zoom>0</w:Zoom></xml><![endif]--><![if !mso]>One<![endif]>", "One"),
        ("<head><title>T</title><body><p>A head without an end", "A head without an end"),
    ],
)
async def test_a_page_is_read_as_it_is_seen(said: str, read: str) -> None:
    content = mail("Content-Type: text/html; charset=utf-8", "", f"<html>{said}")
    assert await files_of(content) == [("message.txt", read.encode())]


ENCRYPTED = "-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMA7\r\n-----END PGP MESSAGE-----"


@pytest.mark.parametrize(
    "content",
    [
        mail(*multipart("encrypted", ["Content-Type: application/pgp-encrypted", "", "Version: 1"], plain(ENCRYPTED))),
        mail(*plain(ENCRYPTED)),
        mail(*multipart("mixed", plain(), attached(ENCRYPTED.encode(), "application/octet-stream", "scan.pdf.asc"))),
        mail(*attached(b"0\x80", 'application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"', "smime.p7m")),
    ],
)
async def test_an_encrypted_mail_is_refused_and_no_cipher_faxed(content: bytes) -> None:
    assert await World().answer(content) == ENCRYPTED_MAIL.answer


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (multipart("mixed", page("Dear doctor"), plain("Scanned by X")), "Dear doctor\n\nScanned by X"),
        (multipart("mixed", plain("Before"), CARD_PART, page("after")), "Before\n\nafter"),
        (multipart("alternative", plain(" "), page("A page")), "A page"),
        (
            multipart("alternative", plain("Text"), ["Content-Type: text/x-watch-html", "", "<b>T</b>"], page("P")),
            "Text",
        ),
    ],
)
async def test_no_part_of_the_text_is_dropped_and_none_is_read_twice(content: list[str | bytes], text: str) -> None:
    assert await files_of(mail(*content)) == [("message.txt", text.encode())]


async def test_a_mail_of_text_only_is_its_own_page() -> None:
    assert await files_of(mail(*plain("Line one\r\n.line two\r\n"))) == [("message.txt", b"Line one\n.line two")]


async def test_scanners_send_nothing_but_a_file() -> None:
    content = mail(*attached(PDF, 'application/pdf; name="SCAN 1.pdf"', "SCAN 1.pdf"), Auto_Submitted="auto-generated")
    assert await files_of(content) == [("SCAN 1.pdf", PDF)]


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("filename*=UTF-8''%e2%82%ac%20rates.pdf", "€ rates.pdf"),
        ("filename*0*=UTF-8''%e2%82%ac; filename*1=\" rates.pdf\"", "€ rates.pdf"),
        ("filename*=iso-8859-1'de'%dcberweisung.pdf; filename=\"Uberweisung.pdf\"", "Überweisung.pdf"),
        ('filename="=?utf-8?B?w5xiZXJ3ZWlzdW5nLnBkZg==?="', "Überweisung.pdf"),
        ('filename="Überweisung.pdf"', "Überweisung.pdf"),
        ('filename="..\\\\..\\\\etc/passwd.pdf"', "passwd.pdf"),
        ("filename*=bogus'x; filename*9999999999999999999*=1", "attachment-1.pdf"),
        ('filename=""', "attachment-1.pdf"),
    ],
)
async def test_file_names(field: str, name: str) -> None:
    part = attached(PDF, "application/pdf", "", f"Content-Disposition: attachment; {field}", disposition="")
    assert [one for one, _ in await files_of(mail(*multipart("mixed", plain(), part)))] == [name]


@pytest.mark.parametrize(
    ("charset", "data", "text"),
    [
        ("utf-8", "Grüße".encode(), "Grüße"),
        ("iso-8859-1", "Grüße “x”".encode("cp1252"), "Grüße “x”"),
        ("utf-8", "Grüße".encode("latin-1"), "Grüße"),
        ("us-ascii", "Grüße".encode(), "Grüße"),
        ("x-unknown", "Grüße".encode(), "Grüße"),
        ("punycode", "Grüße".encode(), "Grüße"),
        ("iso-2022-jp", "ファックス".encode("iso-2022-jp"), "ファックス"),
        ("gb2312", "传真".encode("gb18030"), "传真"),
    ],
)
async def test_eight_bits_and_wrong_charsets(charset: str, data: bytes, text: str) -> None:
    content = mail(f"Content-Type: text/plain; charset={charset}", "Content-Transfer-Encoding: 8bit", "", data)
    assert await files_of(content) == [("message.txt", text.encode())]


async def test_an_attached_text_is_faxed_as_utf8() -> None:
    part = attached("Grüße".encode("cp1252"), "text/plain; charset=windows-1252", "note.txt")
    assert await files_of(mail(*multipart("mixed", plain(), part))) == [("note.txt", "Grüße".encode())]


@pytest.mark.parametrize("charset", ["", "; charset=us-ascii", "; charset=iso-8859-1", "; charset=utf-16"])
async def test_a_text_stored_as_utf16_is_read_as_such(charset: str) -> None:
    part = attached("Größe, Привет\r\n".encode("utf-16"), f"text/plain{charset}", "note.txt")
    assert await files_of(mail(*multipart("mixed", plain(), part))) == [("note.txt", "Größe, Привет".encode())]


@pytest.mark.parametrize(("kind", "name"), [("text/html", "a.html"), ("text/csv", "a.csv")])
async def test_an_attached_page_is_faxed_in_the_charset_it_is_said_to_be_in(kind: str, name: str) -> None:
    part = attached("Привет".encode("cp1251"), f"{kind}; charset=windows-1251", name)
    assert await files_of(mail(*multipart("mixed", plain(), part))) == [(name, "Привет".encode())]


SCAN = b"%PDF-1.4\r\n%\xe2\xe3\r\n\x80\0 endstream \r\n"


@pytest.mark.parametrize("kind", ["text/plain; charset=us-ascii", "text/html", "image/jpeg", "application/x-foo"])
async def test_a_document_of_any_name_stays_as_it_is(kind: str) -> None:
    part = attached(SCAN, kind, "scan.pdf", disposition="inline")
    assert await files_of(mail(*multipart("mixed", plain(), part))) == [("scan.pdf", SCAN)]


async def test_the_empty_text_that_exchange_adds_is_left_out() -> None:
    empty = attached(b"\r\n \r\n", "text/plain", "ATT00001.txt")
    content = mail(*multipart("mixed", plain(), attached(PDF, "application/pdf", "a.pdf"), empty))
    assert await files_of(content) == [("a.pdf", PDF)]


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("base64", base64.b64encode(PDF[:100]) + b"\r\n" + base64.b64encode(PDF[100:])),
        ("base64", base64.encodebytes(PDF).replace(b"\n", b"!\r\n\t ")),
        ("x-uuencode", b"begin 644 a.pdf\r\n" + uu(PDF) + b"`\r\nend\r\n"),
    ],
)
async def test_odd_transfer_encodings(encoding: str, body: bytes) -> None:
    part: list[str | bytes] = ["Content-Type: application/pdf; name=a.pdf"]
    part += [f"Content-Transfer-Encoding: {encoding}", "", body]
    assert await files_of(mail(*multipart("mixed", plain(), part))) == [("a.pdf", PDF)]


async def test_broken_mails_are_read_as_far_as_they_go() -> None:
    unended = mail(*multipart("mixed", plain(), attached(PDF, "application/pdf", "a.pdf"))).rpartition(b"\r\n--")[0]
    assert await files_of(unended) == [("a.pdf", PDF)]
    unbounded = mail("Content-Type: multipart/mixed", "", "Just text")
    assert (await files_of(unbounded))[0][1] == b"Just text"
    undecodable = mail("Content-Type: application/pdf", "Content-Transfer-Encoding: base64", "", "x")
    assert await files_of(undecodable) == [("attachment-1.pdf", b"x")]


async def test_a_cover_page_carries_the_text_and_a_long_text_is_pages_of_its_own() -> None:
    world = World(clinic(cover_page=True))
    short = mail(*multipart("mixed", plain("Short."), attached(PDF, "application/pdf", "a.pdf")))
    assert await files_of(short, world) == [("a.pdf", PDF)]
    assert world.cover_text() == "Short."
    long = mail(*multipart("mixed", plain("x" * 4001), attached(PDF, "application/pdf", "a.pdf")), Message_ID="<2@x>")
    assert [name for name, _ in await files_of(long, world)] == ["message.txt", "a.pdf"]
    assert world.cover_text() == ""
    alone = mail(*plain("Alone."), Message_ID="<3@x>")
    assert await files_of(alone, world) == [("message.txt", b"Alone.")]
    assert world.cover_text() == ""


async def test_without_a_cover_page_the_text_is_not_faxed_beside_a_file() -> None:
    world = World()
    await files_of(mail(*multipart("mixed", plain("Secret."), attached(PDF, "application/pdf", "a.pdf"))), world)
    event = world.topics.submitted()[-1]
    assert event.cover is None
    assert (event.subject, event.sender, event.reply_to, event.method) == ("Referral", DESK, DESK, "email")
