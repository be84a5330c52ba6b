"""The JSON Schema of strategy.yaml: with it, editors complete keys, show what they are for and mark wrong phrases.

Made from the table of keys. It is looser than `tactful check`, which alone knows names and times: what the check lets
through, the schema lets through too.
"""

from __future__ import annotations

from typing import Any

from tactful.strategy.forms import Form
from tactful.strategy.keys import BLOCKS, Block, Choice, Flag, Inside, Key, Many, Named, Phrase, Reference, Takes, Text
from tactful.strategy.limits import LONGEST_PHRASE
from tactful.strategy.phrase_patterns import PATTERNS

Schema = dict[str, Any]

EDITOR_HELP = """\
Write the schema into the strategy's folder:

    tactful schema > strategy.schema.json

Any editor with the YAML language server (VS Code: the extension "YAML" by Red Hat; Neovim, Helix, Emacs: the
server yaml-language-server; JetBrains: built in) reads this first line of strategy.yaml:

    # yaml-language-server: $schema=strategy.schema.json

Or once for all strategies, in VS Code's settings.json:

    "yaml.schemas": { "./strategy.schema.json": "**/strategy.yaml" }

It completes keys, shows what each is for, and marks phrases it cannot be. Names, times and templates are checked
by `tactful check`, which has the last word.
"""


def json_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of strategy.yaml."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tactful strategy",
        **_block(BLOCKS["strategy"]),
        "$defs": {name: _definition(name, block) for name, block in BLOCKS.items() if name != "strategy"},
    }


def _definition(name: str, block: Block) -> Schema:
    found = _block(block)
    if name == "test":  # arms have names of the author's own
        found["additionalProperties"] = {"$ref": "#/$defs/arm"}
    return found


def _block(block: Block) -> Schema:
    return {
        "type": "object",
        "properties": {key.name: _key(key) for key in block.values()},
        "required": [key.name for key in block.values() if key.required],
        "additionalProperties": False,
    }


def _key(key: Key) -> Schema:
    return {"description": key.says, **_takes(key.takes)}


def _takes(takes: Takes) -> Schema:
    match takes:
        case Phrase(form):
            found = _phrase(form)
        case Text(most):
            found: Schema = {"type": ["string", "number", "boolean"], "minLength": 1, "maxLength": most}
        case Choice(words):
            found = {"enum": list(words)}
        case Flag():
            found = {"enum": [True, False, "yes", "no"]}
        case Reference():
            found = {"type": "string", "minLength": 1}
        case Many(of, most):
            one = _takes(of)
            found = {"anyOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": most}]}
        case Named(of, most):
            found = {"type": "object", "additionalProperties": _inside(of), "maxProperties": most}
        case Inside(block):
            found = {"$ref": f"#/$defs/{block}"}
    return found


def _inside(of: Takes) -> Schema:
    """Return what stands behind a name; a stage or an event may have nothing behind it yet."""
    return {"anyOf": [_takes(of), {"type": "null"}]} if isinstance(of, Named) else _takes(of)


def _phrase(form: Form[object]) -> Schema:
    pattern = PATTERNS[form.rule]
    return {"type": "string", "pattern": f"^{pattern}$", "maxLength": LONGEST_PHRASE, "examples": list(form.examples)}
