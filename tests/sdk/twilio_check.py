"""Checks what our side signs and writes with the `twilio` package.

Reads {"requests": [...], "documents": {...}} and prints {"requests": [bool], "documents": {name: [faults]}}.
"""

import json
import sys
import xml.etree.ElementTree as ElementTree
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator, get_signature_algorithm
from twilio.twiml.voice_response import Connect, Dial, Stream, VoiceResponse


class Form:
    """A form as web frameworks hand it to the validator: names with all their values."""

    def __init__(self, body):
        self.pairs = parse_qsl(body, keep_blank_values=True, strict_parsing=bool(body))

    def __iter__(self):
        return iter(name for name, _ in self.pairs)

    def __len__(self):
        return len(self.pairs)

    def getall(self, name):
        return [value for key, value in self.pairs if key == name]


def accepted(request):
    params = request["json"] if request.get("json") is not None else Form(request["body"])
    algorithm = get_signature_algorithm(request.get("settings"))
    validator = RequestValidator(request["secret"])
    return validator.validate(request["url"], params, request["signature"], algorithm)


def built():
    """The documents as the package builds them."""
    action = "https://voice.example.com/twilio/after/c1"
    words = "Grüezi, wir sind <gleich> zurück & \"ganz\" da."

    def connect(name, value):
        verb = Connect(action=action)
        stream = Stream(
            url="wss://voice.example.com/twilio/media",
            status_callback='https://voice.example.com/twilio/status/AC1?kind=stream&x="1"',
            status_callback_method="POST",
        )
        stream.parameter(name=name, value=value)
        verb.append(stream)
        return verb

    documents = {}
    for name in ["connect", "connect_escaped", "hangup", "empty", "dial", "dial_plain", "say", "reject"]:
        documents[name] = VoiceResponse()
    for name in ["overloaded_busy", "overloaded_words"]:
        documents[name] = VoiceResponse()
    documents["connect"].append(connect("call_token", "abc-_123"))
    documents["connect_escaped"].append(connect("odd", "a<b> \"c\" 'd' & \n\t\r é"))
    documents["connect_escaped"].hangup()
    documents["hangup"].hangup()
    dial = Dial(action=action, caller_id="+15550001", timeout=20)
    dial.number("+15550002")
    documents["dial"].append(dial)
    plain = Dial()
    plain.number("+15550002")
    documents["dial_plain"].append(plain)
    documents["dial_plain"].hangup()
    documents["say"].say(words, voice="Polly.Vicki-Neural", language="de-CH")
    documents["say"].pause(length=2)
    documents["say"].say("Bye")
    documents["reject"].reject(reason="rejected")
    documents["overloaded_busy"].reject(reason="busy")
    documents["overloaded_words"].say(words, voice="Polly.Vicki-Neural", language="de-CH")
    documents["overloaded_words"].hangup()
    return {name: str(document) for name, document in documents.items()}


def differences(ours, theirs, path=""):
    here = f"{path}/{ours.tag}"
    if ours.tag != theirs.tag:
        return [f"{here}: the package has <{theirs.tag}>"]
    found = []
    if ours.attrib != theirs.attrib:
        found.append(f"{here}: {ours.attrib} is not {theirs.attrib}")
    if (ours.text or "").strip() != (theirs.text or "").strip():
        found.append(f"{here}: {ours.text!r} is not {theirs.text!r}")
    if len(ours) != len(theirs):
        found.append(f"{here}: {len(ours)} elements, the package has {len(theirs)}")
    for mine, other in zip(ours, theirs):
        found += differences(mine, other, here)
    return found


def main():
    given = json.load(sys.stdin)
    theirs = built()
    documents = {}
    for name, xml in given["documents"].items():
        if name not in theirs:
            documents[name] = ["the package's side does not build this document"]
            continue
        documents[name] = differences(ElementTree.fromstring(xml.encode()), ElementTree.fromstring(theirs[name].encode()))
    for name in theirs.keys() - given["documents"].keys():
        documents[name] = ["missing"]
    json.dump({"requests": [accepted(request) for request in given["requests"]], "documents": documents}, sys.stdout)


main()
