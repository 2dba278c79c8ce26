"""Talks to an emulator of ElevenLabs in the types of the `elevenlabs` package, and checks what our side sends.

Reads {"url": ws://..., "messages": [[message]]} (per context, in order) and prints {"text": str, "audio_bytes": int,
"finals": [str], "faults": [str]}.
"""

import base64
import json
import sys

from elevenlabs.types import (
    AudioOutputMulti,
    CloseContext,
    CloseSocket,
    FinalOutputMulti,
    FlushContext,
    InitializeConnectionMulti,
    KeepContextAlive,
    RealtimeVoiceSettings,
    SendTextMulti,
    WebsocketTtsServerMessageMulti,
)
from websockets.sync.client import connect

SENT = [InitializeConnectionMulti, SendTextMulti, FlushContext, CloseContext, CloseSocket, KeepContextAlive]
PATH = "/v1/text-to-speech/voice/multi-stream-input?model_id=eleven_flash_v2_5&output_format=ulaw_8000&sync_alignment=true"


def talk(given, faults):
    text, size, finals = "", 0, []
    with connect(given["url"] + PATH, additional_headers={"xi-api-key": "key"}) as socket:
        def send(message):
            socket.send(json.dumps(message.model_dump(by_alias=True, exclude_none=True)))

        settings = RealtimeVoiceSettings(stability=0.5, speed=1.1)
        send(InitializeConnectionMulti(text=" ", context_id="one", voice_settings=settings))
        send(SendTextMulti(text="Hello there. ", context_id="one"))
        send(FlushContext(context_id="one", flush=True))
        send(InitializeConnectionMulti(text=" ", context_id="two"))
        send(SendTextMulti(text="Two. ", context_id="two", flush=True))
        send(KeepContextAlive(text="", context_id="two"))
        send(CloseContext(context_id="one", close_context=True))
        send(CloseContext(context_id="two", close_context=True))
        while len(finals) < 2:
            raw = json.loads(socket.recv(timeout=10))
            kind = FinalOutputMulti if raw.get("isFinal") else AudioOutputMulti
            try:
                WebsocketTtsServerMessageMulti.model_validate(raw)
                message = kind.model_validate(raw)
            except Exception as error:
                faults.append(f"{raw}: {error}")
                continue
            if kind is FinalOutputMulti:
                finals.append(message.context_id)
                continue
            alignment = message.alignment
            if not len(alignment.chars) == len(alignment.char_start_times_ms) == len(alignment.char_durations_ms):
                faults.append(f"alignment of different lengths: {raw['alignment']}")
            size += len(base64.b64decode(message.audio))
            if message.context_id == "one":
                text += "".join(alignment.chars)
        send(CloseSocket(close_socket=True))
    return text, size, finals


def accepts(model, message):
    try:
        return model.model_validate(message).model_dump(by_alias=True, exclude_none=True) == message
    except Exception:
        return False


def main():
    given, faults = json.load(sys.stdin), []
    text, size, finals = talk(given, faults)
    for message in given["messages"]:
        if not any(accepts(model, json.loads(message)) for model in SENT):
            faults.append(f"the package does not know {message}")
    json.dump({"text": text, "audio_bytes": size, "finals": sorted(finals), "faults": faults}, sys.stdout)


main()
