#!/usr/bin/env python3
"""ImageReward out of the parts of `transformers`, as an oracle for ImageRewardTests.

usage: imagereward_peer.py FOLDER          read the model in FOLDER, print what it makes of outputs.safetensors' inputs
       imagereward_peer.py --write FOLDER  make a tiny random model, inputs and outputs in FOLDER

The picture's tower is BlipVisionModel, the text's BlipTextModel with cross-attention and no causal mask, the head
nn.Linear layers in float32, one after another. Weights are stored in float16 and computed in float32. Made with torch
2.15.0, transformers 5.24.0, tokenizers 0.23.3 on a CPU.
"""

import json
import re
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import BertWordPieceTokenizer
from transformers import BlipTextConfig, BlipVisionConfig
from transformers.models.blip.modeling_blip import BlipVisionModel
from transformers.models.blip.modeling_blip_text import BlipTextModel

SIDE, PATCH, LONGEST = 32, 8, 35
HEAD = [(0, 40), (2, 24), (4, 16), (6, 8), (7, 1)]
MEAN, STD = 0.16717362830052426, 1.0333394966054072
PIXEL_MEAN, PIXEL_STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]

VISION = {"hidden_size": 128, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 2,
          "image_size": SIDE, "patch_size": PATCH, "hidden_act": "gelu", "layer_norm_eps": 1e-6}
TEXT = {"hidden_size": 48, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 3,
        "hidden_act": "gelu", "layer_norm_eps": 1e-12, "max_position_embeddings": 40, "vocab_size": 100,
        "encoder_width": 128}

WORDS = """[PAD] [UNK] [CLS] [SEP] [MASK] a b c d e f g h i j k l m n o p q r s t u v w x y z ##a ##b ##c ##d ##e ##f ##g
##h ##i ##k ##l ##m ##n ##o ##p ##r ##s ##t ##u ##w ##y . , ! ' - the of and with painting ocean cloud bird day time low
depth field effect ##ing ##ed photo cat dog red green blue circle square star on two three""".split()

PROMPTS = [
    "a painting of an ocean with clouds and birds, day time, low depth field effect",
    "Two RED circles on the h\u00e9llo, \u4e2d square!",
    "cat " * 50,
    "",
]

# Our names, and those of transformers; the first match counts.
VISION_NAMES = [
    (r"^cls_token$", "embeddings.class_embedding"), (r"^pos_embed$", "embeddings.position_embedding"),
    (r"^patch_embed\.proj\.", "embeddings.patch_embedding."), (r"^norm\.", "post_layernorm."),
    (r"^blocks\.(\d+)\.norm([12])\.", r"encoder.layers.\1.layer_norm\2."),
    (r"^blocks\.(\d+)\.attn\.qkv\.", r"encoder.layers.\1.self_attn.qkv."),
    (r"^blocks\.(\d+)\.attn\.proj\.", r"encoder.layers.\1.self_attn.projection."),
    (r"^blocks\.(\d+)\.mlp\.", r"encoder.layers.\1.mlp."),
]


def vision_name(name):
    for pattern, place in VISION_NAMES:
        found, count = re.subn(pattern, place, name)
        if count:
            return found
    raise KeyError(name)


class Reference:
    def __init__(self, weights):
        def part(prefix):
            return {n.removeprefix(prefix): w for n, w in weights.items() if n.startswith(prefix)}

        self.vision = BlipVisionModel(BlipVisionConfig(**VISION, attn_implementation="eager")).eval()
        self.vision.load_state_dict({vision_name(n): w for n, w in part("blip.visual_encoder.").items()})
        config = BlipTextConfig(
            **{k: v for k, v in TEXT.items() if k != "encoder_width"}, encoder_hidden_size=TEXT["encoder_width"],
            is_decoder=True, attention_probs_dropout_prob=0, hidden_dropout_prob=0, attn_implementation="eager")
        self.text = BlipTextModel(config, add_pooling_layer=False).eval()
        missing, unexpected = self.text.load_state_dict(part("blip.text_encoder."), strict=False)
        assert not unexpected and all("position_ids" in name for name in missing), (missing, unexpected)
        self.head = []
        for index, width in HEAD:
            weight = weights[f"mlp.layers.{index}.weight"]
            layer = torch.nn.Linear(weight.shape[1], width)
            layer.load_state_dict(part(f"mlp.layers.{index}."))
            self.head.append(layer)

    @torch.no_grad()
    def __call__(self, pixels, ids, mask):
        image = self.vision(pixel_values=pixels).last_hidden_state
        states = self.text(
            input_ids=ids, attention_mask=mask, encoder_hidden_states=image,
            encoder_attention_mask=torch.ones(image.shape[:2], dtype=torch.long), is_decoder=False,
            return_dict=True).last_hidden_state
        reward = states[:, 0]
        for layer in self.head:
            reward = layer(reward)
        return {"image_states": image, "text_states": states, "reward": reward[:, 0],
                "score": (reward[:, 0] - MEAN) / STD}


def random_weights():
    torch.manual_seed(7)
    weights = {}

    def put(name, *shape, around=0.0, spread=None):
        spread = spread if spread is not None else shape[-1] ** -0.5 if len(shape) > 1 else 0.1
        weights[name] = (around + spread * torch.randn(shape)).half()

    def linear(name, outputs, inputs):
        put(f"{name}.weight", outputs, inputs)
        put(f"{name}.bias", outputs)

    def norm(name, width):
        put(f"{name}.weight", width, around=1.0)
        put(f"{name}.bias", width)

    width, inner, eye = VISION["hidden_size"], VISION["intermediate_size"], "blip.visual_encoder"
    put(f"{eye}.cls_token", 1, 1, width, spread=0.5)
    put(f"{eye}.pos_embed", 1, (SIDE // PATCH) ** 2 + 1, width, spread=0.5)
    put(f"{eye}.patch_embed.proj.weight", width, 3, PATCH, PATCH, spread=0.1)
    put(f"{eye}.patch_embed.proj.bias", width)
    for i in range(VISION["num_hidden_layers"]):
        block = f"{eye}.blocks.{i}"
        norm(f"{block}.norm1", width)
        linear(f"{block}.attn.qkv", 3 * width, width)
        linear(f"{block}.attn.proj", width, width)
        norm(f"{block}.norm2", width)
        linear(f"{block}.mlp.fc1", inner, width)
        linear(f"{block}.mlp.fc2", width, inner)
    norm(f"{eye}.norm", width)

    keys, width, inner, bert = width, TEXT["hidden_size"], TEXT["intermediate_size"], "blip.text_encoder"
    put(f"{bert}.embeddings.word_embeddings.weight", TEXT["vocab_size"], width, spread=1.0)
    put(f"{bert}.embeddings.position_embeddings.weight", TEXT["max_position_embeddings"], width, spread=0.5)
    norm(f"{bert}.embeddings.LayerNorm", width)
    for i in range(TEXT["num_hidden_layers"]):
        layer = f"{bert}.encoder.layer.{i}"
        for kind, inputs in (("attention", width), ("crossattention", keys)):
            linear(f"{layer}.{kind}.self.query", width, width)
            linear(f"{layer}.{kind}.self.key", width, inputs)
            linear(f"{layer}.{kind}.self.value", width, inputs)
            linear(f"{layer}.{kind}.output.dense", width, width)
            norm(f"{layer}.{kind}.output.LayerNorm", width)
        linear(f"{layer}.intermediate.dense", inner, width)
        linear(f"{layer}.output.dense", width, inner)
        norm(f"{layer}.output.LayerNorm", width)
    inputs = width
    for index, outputs in HEAD:
        linear(f"mlp.layers.{index}", outputs, inputs)
        inputs = outputs
    # What the published file holds beside these, and the score does not need.
    linear("blip.vision_proj", 4, VISION["hidden_size"])
    linear("blip.text_proj", 4, TEXT["hidden_size"])
    weights[f"{bert}.embeddings.position_ids"] = torch.arange(TEXT["max_position_embeddings"])[None]
    return weights


def inputs(folder):
    """Pictures as bytes, one of them to be cut; prompts through BERT's tokenizer, 35 tokens each."""
    torch.manual_seed(8)
    y, x = torch.meshgrid(torch.arange(43), torch.arange(32), indexing="ij")
    images = [
        torch.stack([(x * a + y * b + c * 40) % 256 for c in range(3)], -1).byte()
        for a, b in ((7, 3), (2, 11), (0, 5), (13, 1))]
    tokenizer = BertWordPieceTokenizer(str(folder / "vocab.txt"), lowercase=True)
    tokenizer.enable_truncation(LONGEST)
    tokenizer.enable_padding(length=LONGEST)
    encoded = [tokenizer.encode(text) for text in PROMPTS]
    # torchvision's cut: a half of the rest goes to the even side.
    top = round((43 - SIDE) / 2)
    pixels = torch.stack(images)[:, top:top + SIDE].permute(0, 3, 1, 2) / 255
    pixels = (pixels - torch.tensor(PIXEL_MEAN)[:, None, None]) / torch.tensor(PIXEL_STD)[:, None, None]
    return {"images": torch.stack(images), "pixel_values": pixels.contiguous(),
            "input_ids": torch.tensor([e.ids for e in encoded]),
            "attention_mask": torch.tensor([e.attention_mask for e in encoded])}


def write(folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    (folder / "med_config.json").write_text(json.dumps(TEXT | {"add_cross_attention": True}, indent=2) + "\n")
    (folder / "prompts.json").write_text(json.dumps({"prompts": PROMPTS}, indent=2) + "\n")
    weights = random_weights()
    save_file(weights, folder / "ImageReward.safetensors")
    given = inputs(folder)
    model = Reference({n: w.float() for n, w in weights.items() if w.is_floating_point()})
    outputs = model(given["pixel_values"], given["input_ids"], given["attention_mask"])
    save_file(given | {n: t.contiguous() for n, t in outputs.items()}, folder / "outputs.safetensors")
    # A program, of the kind that OpenAI publishes CLIP as: a reader of weights must say so.
    scripted = torch.jit.script(torch.nn.Linear(2, 2))
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "model.pt"
        scripted.save(str(path))
        (folder / "torchscript.pt").write_bytes(path.read_bytes())


def main():
    if sys.argv[1] == "--write":
        return write(Path(sys.argv[2]))
    folder = Path(sys.argv[1])
    weights = load_file(folder / "ImageReward.safetensors")
    given = load_file(folder / "outputs.safetensors")
    model = Reference({n: w.float() for n, w in weights.items() if w.is_floating_point()})
    outputs = model(given["pixel_values"], given["input_ids"], given["attention_mask"])
    print(json.dumps({name: tensor.flatten().tolist() for name, tensor in outputs.items()}))


main()
