# SPDX-License-Identifier: GPL-2.0-only
"""Is standard input what Documentation/xcopysetup.schema.json says of KIND, and nothing else? usage: schema.py SCHEMA KIND"""

import json
import sys

import jsonschema


def close(node):
    """The schema allows keys of later versions; what it does not describe now is an oversight."""
    if isinstance(node, dict):
        if "properties" in node and "additionalProperties" not in node:
            node["additionalProperties"] = False
        for inner in node.values():
            close(inner)


def main():
    """Prints what is wrong."""
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    del schema["anyOf"]
    close(schema["$defs"])
    schema["$ref"] = f"#/$defs/{sys.argv[2]}"
    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(json.load(sys.stdin)))
    for error in errors:
        print("/".join(map(str, error.absolute_path)) or "/", error.message)
    sys.exit(bool(errors))


if __name__ == "__main__":
    main()
