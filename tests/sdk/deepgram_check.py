"""Talks to an emulator of Deepgram with the `deepgram-sdk` package, and checks what our side asks for.

Reads {"url": ws://..., "audio": base64, "query": [[name, value]], "texts": [message]} and prints {"transcripts": [str],
"kinds": {type: count}, "refused": status, "faults": [str]}.
"""

import base64
import inspect
import json
import sys
import typing

from deepgram import DeepgramClient
from deepgram.core.api_error import ApiError
from deepgram.environment import DeepgramClientEnvironment
from deepgram.listen.v1.client import V1Client
from deepgram.listen.v1.types.listen_v1close_stream import ListenV1CloseStream
from deepgram.listen.v1.types.listen_v1finalize import ListenV1Finalize
from deepgram.listen.v1.types.listen_v1keep_alive import ListenV1KeepAlive
from deepgram.types.listen_v1encoding import ListenV1Encoding
from websockets.exceptions import InvalidStatus


def client(url, key):
    environment = DeepgramClientEnvironment(base=url, production=url, agent=url, agent_rest=url)
    return DeepgramClient(api_key=key, environment=environment)


def talk(given, faults):
    transcripts, kinds = [], {}
    options = dict(
        model="nova-3", encoding="mulaw", sample_rate="8000", channels="1", interim_results="true",
        endpointing="300", utterance_end_ms="1000", vad_events="true", punctuate="true", keyterm=["Trunkline", "Zoë"],
    )
    audio = base64.b64decode(given["audio"])
    with client(given["url"], "key").listen.v1.connect(**options) as socket:
        raw = []
        receive = socket._websocket.recv
        socket._websocket.recv = lambda *args, **kwargs: raw.append(receive(*args, **kwargs)) or raw[-1]
        for at in range(0, len(audio), 800):
            socket.send_media(audio[at:at + 800])
        socket.send_keep_alive()
        socket.send_finalize()
        socket.send_close_stream()
        while True:
            message = socket.recv()
            kind = type(message).__name__
            kinds[kind] = kinds.get(kind, 0) + 1
            try:
                type(message).model_validate(json.loads(raw[-1]))
            except Exception as error:
                faults.append(f"{kind}: {error}")
            if kind == "ListenV1Results" and message.is_final and message.channel.alternatives[0].transcript:
                transcripts.append(message.channel.alternatives[0].transcript)
            if kind == "ListenV1Metadata":
                return transcripts, kinds


def refused(given):
    try:
        with client(given["url"], "wrong").listen.v1.connect(model="nova-3", encoding="opus-but-unknown", sample_rate="1"):
            return None
    except ApiError as error:
        return error.status_code
    except InvalidStatus as error:
        # What newer versions of `websockets` raise passes the package unnoticed.
        return error.response.status_code


def check_query(query, faults):
    parameters = inspect.signature(V1Client.connect).parameters
    encodings = typing.get_args(typing.get_args(ListenV1Encoding)[0])
    for name, value in query:
        if name not in parameters:
            faults.append(f"query: the package does not know {name}")
        if name == "encoding" and value not in encodings:
            faults.append(f"query: the package does not know the encoding {value}")


def check_texts(texts, faults):
    for text in texts:
        message = json.loads(text)
        known = [ListenV1KeepAlive, ListenV1Finalize, ListenV1CloseStream]
        if not any(accepts(model, message) for model in known):
            faults.append(f"text: the package does not know {text}")


def accepts(model, message):
    try:
        return model.model_validate(message).model_dump(exclude_none=True) == message
    except Exception:
        return False


def main():
    given, faults = json.load(sys.stdin), []
    transcripts, kinds = talk(given, faults)
    check_query(given["query"], faults)
    check_texts(given["texts"], faults)
    json.dump({"transcripts": transcripts, "kinds": kinds, "refused": refused(given), "faults": faults}, sys.stdout)


main()
