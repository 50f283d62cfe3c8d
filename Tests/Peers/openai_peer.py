"""Drives a server with OpenAI's own client and prints what came back as JSON.

usage: openai_peer.py URL [KEY]
"""

import base64
import io
import json
import sys

import openai
from PIL import Image

client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key=sys.argv[2] if len(sys.argv) > 2 else "none")
model = client.models.list().data[0].id
assert client.models.retrieve(model).id == model
found = {"model": model}

question = [{"role": "user", "content": "what is 37 plus 45 ?"}]
whole = client.chat.completions.create(model=model, messages=question, seed=1, reasoning_effort="low")
message = whole.choices[0].message
found["chat"] = message.content
found["reasoning"] = message.reasoning_content
found["usage"] = [whole.usage.prompt_tokens, whole.usage.completion_tokens, whole.usage.total_tokens]
found["finish"] = whole.choices[0].finish_reason

# The usual loop, with and without the extension, over a stream without usage.
for name, options in (("streamed", {}), ("stepped", {"mmada_steps": True})):
    text, steps = "", 0
    stream = client.chat.completions.create(
        model=model, messages=question, seed=1, reasoning_effort="low", stream=True,
        extra_body={"stream_options": options} if options else {})
    for chunk in stream:
        text += chunk.choices[0].delta.content or ""
        steps += getattr(chunk, "mmada", None) is not None
    found[name] = text
    found[name + "_steps"] = steps

completion = client.completions.create(model=model, prompt="7 plus 4 is", max_tokens=4)
found["completion"] = completion.choices[0].text

picture = client.images.generate(model=model, prompt="a large red circle at b 2 , on white", n=2, extra_body={"seed": 3})
files = [base64.b64decode(item.b64_json) for item in picture.data]
found["sizes"] = [Image.open(io.BytesIO(file)).size for file in files]
events = list(client.images.generate(
    model=model, prompt="a large red circle at b 2 , on white", stream=True, partial_images=2, extra_body={"seed": 3}))
found["events"] = [type(event).__name__ for event in events]
found["same"] = events[-1].b64_json == picture.data[0].b64_json

url = "data:image/png;base64," + base64.b64encode(files[0]).decode()
parts = [{"type": "image_url", "image_url": {"url": url, "detail": "auto"}}, {"type": "text", "text": "what shape is red ?"}]
asked = client.chat.completions.create(
    model=model, messages=[{"role": "user", "content": parts}], reasoning_effort="low", seed=1)
found["asked"] = asked.choices[0].message.content

# As OpenAI's own masks are: transparent where to paint.
mask = Image.new("RGBA", (64, 64), (0, 0, 0, 255))
mask.paste((0, 0, 0, 0), (32, 0, 64, 64))
buffer = io.BytesIO()
mask.save(buffer, "PNG")
edited = client.images.edit(
    model=model, image=("picture.png", files[0], "image/png"), mask=("mask.png", buffer.getvalue(), "image/png"),
    prompt="a large red circle at b 2 , a small blue square at d 4 , on white", extra_body={"seed": 4})
before, after = (Image.open(io.BytesIO(file)).convert("RGB") for file in (files[0], base64.b64decode(edited.data[0].b64_json)))
found["kept"] = before.crop((0, 0, 32, 64)).tobytes() == after.crop((0, 0, 32, 64)).tobytes()
found["changed"] = before.crop((32, 0, 64, 64)).tobytes() != after.crop((32, 0, 64, 64)).tobytes()

try:
    client.chat.completions.create(model=model, messages=[], temperature=3)
except openai.BadRequestError as error:
    found["refused"] = error.body["param"]
print(json.dumps(found))
