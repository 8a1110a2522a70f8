"""What every cluster must do, whichever provider runs it."""

import smtplib
import ssl
import uuid
from collections.abc import Callable
from email.message import EmailMessage

import boto3
import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError, KafkaError
from botocore.config import Config
from botocore.exceptions import ClientError

from deploy.local.mailbox import Faults, read_maildir
from tests.providers.cluster import Cluster


def kafka(cluster: Cluster, password: str | None = None) -> dict[str, object]:
    settings = cluster.environment
    return {
        "bootstrap_servers": settings["NATIVEFAX_KAFKA_BOOTSTRAP"],
        "security_protocol": settings["NATIVEFAX_KAFKA_SECURITY_PROTOCOL"],
        "sasl_mechanism": settings["NATIVEFAX_KAFKA_SASL_MECHANISM"],
        "sasl_plain_username": settings["NATIVEFAX_KAFKA_USERNAME"],
        "sasl_plain_password": password or settings["NATIVEFAX_KAFKA_PASSWORD"],
    }


async def produce(cluster: Cluster, topic: str, count: int) -> list[bytes]:
    values = [f"record {number}".encode() for number in range(count)]
    async with AIOKafkaProducer(**kafka(cluster), acks="all", enable_idempotence=True) as producer:
        for value in values:
            await producer.send_and_wait(topic, value)
    return values


async def consume(cluster: Cluster, topic: str, count: int) -> list[bytes]:
    async with AIOKafkaConsumer(topic, **kafka(cluster), auto_offset_reset="earliest") as consumer:
        return [(await consumer.getone()).value for _ in range(count)]


@pytest.fixture
async def topic(cluster: Cluster) -> str:
    name = f"contract-{uuid.uuid4()}"
    admin = AIOKafkaAdminClient(**kafka(cluster))
    await admin.start()
    await admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
    await admin.close()
    return name


def s3(cluster: Cluster, secret: str | None = None):  # type: ignore[no-untyped-def] # noqa: ANN201
    settings = cluster.environment
    return boto3.client(
        "s3",
        endpoint_url=settings["NATIVEFAX_STORE_ENDPOINT"],
        region_name=settings["NATIVEFAX_STORE_REGION"],
        aws_access_key_id=settings["NATIVEFAX_STORE_ACCESS_KEY"],
        aws_secret_access_key=secret or settings["NATIVEFAX_STORE_SECRET_KEY"],
        config=Config(retries={"total_max_attempts": 1}),
    )


def mail(recipient: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "fax@example.com", recipient, "A fax <for> you"
    message.set_content("See attached.")
    message.add_alternative("<p>See <b>attached</b>.</p><script>alert(1)</script>", subtype="html")
    message.add_attachment(b"<script>alert(1)</script>", maintype="text", subtype="html", filename='a"b.html')
    return message


def connect(cluster: Cluster) -> smtplib.SMTP:
    settings = cluster.environment
    smtp = smtplib.SMTP(settings["NATIVEFAX_SMTP_HOST"], int(settings["NATIVEFAX_SMTP_PORT"]), timeout=20)
    smtp.starttls(context=ssl.create_default_context(cafile=settings["NATIVEFAX_SMTP_CA_FILE"]))
    return smtp


def log_in(cluster: Cluster) -> smtplib.SMTP:
    smtp = connect(cluster)
    smtp.login(cluster.environment["NATIVEFAX_SMTP_USERNAME"], cluster.environment["NATIVEFAX_SMTP_PASSWORD"])
    return smtp


def address() -> str:
    return f"{uuid.uuid4()}@example.net"


def delivered_to(cluster: Cluster, recipient: str) -> list[EmailMessage]:
    return [one for one in read_maildir(cluster.maildir) if one["Delivered-To"] == recipient]


async def test_acknowledged_records_are_read_back_in_order(cluster: Cluster, topic: str) -> None:
    sent = await produce(cluster, topic, 20)
    assert await consume(cluster, topic, 20) == sent


async def test_a_wrong_kafka_password_is_refused(cluster: Cluster) -> None:
    client = AIOKafkaClient(**kafka(cluster, password="wrong"))
    with pytest.raises(KafkaConnectionError):
        await client.bootstrap()
    await client.close()


async def test_topics_are_not_made_by_writing_to_them(cluster: Cluster) -> None:
    async with AIOKafkaProducer(**kafka(cluster), request_timeout_ms=2000) as producer:
        with pytest.raises(KafkaError):
            await producer.send_and_wait(f"never-made-{uuid.uuid4()}", b"record")


@pytest.mark.parametrize("end", ["kill", pytest.param("stop", marks=pytest.mark.chaos)])
async def test_acknowledged_records_outlive_the_broker(cluster: Cluster, topic: str, end: str) -> None:
    sent = await produce(cluster, topic, 200)
    _end(cluster, end)("kafka")
    cluster.start("kafka")
    assert await consume(cluster, topic, 200) == sent


@pytest.mark.parametrize("end", ["kill", pytest.param("stop", marks=pytest.mark.chaos)])
def test_acknowledged_objects_outlive_the_store(cluster: Cluster, end: str) -> None:
    bucket, prefix = cluster.environment["NATIVEFAX_STORE_BUCKET"], f"contract/{uuid.uuid4()}/"
    client = s3(cluster)
    for number in range(50):
        client.put_object(Bucket=bucket, Key=f"{prefix}{number}", Body=bytes([number]) * 5000)
    _end(cluster, end)("store")
    cluster.start("store")
    listed = client.list_objects_v2(Bucket=bucket, Prefix=prefix)
    assert listed["KeyCount"] == 50
    for number in range(50):
        assert client.get_object(Bucket=bucket, Key=f"{prefix}{number}")["Body"].read() == bytes([number]) * 5000


def test_an_object_is_not_overwritten_under_if_none_match(cluster: Cluster) -> None:
    bucket, key = cluster.environment["NATIVEFAX_STORE_BUCKET"], f"contract/{uuid.uuid4()}"
    s3(cluster).put_object(Bucket=bucket, Key=key, Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3(cluster).put_object(Bucket=bucket, Key=key, Body=b"second", IfNoneMatch="*")
    assert s3(cluster).get_object(Bucket=bucket, Key=key)["Body"].read() == b"first"


def test_a_wrong_store_secret_is_refused(cluster: Cluster) -> None:
    bucket = cluster.environment["NATIVEFAX_STORE_BUCKET"]
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        s3(cluster, secret="wrong").put_object(Bucket=bucket, Key="contract/never", Body=b"")


def test_mail_arrives_and_is_shown_inert(cluster: Cluster) -> None:
    recipient = address()
    with log_in(cluster) as smtp:
        assert smtp.esmtp_features["size"] == str(25 * 1024 * 1024)
        smtp.send_message(mail(recipient))
    (received,) = delivered_to(cluster, recipient)
    assert received["Subject"] == "A fax <for> you"
    with httpx.Client(base_url=cluster.mailbox_url) as page:
        listing = page.get("/")
        assert recipient in listing.text
        assert "A fax &lt;for&gt; you" in listing.text
        assert "default-src 'none'" in listing.headers["Content-Security-Policy"]
        link = next(part for part in listing.text.split('"') if part.startswith("/mail/"))
        assert "<script>" not in page.get(link).text
        assert page.get(f"{link}/html").headers["Content-Security-Policy"].startswith("sandbox ")
        attachment = page.get(f"{link}/attachment/0")
        assert attachment.content == b"<script>alert(1)</script>"
        assert attachment.headers["Content-Type"] == "application/octet-stream"
        assert attachment.headers["X-Content-Type-Options"] == "nosniff"
        assert attachment.headers["Content-Disposition"] == 'attachment; filename="a_b.html"'
        assert page.get("/mail/..%2f..%2fsecrets.json").status_code == 404
        assert page.get("/", headers={"Host": "rebound.example"}).status_code == 400


def test_mail_without_tls_without_login_or_with_a_wrong_password_is_refused(cluster: Cluster) -> None:
    settings, recipient = cluster.environment, address()
    with smtplib.SMTP(settings["NATIVEFAX_SMTP_HOST"], int(settings["NATIVEFAX_SMTP_PORT"])) as smtp:
        with pytest.raises(smtplib.SMTPResponseException) as plain:
            smtp.send_message(mail(recipient))
        assert plain.value.smtp_code == 530
    with connect(cluster) as smtp:
        with pytest.raises(smtplib.SMTPResponseException) as anonymous:
            smtp.send_message(mail(recipient))
        assert anonymous.value.smtp_code == 530
        with pytest.raises(smtplib.SMTPAuthenticationError) as wrong:
            smtp.login(settings["NATIVEFAX_SMTP_USERNAME"], "wrong")
        assert wrong.value.smtp_code == 535
    assert delivered_to(cluster, recipient) == []


def test_mail_outlives_the_mailbox(cluster: Cluster) -> None:
    recipient = address()
    with log_in(cluster) as smtp:
        smtp.send_message(mail(recipient))
    cluster.kill("mailbox")
    cluster.start("mailbox")
    assert len(delivered_to(cluster, recipient)) == 1


@pytest.fixture
def faults(cluster: Cluster):  # type: ignore[no-untyped-def] # noqa: ANN201
    yield cluster.show_faults
    cluster.show_faults(Faults())


def test_the_mailbox_refuses_as_told(cluster: Cluster, faults: Callable[[Faults], None]) -> None:
    full, unwanted = address(), address()
    faults(Faults(rcpt={full: "452 4.2.2 Mailbox full"}, data={unwanted: "554 5.7.1 Unwanted"}, size_limit=1000))
    with log_in(cluster) as smtp:
        assert smtp.esmtp_features["size"] == "1000"
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            smtp.sendmail("fax@example.com", [full], b"Subject: x\r\n\r\nx\r\n")
        assert refused.value.recipients[full] == (452, b"4.2.2 Mailbox full")
        with pytest.raises(smtplib.SMTPDataError) as unwelcome:
            smtp.sendmail("fax@example.com", [unwanted], b"Subject: x\r\n\r\nx\r\n")
        assert unwelcome.value.smtp_code == 554
        with pytest.raises(smtplib.SMTPException):
            smtp.sendmail("fax@example.com", [address()], b"Subject: x\r\n\r\n" + b"x" * 2000 + b"\r\n")
    assert delivered_to(cluster, unwanted) == []


@pytest.mark.parametrize("keeps", [True, False])
def test_the_mailbox_hangs_up_as_told(cluster: Cluster, faults: Callable[[Faults], None], keeps: bool) -> None:
    recipient = address()
    faults(Faults(hang_up=recipient, hang_up_keeps=keeps))
    with pytest.raises(smtplib.SMTPServerDisconnected), log_in(cluster) as smtp:
        smtp.send_message(mail(recipient))
    assert len(delivered_to(cluster, recipient)) == keeps


def _end(cluster: Cluster, how: str) -> Callable[[str], None]:
    return getattr(cluster, how)  # type: ignore[no-any-return]
