"""Talks to an emulator of OpenAI with the `openai` package, and checks what our side sends.

Reads {"url": http://.../v1, "bodies": [request]} and prints {"text": str, "calls": [[name, arguments]], "usage": int,
"whole": str, "errors": {name: exception}, "faults": [str]}.
"""

import json
import sys

import openai
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from pydantic import TypeAdapter

TOOL = {
    "type": "function",
    "function": {"name": "save", "description": "Saves.", "parameters": {"type": "object", "properties": {}}},
}


def strictly(model, value, faults):
    """The package itself does not refuse what has the wrong shape."""
    try:
        model.model_validate(value.model_dump(exclude_unset=True), strict=True)
    except Exception as error:
        faults.append(f"{model.__name__}: {error}")


def stream(client, faults, said):
    text, calls, usage = "", [], 0
    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": said}]
    for chunk in client.chat.completions.create(
        model="m", messages=messages, tools=[TOOL], stream=True, stream_options={"include_usage": True}
    ):
        strictly(ChatCompletionChunk, chunk, faults)
        if chunk.usage:
            usage = chunk.usage.total_tokens
        for choice in chunk.choices:
            text += choice.delta.content or ""
            for call in choice.delta.tool_calls or []:
                if call.id:
                    calls.append([call.function.name, ""])
                calls[-1][1] += call.function.arguments or ""
    return text, calls, usage


def errors(client, url):
    def of(action):
        try:
            action()
        except openai.APIError as error:
            return f"{type(error).__name__} {getattr(error, 'param', None)}"
        return None

    user = {"role": "user", "content": "hi"}
    asked = {"role": "assistant", "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}
    create = client.chat.completions.create
    wrong = openai.OpenAI(base_url=url, api_key="wrong", max_retries=0)
    return {
        "key": of(lambda: wrong.models.list()),
        "history": of(lambda: create(model="m", messages=[user, asked, user])),
        "temperature": of(lambda: create(model="m", messages=[user], temperature=9)),
    }


def exhaust(value):
    """Iterables in typed dictionaries are only checked when they are read."""
    if isinstance(value, dict):
        return {key: exhaust(item) for key, item in value.items()}
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        return value
    return [exhaust(item) for item in value]


def check_bodies(bodies, faults):
    adapter = TypeAdapter(CompletionCreateParamsStreaming)
    known = set(CompletionCreateParamsStreaming.__annotations__)
    for base in CompletionCreateParamsStreaming.__orig_bases__:
        known |= set(getattr(base, "__annotations__", {}))
    for body in bodies:
        for name in body.keys() - known:
            faults.append(f"body: the package does not know {name}")
        try:
            if exhaust(adapter.validate_python(body)) != {k: v for k, v in body.items() if k in known}:
                faults.append("body: the package reads something else")
        except Exception as error:
            faults.append(f"body: {error}")


def main():
    given, faults = json.load(sys.stdin), []
    client = openai.OpenAI(base_url=given["url"], api_key="key", max_retries=0)
    text, _, usage = stream(client, faults, "hello")
    _, calls, _ = stream(client, faults, "save it")
    whole = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hello"}])
    strictly(ChatCompletion, whole, faults)
    check_bodies(given["bodies"], faults)
    answer = {"text": text, "calls": calls, "usage": usage, "whole": whole.choices[0].message.content}
    json.dump(answer | {"errors": errors(client, given["url"]), "faults": faults}, sys.stdout)


main()
