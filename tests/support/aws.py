"""AWS for tests: moto's SNS, SQS and STS, with what moto lacks of SES's API v2 in front of it.

moto has configuration sets with their tags; event destinations and the mailbox simulator's events
are played here, and so is an attribute of queues. SES's event is published to the topic that the
destination names, by moto's SNS, from where it goes by the subscription to the queue.
"""

import json
import re
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from tests.support.ses_events import ses_event

REGION = "eu-west-1"
ACCOUNT = "123456789012"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}

_SET = re.compile(r"/v2/email/configuration-sets/([^/]+)")
_DESTINATION = re.compile(r"/v2/email/configuration-sets/([^/]+)/event-destinations(?:/([^/]+))?")
_ANSWERED = {
    "success": ("Send", "Delivery"),
    "ooto": ("Send", "Delivery"),
    "bounce": ("Send", "Bounce"),
    "suppressionlist": ("Send", "Bounce"),
    "complaint": ("Send", "Delivery", "Complaint"),
}
"""What the mailbox simulator's mailboxes do."""


class FakeAws:
    """One account of AWS at a URL of its own."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        """Operations in their order, as IAM names them without the service."""
        self.denied: set[str] = set()
        """Operations that the credentials may not call."""
        self.silent: set[str] = set()
        """Mailboxes whose events get lost."""
        self.listed_as = ""
        """What SNS lists instead of the ARN of a subscription: Deleted, or PendingConfirmation."""
        self.throttled = 0
        """Sends that are refused for the rate, next."""
        self.destinations: dict[str, dict[str, Any]] = {}
        """Event destinations by configuration set and name."""
        self.mails: list[dict[str, Any]] = []
        self._allowed: dict[str, str] = {}
        """RedriveAllowPolicy by queue."""
        self._moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._moto.start()
        self.moto_url = "http://{}:{}".format(*self._moto.get_host_and_port())
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def environment(self) -> dict[str, str]:
        """What points boto3 here."""
        return {**CREDENTIALS, "AWS_ENDPOINT_URL": self.url, "AWS_REGION": REGION}

    def reset(self) -> None:
        """A new account."""
        self.calls, self.mails, self.destinations, self._allowed = [], [], {}, {}
        self.denied, self.silent, self.throttled, self.listed_as = set(), set(), 0, ""
        request = urllib.request.Request(f"{self.moto_url}/moto-api/reset", method="POST")
        urllib.request.urlopen(request).close()

    def close(self) -> None:
        self.reset()  # moto's servers of one process share their accounts
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._moto.stop()

    @contextmanager
    def client(self, service: str) -> Iterator[Any]:
        """A client straight to moto, which leaves no call behind."""
        session = boto3.Session(
            aws_access_key_id="testing", aws_secret_access_key="testing", region_name=REGION
        )
        made = session.client(service, endpoint_url=self.moto_url)
        try:
            yield made
        finally:
            made.close()

    def everything(self) -> dict[str, list[str]]:
        """The names of all that there is."""
        with self.client("sqs") as sqs, self.client("sns") as sns, self.client("sesv2") as ses:
            queues = [url.rpartition("/")[2] for url in sqs.list_queues().get("QueueUrls", [])]
            topics = [each["TopicArn"] for each in sns.list_topics()["Topics"]]
            return {
                "queues": sorted(queues),
                "topics": [arn.rpartition(":")[2] for arn in topics],
                "subscriptions": [
                    each["Endpoint"] for each in sns.list_subscriptions()["Subscriptions"]
                ],
                "sets": ses.list_configuration_sets()["ConfigurationSets"],
                "destinations": sorted(self.destinations),
            }

    def answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, bytes, str]:
        """Status, body and content type."""
        operation = _operation(handler, body)
        self.calls.append(operation)
        if operation in self.denied:
            return _refusal(handler, 403, "AccessDenied", "No.")
        path = urllib.parse.unquote(urllib.parse.urlsplit(handler.path).path)
        if found := _DESTINATION.fullmatch(path):
            return self._destination(handler, found[1], found[2] or "", body)
        if operation == "GetResources":
            return (
                200,
                json.dumps({"ResourceTagMappingList": self._tagged(json.loads(body))}).encode(),
                _JSON,
            )
        if path == "/v2/email/outbound-emails":
            return self._send(handler, json.loads(body))
        if path == "/v2/email/account":
            quota = {"Max24HourSend": 200.0, "MaxSendRate": 50.0, "SentLast24Hours": 0.0}
            return 200, json.dumps({"SendQuota": quota, "SendingEnabled": True}).encode(), _JSON
        if (found := _SET.fullmatch(path)) and handler.command == "DELETE":
            for key in [key for key in self.destinations if key.startswith(f"{found[1]}/")]:
                del self.destinations[key]
        answer = self._passed_on(handler, body)
        if operation == "ListSubscriptionsByTopic" and self.listed_as:
            listed = f"<SubscriptionArn>{self.listed_as}<".encode()
            answer = (answer[0], re.sub(rb"<SubscriptionArn>[^<]+<", listed, answer[1]), answer[2])
        return self._with_allowed(operation, body, answer) if operation in _OF_QUEUES else answer

    def _tagged(self, given: Any) -> list[dict[str, Any]]:
        """All that has the wanted tag; moto looks for it in other services only."""
        found: dict[str, list[dict[str, str]]] = {}
        with self.client("sqs") as sqs, self.client("sns") as sns, self.client("sesv2") as ses:
            for url in sqs.list_queues().get("QueueUrls", []):
                tags = sqs.list_queue_tags(QueueUrl=url).get("Tags", {})
                arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{url.rpartition('/')[2]}"
                found[arn] = [{"Key": key, "Value": value} for key, value in tags.items()]
            for arn in [each["TopicArn"] for each in sns.list_topics()["Topics"]]:
                found[arn] = sns.list_tags_for_resource(ResourceArn=arn)["Tags"]
            for name in ses.list_configuration_sets()["ConfigurationSets"]:
                arn = f"arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/{name}"
                found[arn] = ses.get_configuration_set(ConfigurationSetName=name).get("Tags", [])
        wanted = {each["Key"] for each in given["TagFilters"]}
        return [
            {"ResourceARN": arn, "Tags": tags}
            for arn, tags in found.items()
            if wanted <= {each["Key"] for each in tags}
        ]

    def _with_allowed(
        self, operation: str, body: bytes, answer: tuple[int, bytes, str]
    ) -> tuple[int, bytes, str]:
        """``answer`` with the attribute of queues that moto forgets."""
        given = json.loads(body)
        queue = given.get("QueueName") or given["QueueUrl"].rpartition("/")[2]
        if operation != "GetQueueAttributes":
            if _ALLOWED in given.get("Attributes", {}):
                self._allowed[queue] = given["Attributes"][_ALLOWED]
            return answer
        status, text, content_type = answer
        if status == 200 and queue in self._allowed:
            found = json.loads(text)
            found["Attributes"][_ALLOWED] = self._allowed[queue]
            text = json.dumps(found).encode()
        return status, text, content_type

    def _destination(
        self, handler: BaseHTTPRequestHandler, of: str, name: str, body: bytes
    ) -> tuple[int, bytes, str]:
        with self.client("sesv2") as ses:
            if of not in ses.list_configuration_sets()["ConfigurationSets"]:
                return _refusal(handler, 404, "NotFoundException", f"No {of}.")
        if handler.command == "GET":
            found = [each for key, each in self.destinations.items() if key.startswith(f"{of}/")]
            return 200, json.dumps({"EventDestinations": found}).encode(), _JSON
        if handler.command == "DELETE":
            del self.destinations[f"{of}/{name}"]
        else:
            given = json.loads(body)
            name = name or given["EventDestinationName"]
            self.destinations[f"{of}/{name}"] = {"Name": name, **given["EventDestination"]}
        return 200, b"{}", _JSON

    def _send(self, handler: BaseHTTPRequestHandler, given: Any) -> tuple[int, bytes, str]:
        if self.throttled:
            self.throttled -= 1
            text = "Maximum sending rate exceeded."
            return _refusal(handler, 429, "TooManyRequestsException", text)
        if "unverified" in given["FromEmailAddress"]:
            return _refusal(handler, 400, "MessageRejected", "Email address is not verified.")
        self.mails.append(given)
        message_id = f"mail-{len(self.mails)}"
        (to,) = given["Destination"]["ToAddresses"]
        mailbox = re.split(r"[@+]", to)[0]
        if mailbox not in self.silent:
            tags = {each["Name"]: [each["Value"]] for each in given.get("EmailTags", [])}
            for kind in _ANSWERED[mailbox]:
                event = ses_event(kind, to, message_id=message_id)
                event["mail"]["tags"] |= tags
                self._publish(given.get("ConfigurationSetName", ""), event)
        return 200, json.dumps({"MessageId": message_id}).encode(), _JSON

    def _publish(self, of: str, event: dict[str, Any]) -> None:
        kind = event["eventType"].upper().replace(" ", "_")
        for key, each in self.destinations.items():
            if key.startswith(f"{of}/") and kind in each["MatchingEventTypes"]:
                with self.client("sns") as sns:
                    topic = each["SnsDestination"]["TopicArn"]
                    sns.publish(TopicArn=topic, Message=json.dumps(event))

    def _passed_on(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, bytes, str]:
        headers = {
            name: value
            for name, value in handler.headers.items()
            if name.lower() not in {"connection", "content-length", "accept-encoding", "expect"}
        }
        request = urllib.request.Request(
            self.moto_url + handler.path, body or None, headers, method=handler.command
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read(), answer.headers.get("Content-Type", _JSON)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(), error.headers.get("Content-Type", _JSON)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        aws = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, text, content_type = aws.answer(self, body)
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(text)))
                self.send_header("Connection", "close")
                self.close_connection = True
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - as the library calls them

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


_JSON = "application/json"
_ALLOWED = "RedriveAllowPolicy"
_OF_QUEUES = ("CreateQueue", "SetQueueAttributes", "GetQueueAttributes")
_SES = {
    ("POST", "configuration-sets"): "CreateConfigurationSet",
    ("POST", "outbound-emails"): "SendEmail",
    ("GET", "account"): "GetAccount",
}
_SES_SET = {"GET": "GetConfigurationSet", "DELETE": "DeleteConfigurationSet"}
_SES_DESTINATION = {
    "GET": "GetConfigurationSetEventDestinations",
    "POST": "CreateConfigurationSetEventDestination",
    "PUT": "UpdateConfigurationSetEventDestination",
    "DELETE": "DeleteConfigurationSetEventDestination",
}


def _operation(handler: BaseHTTPRequestHandler, body: bytes) -> str:
    target = handler.headers.get("X-Amz-Target", "")
    if target:  # SQS
        return target.rpartition(".")[2]
    path = urllib.parse.urlsplit(handler.path).path
    if not path.startswith("/v2/email/"):  # SNS and STS
        return urllib.parse.parse_qs(body.decode()).get("Action", [""])[0]
    if _DESTINATION.fullmatch(path):
        return _SES_DESTINATION[handler.command]
    if _SET.fullmatch(path):
        return _SES_SET[handler.command]
    return _SES.get((handler.command, path.removeprefix("/v2/email/")), path)


def _refusal(
    handler: BaseHTTPRequestHandler, status: int, code: str, text: str
) -> tuple[int, bytes, str]:
    if handler.headers.get("X-Amz-Target") or handler.path.startswith("/v2/"):
        return status, json.dumps({"__type": code, "message": text}).encode(), _JSON
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{text}</Message></Error>"
    return status, f"<ErrorResponse>{error}</ErrorResponse>".encode(), "text/xml"
