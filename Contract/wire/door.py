# SPDX-License-Identifier: Apache-2.0
"""The WireEcho process and botocore clients whose requests go to it."""

import base64
import json
import os
import pathlib
import subprocess
import urllib.parse

import botocore.awsrequest
import botocore.config
import botocore.session

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


class Door:
    """Speaks to WireEcho, a line each way."""

    def __init__(self):
        path = os.environ.get("WIRE_ECHO")
        if not path:
            candidates = [
                REPOSITORY / ".build" / kind / "WireEcho" for kind in ("release", "debug")
            ]
            path = next((str(c) for c in candidates if c.exists()), None)
        if not path:
            raise RuntimeError("build it first: swift build --product WireEcho")
        self.process = subprocess.Popen(
            [path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def ask(self, **command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"WireEcho ended on {command}"
        return json.loads(line)

    def request(self, prepared):
        url = urllib.parse.urlsplit(prepared.url)
        body = prepared.body or b""
        if hasattr(body, "read"):
            body = body.read()
        if isinstance(body, str):
            body = body.encode()
        headers = [
            [name, value.decode() if isinstance(value, bytes) else str(value)]
            for name, value in prepared.headers.items()
        ]
        return self.ask(
            do="request", method=prepared.method, path=url.path or "/", query=url.query,
            headers=headers, body=base64.b64encode(body).decode(),
        )

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(10) == 0


class Raw:
    """The body of a reply, as botocore's HTTP layer hands it over."""

    def __init__(self, body: bytes):
        self.body = body

    def stream(self, *_, **__):
        yield self.body

    def read(self, *_):
        body, self.body = self.body, b""
        return body


def http_reply(prepared, answer):
    return botocore.awsrequest.AWSResponse(
        prepared.url, answer["status"],
        botocore.awsrequest.HeadersDict({name: value for name, value in answer["headers"]}),
        Raw(base64.b64decode(answer["body"])),
    )


def query_model_of_sqs(model):
    """SQS as it was before its model went JSON only, by the names of the patch file."""
    patches = json.loads((REPOSITORY / "Models/patches/sqs.json").read_text())["patches"]

    def merge(target, change):
        for name, value in change.items():
            if isinstance(value, dict):
                merge(target.setdefault(name, {}), value)
            else:
                target["locationName" if name == "queryName" else name] = value

    for patch in patches:
        target = model
        for step in patch["path"].strip("/").split("/"):
            target = target[step]
        merge(target, patch["merge"])
    metadata = model["metadata"]
    metadata["protocol"] = "query"
    metadata["protocols"] = ["query"]
    for name in ("jsonVersion", "targetPrefix", "awsQueryCompatible"):
        metadata.pop(name, None)
    for name, operation in model["operations"].items():
        if "output" in operation:
            operation["output"]["resultWrapper"] = name + "Result"
    return model


def client(service: str, protocol: str = ""):
    """A client of `service`; SQS can be asked to speak its former protocol."""
    session = botocore.session.Session()
    session.set_credentials("test", "test")
    loader = session.get_component("data_loader")
    if service == "sqs" and protocol == "aws-query":
        load = loader.load_service_model

        def patched(service_name, type_name, api_version=None):
            model = load(service_name, type_name, api_version)
            if service_name == "sqs" and type_name == "service-2":
                return query_model_of_sqs(json.loads(json.dumps(model)))
            return model

        loader.load_service_model = patched
    return session.create_client(
        service, region_name="us-east-1", endpoint_url="http://localhost:4566",
        config=botocore.config.Config(
            parameter_validation=False, retries={"total_max_attempts": 1}
        ),
    )
