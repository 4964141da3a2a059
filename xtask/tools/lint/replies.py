"""Holds replies to the document in the strictest reading: `nullable` adds null to the type beside it, and to nothing else.

Each example of a reply has to fit, also with an undocumented status, and with null in the place of any member.
"""

import sys

import yaml
from openapi_schema_validator import OAS30StrictValidator


def variants(value):
    """The value with one thing changed that a client has to expect."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield {**value, name: None}
            if name == "status":
                yield {**value, name: "Stopped"}
            for variant in variants(member):
                yield {**value, name: variant}
    elif isinstance(value, list):
        for index, item in enumerate(value):
            for variant in variants(item):
                yield [*value[:index], variant, *value[index + 1 :]]


def examples(document):
    """Each example of a reply with its schema."""
    for path in document["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values():
                if "$ref" in response:
                    response = document["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
                for content in response["content"].values():
                    for example in content["examples"].values():
                        yield content["schema"], example["value"]


def main(path):
    contradiction = {"type": "object", "nullable": True, "allOf": [{"type": "object"}]}
    if OAS30StrictValidator(contradiction).is_valid(None):
        sys.exit("the validator does not read `nullable` strictly any more")
    with open(path) as file:
        document = yaml.safe_load(file)
    refused, looked_at = [], 0
    for schema, example in examples(document):
        validator = OAS30StrictValidator({"allOf": [schema], "components": document["components"]})
        for reply in [example, *variants(example)]:
            looked_at += 1
            refused += [f"{reply}: {error.message}" for error in validator.iter_errors(reply)]
    if refused or looked_at < 50:
        sys.exit("\n".join([*refused, f"{looked_at} replies, {len(refused)} faults"]))


main(sys.argv[1])
